-- 116 tables: each type alone, in Vec and Option, unique and as primary key. Each is driven through its own insert, update
-- and delete reducers, and looked at from SQL in between.
\set VERBOSITY terse
\pset format unaligned
\t on
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT publish_module('matrix', pg_read_binary_file('test_modules/table_matrix.wasm')) ->> 'created';
SELECT count(*) FROM pg_class WHERE relnamespace = 'matrix'::regnamespace AND relkind = 'r' AND relname <> 'spacetime_lock';

-- Two values of each type as arguments.
CREATE TEMP TABLE sample (type text PRIMARY KEY, a jsonb, b jsonb);
INSERT INTO sample VALUES
    ('bool', 'true', 'false'),
    ('i_8', '-128', '127'), ('u_8', '0', '255'), ('i_16', '-32768', '32767'), ('u_16', '0', '65535'),
    ('i_32', '-2147483648', '2147483647'), ('u_32', '0', '4294967295'),
    ('i_64', '-9223372036854775808', '9223372036854775807'), ('u_64', '0', '18446744073709551615'),
    ('i_128', '-170141183460469231731687303715884105728', '170141183460469231731687303715884105727'),
    ('u_128', '0', '340282366920938463463374607431768211455'),
    ('i_256', '-1', '57896044618658097711785492504343953926634992332820282019728792003956564819967'),
    ('u_256', '0', '115792089237316195423570985008687907853269984665640564039457584007913129639935'),
    ('f_32', '-0.5', '"Infinity"'), ('f_64', '1e-300', '"NaN"'),
    ('string', '""', '"größe \"😀\""'),
    ('identity', '{"__identity__": "0x0"}', '{"__identity__": "0xc200000000000000000000000000000000000000000000000000000000000001"}'),
    ('connection_id', '{"__connection_id__": 0}', '{"__connection_id__": 340282366920938463463374607431768211455}'),
    ('timestamp', '{"__timestamp_micros_since_unix_epoch__": 0}', '{"__timestamp_micros_since_unix_epoch__": 1700000000123456}'),
    ('duration', '{"__time_duration_micros__": -1}', '{"__time_duration_micros__": 9223372036854775807}'),
    ('uuid', '{"__uuid__": 0}', '{"__uuid__": 340282366920938463463374607431768211455}'),
    ('colour', '{"red": []}', '{"darkBlue": []}'),
    ('payload', '{"nothing": []}', '{"place": {"x": 1.5, "y": -2}}'),
    ('place', '{"x": 0, "y": 0.25}', '{"x": -1, "y": "NaN"}'),
    ('unit', '{}', '{}'),
    ('everything',
     '{"flag": true, "small": -1, "large": 1, "share": 0.5, "name": "n", "owner": {"__identity__": "0x1"}, "connection": {"__connection_id__": 2}, "at": {"__timestamp_micros_since_unix_epoch__": 3}, "colour": {"green": []}, "note": {"some": "x"}, "places": [{"x": 1, "y": 2}], "payload": {"numbers": [1, 2]}}',
     '{"flag": false, "small": 0, "large": 0, "share": 0, "name": "", "owner": {"__identity__": "0x0"}, "connection": {"__connection_id__": 0}, "at": {"__timestamp_micros_since_unix_epoch__": 0}, "colour": {"red": []}, "note": {"none": []}, "places": [], "payload": {"text": ""}}');

-- Values as the arguments of each kind of table; Vec and Option get their empty value as the first.
CREATE FUNCTION pg_temp.argument(kind text, v jsonb, is_first boolean) RETURNS jsonb LANGUAGE sql AS $$
    SELECT CASE kind WHEN 'vec' THEN CASE WHEN is_first THEN '[]' ELSE jsonb_build_array(v, v) END
                     WHEN 'option' THEN CASE WHEN is_first THEN '{"none": []}' ELSE jsonb_build_object('some', v) END
                     ELSE v END $$;
CREATE FUNCTION pg_temp.rows_of(name text, sort text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
    EXECUTE format('SELECT coalesce(string_agg(t::text, '' '' ORDER BY %s), ''-'') FROM matrix.%I t', sort, name) INTO found;
    RETURN found;
END $$;
CREATE FUNCTION pg_temp.refuses(reducer text, arguments jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM call_reducer('matrix', reducer, arguments);
    RETURN false;
EXCEPTION WHEN external_routine_exception THEN RETURN true;
END $$;

CREATE FUNCTION pg_temp.drive_values(name text, a jsonb, b jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE inserted text; updated text; deleted text;
BEGIN
    PERFORM call_reducer('matrix', 'insert_' || name, jsonb_build_array(a));
    -- A set: the second changes nothing.
    PERFORM call_reducer('matrix', 'insert_' || name, jsonb_build_array(a));
    inserted := pg_temp.rows_of(name, 't::text');
    PERFORM call_reducer('matrix', 'update_' || name, jsonb_build_array(a, b));
    PERFORM call_reducer('matrix', 'insert_' || name, jsonb_build_array(a));
    updated := pg_temp.rows_of(name, 't::text COLLATE "C"');
    PERFORM call_reducer('matrix', 'delete_' || name, jsonb_build_array(b));
    IF a <> b AND NOT pg_temp.refuses('delete_' || name, jsonb_build_array(b)) THEN RAISE EXCEPTION '% deletes twice', name; END IF;
    deleted := pg_temp.rows_of(name, 't::text');
    IF a <> b THEN PERFORM call_reducer('matrix', 'delete_' || name, jsonb_build_array(a)); END IF;
    IF pg_temp.rows_of(name, 't::text') <> '-' THEN RAISE EXCEPTION '% is not empty', name; END IF;
    RETURN concat_ws(' | ', name, inserted, updated, deleted);
END $$;

CREATE FUNCTION pg_temp.drive_keys(name text, a jsonb, b jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE inserted text; updated text; deleted text;
BEGIN
    PERFORM call_reducer('matrix', 'insert_' || name, jsonb_build_array(a, 1));
    PERFORM call_reducer('matrix', 'insert_' || name, jsonb_build_array(b, 2));
    inserted := pg_temp.rows_of(name, 'data');
    IF NOT pg_temp.refuses('insert_' || name, jsonb_build_array(a, 3)) THEN RAISE EXCEPTION '% takes a key twice', name; END IF;
    PERFORM call_reducer('matrix', 'update_' || name, jsonb_build_array(a, 10));
    updated := pg_temp.rows_of(name, 'data');
    PERFORM call_reducer('matrix', 'delete_' || name, jsonb_build_array(b));
    IF NOT pg_temp.refuses('update_' || name, jsonb_build_array(b, 5)) THEN RAISE EXCEPTION '% updates what is gone', name; END IF;
    deleted := pg_temp.rows_of(name, 'data');
    PERFORM call_reducer('matrix', 'delete_' || name, jsonb_build_array(a));
    IF pg_temp.rows_of(name, 'data') <> '-' THEN RAISE EXCEPTION '% is not empty', name; END IF;
    RETURN concat_ws(' | ', name, inserted, updated, deleted);
END $$;

CREATE TEMP TABLE matrix_table AS
    SELECT name, split_part(name, '_', 1) AS kind, substr(name, strpos(name, '_') + 1) AS type
    FROM (SELECT DISTINCT name FROM spacetime.tables WHERE module = 'matrix') t;
-- No table without a sample.
SELECT name FROM matrix_table WHERE type NOT IN (SELECT type FROM sample);

-- Name | after insert | after update | after delete.
SELECT pg_temp.drive_values(name, pg_temp.argument(kind, a, true), pg_temp.argument(kind, b, false))
FROM matrix_table JOIN sample USING (type) WHERE kind IN ('one', 'vec', 'option') ORDER BY kind, type COLLATE "C";
SELECT pg_temp.drive_keys(name, a, b)
FROM matrix_table JOIN sample USING (type) WHERE kind IN ('unique', 'primary') ORDER BY kind, type COLLATE "C";
-- What the keys are in Postgres.
SELECT contype, count(*) FROM pg_constraint WHERE connamespace = 'matrix'::regnamespace AND contype IN ('p', 'u') GROUP BY 1 ORDER BY 1;
SELECT spacetime.drop_module('matrix');
