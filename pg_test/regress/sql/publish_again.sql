-- What does publishing a module a second time change, and what does it refuse to?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
CREATE FUNCTION pg_temp.wasm(file text) RETURNS bytea LANGUAGE sql AS $$ SELECT pg_read_binary_file('test_modules/' || file || '.wasm') $$;
SELECT publish_module('again', pg_temp.wasm('sdk_2_8')) - 'steps';
SELECT again.insert_item(7, 'old'), again.insert_item(8, 'older');
CREATE TEMP TABLE first AS SELECT identity, owner_identity, created_at, wasm_sha256 FROM spacetime.modules WHERE name = 'again';
-- The same bytes: nothing to do.
SELECT publish_module('again', pg_temp.wasm('sdk_2_8'));
-- New code over the same tables keeps rows, sequences, identity and what operators added.
CREATE INDEX mine ON again.item (name);
ALTER TABLE again.item ADD COLUMN tag text DEFAULT 'untagged';
CREATE ROLE again_reader;
GRANT spacetime_client TO again_reader;
GRANT SELECT ON again.item TO again_reader;
REVOKE EXECUTE ON FUNCTION again.delete_item FROM spacetime_client;
SELECT publish_module('again', pg_temp.wasm('sdk_2_10')) - 'steps';
SELECT again.expect_item(1, 'old'), again.insert_item(7, 'new'), call_reducer('again', 'update_item', '[2, "renamed"]');
SELECT id, kind, name, tag FROM again.item ORDER BY id;
SELECT m.identity = f.identity AS same_identity, m.owner_identity = f.owner_identity AS same_owner, m.created_at = f.created_at AS same_birth,
       m.wasm_sha256 = f.wasm_sha256 AS same_code, version, published_at > m.created_at AS later
FROM spacetime.modules m, first f WHERE name = 'again';
SELECT count(*) FROM pg_indexes WHERE schemaname = 'again' AND indexname = 'mine';
SELECT has_table_privilege('again_reader', 'again.item', 'SELECT'), has_function_privilege('again_reader', 'again.delete_item(numeric)', 'EXECUTE'),
       has_function_privilege('again_reader', 'again.update_item(numeric, text)', 'EXECUTE');
-- Back and forth, in one transaction, with calls in between; then all of it undone.
BEGIN;
SELECT publish_module('again', pg_temp.wasm('sdk_2_4')) ->> 'version';
SELECT again.insert_item(9, 'by 2.4');
SELECT publish_module('again', pg_temp.wasm('sdk_2_14')) ->> 'version';
SELECT again.insert_item(9, 'by 2.14'), again.expect_kinds(9, 9, 2);
ROLLBACK;
SELECT version FROM spacetime.modules WHERE name = 'again';
SELECT again.expect_kinds(9, 9, 0), again.insert_item(9, 'by 2.10');

-- Another module's tables under this name: refused, nothing changes.
SELECT publish_module('again', pg_temp.wasm('chat'));
SELECT publish_module('again', pg_temp.wasm('minimal'));
SELECT publish_module('again', pg_temp.wasm('refused_no_describe'));
SELECT publish_module('again', '');
\set VERBOSITY default
SELECT publish_module('again', pg_temp.wasm('chat'));
\set VERBOSITY sqlstate
SELECT version FROM spacetime.modules WHERE name = 'again';
SELECT again.expect_item(1, 'old');
SELECT id, name FROM again.item ORDER BY id;
-- An option is taken or refused, with the same code and with new code, but never silently ignored.
CREATE FUNCTION pg_temp.republish(file text, options jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE changed boolean;
BEGIN
    PERFORM publish_module('again', pg_temp.wasm(file), options);
    SELECT to_jsonb(m) @> options INTO changed FROM spacetime.modules m WHERE name = 'again';
    RETURN CASE WHEN changed THEN 'taken or refused' ELSE 'ignored' END;
EXCEPTION WHEN invalid_parameter_value OR feature_not_supported THEN
    RETURN 'taken or refused';
END $$;
BEGIN;
SELECT file, options, pg_temp.republish(file, options) FROM unnest(ARRAY['{"u64": "bigint"}', '{"schema": "elsewhere"}', '{"concurrency": "row"}',
    '{"sql_writers": "free"}']::jsonb[]) options, unnest('{sdk_2_10,sdk_2_14}'::text[]) file ORDER BY file, options;
ROLLBACK;
-- One that says what is so already is fine.
SELECT publish_module('again', pg_temp.wasm('sdk_2_10'), '{"u64": "numeric", "concurrency": "serial", "sql_writers": "locked", "schema": "again"}') - 'steps';

-- delete_data begins afresh, with other tables and the same identity. init runs again.
SELECT publish_module('again', pg_temp.wasm('semantics'), '{"delete_data": true}') - 'steps';
SELECT to_regclass('again.item') IS NULL, (SELECT count(*) FROM again.lifecycle_event WHERE kind = 'init') AS inits;
SELECT m.identity = f.identity FROM spacetime.modules m, first f WHERE name = 'again';
SELECT again.expect_item(1, 'old');
SELECT call_reducer('again', 'expect_item', '[1, "old"]');
SELECT again.insert_bag('fresh', 1);
-- Also with the same code, and with new options.
SELECT publish_module('again', pg_temp.wasm('semantics'), '{"delete_data": true, "u64": "bigint", "concurrency": "row"}') ->> 'created';
SELECT count(*) FROM again.bag;
SELECT u64, concurrency FROM spacetime.modules WHERE name = 'again';
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'again.big_number'::regclass AND attname = 'id';
-- A failing init leaves the module that was there.
SELECT again.insert_bag('kept', 1);
SELECT publish_module('again', pg_temp.wasm('init_fails'), '{"delete_data": true}');
SELECT publish_module('again', pg_temp.wasm('init_panics'), '{"delete_data": true}');
SELECT label FROM again.bag;
SELECT again.delete_bag('kept', 1);
-- init did not run at an update: only at the first publish and with delete_data.
SELECT publish_module('again-bank', pg_temp.wasm('bank')) ->> 'created', publish_module('again-bank', pg_temp.wasm('bank'), '{"delete_data": true}') ->> 'created';

DROP OWNED BY again_reader;
DROP ROLE again_reader;
SELECT spacetime.drop_module('again'), spacetime.drop_module('again-bank');
