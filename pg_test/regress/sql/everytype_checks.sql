-- Does every type of column and key come back with the bytes it was stored with?
-- The module checks itself; the rows it leaves are then looked at from SQL.
\set VERBOSITY terse
\pset format unaligned
\t on
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT publish_module('every', pg_read_binary_file('test_modules/everytype.wasm')) ->> 'created';
SELECT every.check_columns();
SELECT every.check_keys();
SELECT every.check_direct();
SELECT every.check_mixed();
-- Again over the rows that are there now, and all at once.
SELECT call_reducer('every', 'check_all');
-- Each alone as well: a fresh transaction and the rows of the one before. Prints what fails.
DO $$
DECLARE reducer text;
BEGIN
    FOR reducer IN SELECT name FROM spacetime.reducers WHERE module = 'every' AND name LIKE 'check\_%' AND arguments = '' ORDER BY name LOOP
        PERFORM call_reducer('every', reducer);
    END LOOP;
END $$;
SELECT count(*) FROM spacetime.reducers WHERE module = 'every' AND name LIKE 'check\_%' AND arguments = '';

-- What SQL sees of each type.
SELECT pg_column, sql_type FROM spacetime.tables WHERE module = 'every' AND name = 'of_identity' ORDER BY column_number;
SELECT name, max(sql_type) FILTER (WHERE column_name = 'plain') AS plain, max(sql_type) FILTER (WHERE column_name = 'optional') AS optional,
       max(sql_type) FILTER (WHERE column_name = 'list') AS list, max(sql_type) FILTER (WHERE column_name = 'wrapped') AS wrapped
FROM spacetime.tables WHERE module = 'every' AND name LIKE 'of\_%' GROUP BY name ORDER BY name;
SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM every.of_bool ORDER BY id;
SELECT id, plain, optional, twice_optional, list, wrapped, choice FROM every.of_i_8 WHERE id IN (3, 4, 7, 8) ORDER BY id;
SELECT DISTINCT plain FROM every.of_u_64 ORDER BY 1;
SELECT DISTINCT plain FROM every.of_i_128 ORDER BY 1;
SELECT DISTINCT plain FROM every.of_u_256 ORDER BY 1;
SELECT DISTINCT plain FROM every.of_i_256 ORDER BY 1;
SELECT plain, optional, twice_optional FROM every.of_u_256 WHERE id = 14;
SELECT id, plain, optional, list, twice_optional, choice FROM every.of_f_32 WHERE id < 9 ORDER BY id;
SELECT id, plain, list FROM every.of_f_64 WHERE id < 9 ORDER BY id;
SELECT id, wrapped -> 'value' FROM every.of_f_64 WHERE id IN (0, 1, 2, 6, 7, 8) ORDER BY id;
SELECT id, left(plain, 40), length(plain), optional IS NULL FROM every.of_string WHERE id < 8 ORDER BY id;
SELECT id, left(encode(plain, 'hex'), 20), length(plain), cardinality(list), wrapped -> 'value' = to_jsonb(encode(plain, 'hex')) FROM every.of_bytes WHERE id < 5 ORDER BY id;
SELECT id, encode(plain, 'hex'), twice_optional FROM every.of_identity WHERE id IN (0, 1, 2, 5, 8) ORDER BY id;
SELECT id, encode(plain, 'hex'), twice_optional FROM every.of_connection_id WHERE id IN (1, 2, 8) ORDER BY id;
SELECT id, plain, wrapped -> 'value' FROM every.of_timestamp WHERE id < 7 ORDER BY id;
SELECT id, plain, optional, list, wrapped -> 'value' FROM every.of_duration WHERE id < 6 ORDER BY id;
SELECT id, plain, choice FROM every.of_uuid WHERE id < 5 ORDER BY id;
SELECT id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice FROM every.of_status WHERE id < 6 ORDER BY id;
SELECT id, plain FROM every.of_shape WHERE id < 12 ORDER BY id;
SELECT id, plain, optional FROM every.of_line WHERE id < 2 ORDER BY id;
SELECT id, plain, optional, list FROM every.of_nothing ORDER BY id;
SELECT id, plain, optional FROM every.of_result WHERE id < 4 ORDER BY id;
SELECT id, plain FROM every.of_schedule_at WHERE id < 4 ORDER BY id;
-- Indexes are Postgres' own, unique ones where the module says so.
SELECT indexdef FROM pg_indexes WHERE schemaname = 'every' AND tablename IN ('by_u_64', 'by_status', 'mixed', 'direct_status') ORDER BY 1;
-- An enum orders as its tags, text by bytes.
SELECT enumlabel FROM pg_enum WHERE enumtypid = 'every."Status"'::regtype ORDER BY enumsortorder;
SELECT string_agg(left(key, 1), ',' ORDER BY key) FROM every.by_string WHERE key <> '';
SELECT spacetime.check_module('every');
SELECT spacetime.drop_module('every');
