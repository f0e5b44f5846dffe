-- Does every column type take its edge values as JSON arguments, show them in SQL, and take them back as SQL arguments?
-- insert_of_T compares what insert and find return with what it was given, byte by byte.
\set VERBOSITY terse
\pset format unaligned
\t on
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT publish_module('values', pg_read_binary_file('test_modules/everytype.wasm')) ->> 'created';
CREATE TEMP TABLE edge (type text, value jsonb, position int GENERATED ALWAYS AS IDENTITY);
INSERT INTO edge (type, value) SELECT t, v FROM (VALUES
    ('bool', '[false, true]'::jsonb), ('i_8', '[-128, 127, 0]'), ('u_8', '[0, 255]'), ('i_16', '[-32768, 32767]'), ('u_16', '[0, 65535]'),
    ('i_32', '[-2147483648, 2147483647]'), ('u_32', '[0, 4294967295]'), ('i_64', '[-9223372036854775808, 9223372036854775807, "-1"]'),
    ('u_64', '[0, 9223372036854775808, 18446744073709551615, "10000000000000000000"]'),
    ('i_128', '[-170141183460469231731687303715884105728, 170141183460469231731687303715884105727, "-1"]'),
    ('u_128', '[0, 340282366920938463463374607431768211455, "0xff"]'),
    ('i_256', '["-57896044618658097711785492504343953926634992332820282019728792003956564819968", "57896044618658097711785492504343953926634992332820282019728792003956564819967", -1]'),
    ('u_256', '["0x0", "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", 10000]'),
    ('f_32', '[0, {"$f32": "80000000"}, "NaN", "Infinity", "-Infinity", 3.4028235e38, 1e-45, 0.1]'),
    ('f_64', '[0, {"$f64": "8000000000000000"}, "NaN", "Infinity", "-Infinity", 1.7976931348623157e308, 5e-324, 0.1]'),
    ('string', '["", "a\"b\\c,{}NULL\n\t''", "größe 😀", "null"]'),
    ('bytes', '["", "00ff5c", [1, 2, 255], []]'),
    ('identity', '[{"__identity__": "0x0"}, ["0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"], {"__identity__": "0xc2"}]'),
    ('connection_id', '[{"__connection_id__": 0}, {"__connection_id__": 340282366920938463463374607431768211455}, [194]]'),
    ('timestamp', '[{"__timestamp_micros_since_unix_epoch__": 0}, [-1], {"__timestamp_micros_since_unix_epoch__": 9223371331199999999}, {"__timestamp_micros_since_unix_epoch__": -210866803200000000}]'),
    ('duration', '[{"__time_duration_micros__": 0}, {"__time_duration_micros__": 9223372036854775807}, [-9223372036854775808]]'),
    ('uuid', '[{"__uuid__": 0}, {"__uuid__": 340282366920938463463374607431768211455}, {"__uuid__": 1}]'),
    ('status', '[{"waiting": []}, {"done": {}}, {"1": []}, [2, []]]'),
    ('shape', '[{"empty": []}, {"named": "x"}, {"circle": "NaN"}, {"polygon": []}, {"polygon": [{"x": 1, "y": 2}, [3, 4]]}, {"tagged": {"none": []}}, {"tagged": null}, {"tagged": {"some": {"done": []}}}]'),
    ('point', '[{"x": -2147483648, "y": 2147483647}, [0, 0]]'),
    ('line', '[{"from": {"x": 1, "y": 2}, "to": [3, 4], "label": null, "drawn_by": ["0x1"], "drawn_at": [0]}, {"from": [0, 0], "to": [0, 0], "label": {"some": ""}, "drawn_by": {"__identity__": "0x0"}, "drawn_at": [-1]}]'),
    ('nothing', '[[], {}]'), ('result', '[{"ok": 0}, {"ok": 4294967295}, {"err": ""}, {"err": "e"}]'),
    ('large_result', '[{"ok": {"x": 1, "y": 2}}, {"err": {"named": ""}}]'),
    ('schedule_at', '[{"Time": [0]}, {"Interval": {"__time_duration_micros__": 1}}]')) list(t, vs), jsonb_array_elements(vs) v;
-- All types of the module are there.
SELECT name FROM (SELECT DISTINCT name FROM spacetime.tables WHERE module = 'values' AND name LIKE 'of\_%') t WHERE substr(name, 4) NOT IN (SELECT type FROM edge);

-- Three shapes for each value: everything full, everything empty, options nested. By position and by name.
CREATE FUNCTION pg_temp.insert(type text, id int, v jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE full_ jsonb = jsonb_build_object('some', v); empty_ jsonb = '{"none": []}'; reducer text = 'insert_of_' || type;
BEGIN
    PERFORM call_reducer('values', reducer, jsonb_build_array(id, v, full_, jsonb_build_object('some', full_), jsonb_build_array(v, v),
        jsonb_build_object('some', jsonb_build_array(v)), jsonb_build_array(full_, empty_), jsonb_build_array('[]'::jsonb, jsonb_build_array(v)),
        jsonb_build_object('value', v, 'optional', full_, 'list', jsonb_build_array(v)), jsonb_build_object('one', v)));
    PERFORM call_reducer('values', reducer, jsonb_build_object('id', id + 1, 'plain', v, 'optional', NULL, 'twice_optional', NULL, 'list', '[]'::jsonb,
        'optional_list', empty_, 'list_of_optional', '[]'::jsonb, 'list_of_lists', '[]'::jsonb,
        'wrapped', jsonb_build_array(v, NULL, '[]'::jsonb), 'choice', '{"neither": []}'::jsonb));
    PERFORM call_reducer('values', reducer, jsonb_build_array(id + 2, v, empty_, jsonb_build_object('some', empty_), jsonb_build_array(v),
        '{"some": []}'::jsonb, jsonb_build_array(empty_, empty_), '[[], []]'::jsonb,
        jsonb_build_object('list', '[]'::jsonb, 'value', v, 'optional', empty_), jsonb_build_array(2, jsonb_build_array(v, v))));
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT * FROM (SELECT type, value, pg_temp.insert(type, position * 10, value) AS problem FROM edge) x WHERE problem IS NOT NULL;
-- What SQL shows of each value.
CREATE FUNCTION pg_temp.show(type text, id int) RETURNS TABLE (plain text, list text, optional text) LANGUAGE plpgsql AS $$
BEGIN RETURN QUERY EXECUTE format('SELECT plain::text, list::text, optional::text FROM "values".%I WHERE id = $1', 'of_' || type) USING id; END $$;
SELECT type, plain, list FROM edge, pg_temp.show(type, position * 10) ORDER BY position;
SELECT count(*) FROM edge, pg_temp.show(type, position * 10 + 1) WHERE optional IS NOT NULL;
SELECT count(DISTINCT type), count(*) FROM edge, pg_temp.show(type, position * 10) WHERE optional IS DISTINCT FROM plain;
-- Back through the typed functions: every row again under another id, from its own columns. The reducer compares.
CREATE FUNCTION pg_temp.copy(type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE problems int;
BEGIN
    EXECUTE format('SELECT count("values".%I(id + 100000, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice))
                    FROM "values".%I', 'insert_of_' || type, 'of_' || type);
    EXECUTE format('SELECT count(*) FROM "values".%1$I a FULL JOIN "values".%1$I b ON b.id = a.id + 100000
                    WHERE (a.id IS NULL AND b.id >= 100000) OR (b.id IS NULL AND a.id < 100000) OR (to_jsonb(a) - ''id'')::text <> (to_jsonb(b) - ''id'')::text', 'of_' || type) INTO problems;
    RETURN nullif(problems, 0) || ' rows differ';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT * FROM (SELECT type, pg_temp.copy(type) AS problem FROM (SELECT DISTINCT type FROM edge) types) x WHERE problem IS NOT NULL;

-- Keys of every type: the same edges as primary key, unique, btree and hash index, and what is taken.
CREATE FUNCTION pg_temp.key(type text, v jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM call_reducer('values', 'insert_by_' || type, jsonb_build_array(v, v, v, v, 'first'));
    BEGIN
        PERFORM call_reducer('values', 'insert_by_' || type, jsonb_build_array(v, v, v, v, 'second'));
        RETURN 'inserted twice';
    EXCEPTION WHEN external_routine_exception THEN
        RETURN NULL;
    END;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT * FROM (SELECT type, value, pg_temp.key(type, value) AS problem FROM edge JOIN spacetime.reducers r ON r.module = 'values' AND r.name = 'insert_by_' || type ORDER BY position) x WHERE problem IS NOT NULL;
SELECT string_agg(key::text, ' < ' ORDER BY key) FROM "values".by_u_64;
SELECT string_agg(key::text, ' < ' ORDER BY key) FROM "values".by_i_256;
SELECT string_agg(encode(key, 'hex'), ' < ' ORDER BY key) FROM "values".by_identity;
SELECT string_agg(key::text, ' < ' ORDER BY key) FROM "values".by_timestamp;
SELECT string_agg(key::text, ' < ' ORDER BY key) FROM "values".by_status;
SELECT call_reducer('values', 'insert_direct_' || t, jsonb_build_array(v, t)) FROM (VALUES ('u_8', '255'::jsonb), ('u_16', '65535'), ('u_32', '4294967295'), ('u_64', '18446744073709551615'), ('status', '{"done": []}')) x(t, v);
SELECT (SELECT key FROM "values".direct_u_8), (SELECT key FROM "values".direct_u_16), (SELECT key FROM "values".direct_u_32), (SELECT key FROM "values".direct_u_64), (SELECT key FROM "values".direct_status);
SELECT spacetime.drop_module('values');
