-- Do modules built with old and new releases of the official SDK publish and run unmodified?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
CREATE TEMP TABLE sdk AS SELECT 'sdk-' || replace(v, '_', '-') AS module, 'test_modules/sdk_' || v || '.wasm' AS file FROM unnest('{2_4,2_8,2_10,2_14}'::text[]) v;
SELECT module, publish_module(module, pg_read_binary_file(file)) ->> 'created' FROM sdk;
SELECT count(call_reducer(module, 'insert_item', jsonb_build_array(kind, 'item ' || kind))) FROM sdk, LATERAL (SELECT kind FROM generate_series(1, 5) kind ORDER BY kind) kinds;
SELECT module, call_reducer(module, 'expect_item', '{"id": 3, "name": "item 3"}'), call_reducer(module, 'expect_kinds', '[2, 4, 3]') FROM sdk;
SELECT module, call_reducer(module, 'update_item', '{"id": 3, "name": "renamed"}'), call_reducer(module, 'delete_item', '[4]') FROM sdk;
SELECT module, call_reducer(module, 'expect_item', '[3, "renamed"]'), call_reducer(module, 'expect_kinds', '[2, 4, 2]') FROM sdk;
CREATE FUNCTION pg_temp.message_of(module text, reducer text, args jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN PERFORM call_reducer(module, reducer, args); RETURN 'ok'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM; END $$;
SELECT module, pg_temp.message_of(module, 'delete_item', '[4]'), pg_temp.message_of(module, 'expect_item', '[3, "item 3"]'), pg_temp.message_of(module, 'insert_item', '[-1, "x"]') FROM sdk;
SELECT id, kind, name, added_by = spacetime.sender() FROM "sdk-2-4".item ORDER BY id;
-- The same tables from each.
SELECT count(DISTINCT regexp_replace(definition, 'sdk-2-[0-9]+', 'sdk', 'g')) FROM (
    SELECT concat(string_agg(concat_ws(' ', column_name, pg_column, sats_type, sql_type), ', ' ORDER BY column_number),
                  (SELECT string_agg(indexdef, ', ' ORDER BY indexname) FROM pg_indexes WHERE schemaname = module)) AS definition
    FROM spacetime.tables WHERE module LIKE 'sdk-2-%' GROUP BY module) x;
SELECT count(*) FROM "sdk-2-4".item a JOIN "sdk-2-8".item b USING (id, kind, name, added_by) JOIN "sdk-2-10".item c USING (id, kind, name, added_by) JOIN "sdk-2-14".item d USING (id, kind, name, added_by);
-- Each logs by its own means.
SELECT module, (SELECT message FROM spacetime.logs(module, 1)) FROM sdk;
SELECT "sdk-2-14".insert_item(6, 'six'), "sdk-2-4".expect_kinds(6, 6, 0), "sdk-2-8".update_item(1, 'one'), "sdk-2-10".delete_item(1);
SELECT module, spacetime.drop_module(module) FROM sdk;
