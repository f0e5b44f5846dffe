-- What happens to values that SATS has and Postgres does not, or the other way round?
-- A clear SQLSTATE each, by every way in: arguments, rows of the guest, and rows somebody edited by SQL.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT publish_module('limits', pg_read_binary_file('test_modules/everytype.wasm')) ->> 'created';
SELECT publish_module('limits-semantics', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';

SELECT publish_module('limits-sdk', pg_read_binary_file('test_modules/sdk_2_10.wasm')) ->> 'created';
-- Timestamps: Postgres begins on 4714-11-24 BC and ends after i64 does.
CREATE FUNCTION pg_temp.at(micros bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE at jsonb = jsonb_build_array(micros);
BEGIN
    PERFORM call_reducer('limits', 'insert_by_timestamp', jsonb_build_array(at, at, at, at, 'x'));
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
SELECT pg_temp.at(9223372036854775807), pg_temp.at(-210866803200000000), pg_temp.at(-210866803200000001), pg_temp.at(-9223372036854775808);
SELECT key FROM "limits".by_timestamp ORDER BY key;
-- Infinity, and a time beyond i64, in a table are no timestamps for the guest: for the calls that read them.
SELECT "limits-sdk".insert_item(1, 'one');
UPDATE "limits-sdk".item SET added_at = 'infinity';
SELECT "limits-sdk".expect_item(1, 'one');
UPDATE "limits-sdk".item SET added_at = '-infinity';
SELECT "limits-sdk".expect_item(1, 'one');
UPDATE "limits-sdk".item SET added_at = '294276-12-31 23:59:59.999999Z';
SELECT "limits-sdk".expect_item(1, 'one');
SELECT "limits-sdk".insert_item(2, 'two');
UPDATE "limits-sdk".item SET added_at = '294247-01-10 04:00:54.775807Z';
SELECT "limits-sdk".expect_item(1, 'one');

-- U+0000: in arguments, nested in arguments.
SELECT call_reducer('limits', 'insert_by_string', '["a", "b", "c", "d", "note"]');
CREATE FUNCTION pg_temp.state_of(sql text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; RETURN 'ok'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
-- jsonb itself refuses it.
SELECT pg_temp.state_of($q$SELECT call_reducer('limits', 'insert_by_string', '["\u0000", "b", "c", "d", "note"]')$q$);

-- An index key too long for a btree page: refused with 54000, the row is not there, shorter ones work.
SELECT call_reducer('limits', 'insert_by_string', jsonb_build_array(k, k, k, k, 'long')) FROM (SELECT string_agg(md5(n::text), '') AS k FROM generate_series(1, 1000) n) x;
SELECT call_reducer('limits', 'insert_by_string', jsonb_build_array(k, k, k, k, 'fits')) FROM (SELECT string_agg(md5(n::text), '') AS k FROM generate_series(1, 75) n) x;
SELECT length(key), note FROM "limits".by_string ORDER BY length(key);
-- In a table whose only key is the whole row the length of the row does not matter.
SELECT "limits-semantics".insert_bag(string_agg(md5(n::text), ''), 1) FROM generate_series(1, 10000) n;
SELECT length(label) FROM "limits-semantics".bag;
SELECT "limits-semantics".insert_bag(string_agg(md5(n::text), ''), 1) FROM generate_series(1, 10000) n;
SELECT count(*) FROM "limits-semantics".bag;

-- CHECKs keep SQL from storing what the type cannot hold.
SELECT pg_temp.state_of(sql) FROM unnest(ARRAY[
    'INSERT INTO "limits".by_u_8 VALUES (256, 1, 1, 1, $$$$)', 'INSERT INTO "limits".by_u_8 VALUES (-1, 1, 1, 1, $$$$)', 'INSERT INTO "limits".by_i_8 VALUES (128, 1, 1, 1, $$$$)',
    'INSERT INTO "limits".by_u_16 VALUES (65536, 1, 1, 1, $$$$)', 'INSERT INTO "limits".by_u_32 VALUES (4294967296, 1, 1, 1, $$$$)',
    'INSERT INTO "limits".by_u_64 VALUES (18446744073709551616, 1, 1, 1, $$$$)', 'INSERT INTO "limits".by_u_64 VALUES (-1, 1, 1, 1, $$$$)',
    'INSERT INTO "limits".by_u_64 VALUES ($$NaN$$, 1, 1, 1, $$$$)', 'INSERT INTO "limits".by_i_128 VALUES (170141183460469231731687303715884105728, 1, 1, 1, $$$$)',
    'INSERT INTO "limits".by_u_256 VALUES (115792089237316195423570985008687907853269984665640564039457584007913129639936, 1, 1, 1, $$$$)',
    'INSERT INTO "limits".by_identity VALUES ($$\x00$$, $$\x00$$, $$\x00$$, $$\x00$$, $$$$)', 'INSERT INTO "limits".by_u_8 VALUES (NULL, 1, 1, 1, $$$$)',
    'INSERT INTO "limits".of_u_16 (id, plain, list) VALUES (1, 1, $${{1,2}}$$)', 'UPDATE "limits".by_string SET key = NULL',
    'INSERT INTO "limits".direct_u_8 VALUES (300, $$$$)', 'INSERT INTO "limits".direct_u_8 VALUES (30, NULL)']) sql;
-- A fraction is rounded by the column, as everywhere in Postgres.
INSERT INTO "limits".direct_u_64 VALUES (1.6, 'rounded');
SELECT key FROM "limits".direct_u_64;
-- Arrays: more dimensions, another lower bound, NULL elements are not lists of the module.
CREATE FUNCTION pg_temp.store(list text, tbl text DEFAULT 'of_u_16') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($q$INSERT INTO "limits".%I (id, plain, optional, twice_optional, list, optional_list, list_of_optional, list_of_lists, wrapped, choice)
        SELECT 9, %s, NULL, '{"none": []}', %L, NULL, '[]', '[]', jsonb_build_object('value', %s, 'optional', NULL, 'list', '[]'::jsonb), '{"neither": []}'$q$, tbl,
        CASE tbl WHEN 'of_string' THEN '''1''' ELSE '1' END, list, CASE tbl WHEN 'of_string' THEN '''1''::text' ELSE '1' END);
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
SELECT list, pg_temp.store(list), pg_temp.store(list, 'of_i_32'), pg_temp.store(list, 'of_string') FROM unnest(ARRAY['{{1,2},{3,4}}', '[0:1]={1,2}', '{1,NULL}', '[1:2]={1,2}']) list;
-- jsonb that is no value of the type: no CHECK can tell, the call that reads it does.
CREATE FUNCTION pg_temp.spoil() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.plain := current_setting('test.point')::jsonb;
    RETURN NEW;
END $$;
CREATE TRIGGER spoil BEFORE INSERT ON "limits".of_point FOR EACH ROW EXECUTE FUNCTION pg_temp.spoil();
CREATE FUNCTION pg_temp.point(plain text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('test.point', plain, true);
    PERFORM call_reducer('limits', 'insert_of_point', '[1, [1, 2], null, null, [], null, [], [], [[1, 2], null, []], {"neither": []}]');
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
SELECT plain, pg_temp.point(plain) FROM unnest(ARRAY['{"x": 1}', '{"x": 1, "y": 99999999999}', '{"x": 1, "y": 2, "z": 3}', 'null', '"x"', '{"x": 1, "y": "two"}', '[1]', '[[1, 2]]']) plain;
-- A value of the type, but another one: the guest sees what is stored.
SELECT pg_temp.point('{"x": 7, "y": 8}');
SELECT plain, pg_temp.point(plain) FROM unnest(ARRAY['{"y": 2, "x": 1}', '[1, 2]']) plain;
SELECT id, plain FROM "limits".of_point;
SELECT spacetime.drop_module('limits-sdk');
SELECT spacetime.drop_module('limits'), spacetime.drop_module('limits-semantics');
