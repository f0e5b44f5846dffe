-- What does drop_module take away, and what stays with keep_data?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
SELECT publish_module('gone', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created';
SELECT gone.register_user('x');
CREATE TEMP TABLE old AS SELECT identity FROM spacetime.modules WHERE name = 'gone';
-- Undone by a rollback: the module works on in the same session.
BEGIN;
SELECT spacetime.drop_module('gone');
SELECT call_reducer('gone', 'set_name', '["y"]');
ROLLBACK;
SELECT gone.set_name('z');
BEGIN;
SAVEPOINT s;
SELECT spacetime.drop_module('gone');
SELECT publish_module('gone', pg_read_binary_file('test_modules/bank.wasm')) ->> 'created';
SELECT gone.seed(2, 10);
ROLLBACK TO s;
SELECT gone.set_name('back again');
COMMIT;
SELECT name FROM gone."user";
-- Dropped: no schema, no catalog rows, no functions; the name is free.
PREPARE set_name AS SELECT gone.set_name('prepared before');
EXECUTE set_name;
SELECT spacetime.drop_module('gone');
EXECUTE set_name;
DEALLOCATE set_name;
SELECT call_reducer('gone', 'set_name', '["y"]');
SELECT spacetime.drop_module('gone');
SELECT spacetime.describe('gone');
SELECT * FROM spacetime.check_module('gone');
SELECT count(*) FROM pg_namespace WHERE nspname = 'gone';
SELECT (SELECT count(*) FROM spacetime.modules WHERE name = 'gone'), (SELECT count(*) FROM spacetime.tables WHERE module = 'gone'), (SELECT count(*) FROM spacetime.reducers WHERE module = 'gone'), (SELECT count(*) FROM spacetime._module m WHERE encode(identity, 'hex') = (SELECT identity FROM old));
SELECT publish_module('gone', pg_read_binary_file('test_modules/chat.wasm')) ->> 'version';
-- A new module of the same name is another one, and begins empty.
SELECT m.identity <> old.identity FROM spacetime.modules m, old WHERE name = 'gone';
SELECT count(*) FROM gone."user";
-- keep_data: tables, rows, indexes, constraints and types stay and are ordinary; nothing of them needs the extension.
SELECT gone.register_user('kept');
SELECT spacetime.drop_module('gone', keep_data => true);
SELECT name FROM gone."user";
SELECT count(*) FROM spacetime.modules WHERE name = 'gone';
SELECT call_reducer('gone', 'set_name', '["y"]');
SELECT gone.set_name('y');
SELECT indexdef FROM pg_indexes WHERE schemaname = 'gone' AND tablename IN ('user', 'message') ORDER BY indexname;
INSERT INTO gone.message (sender, receiver, content, timestamp) SELECT id, id, 'by sql', now() FROM gone."user";
SELECT id, content FROM gone.message;
UPDATE gone."user" SET name = 'changed';
DELETE FROM gone.message;
TRUNCATE gone.message;
SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'gone'::regnamespace AND NOT tgisinternal;
SELECT count(*) FROM pg_proc WHERE pronamespace = 'gone'::regnamespace;
SELECT count(*) FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass JOIN pg_class c ON c.oid = d.objid AND d.classid = 'pg_class'::regclass WHERE extname = 'spacetime' AND c.relnamespace = 'gone'::regnamespace;
-- The schema is in the way of a new module of that name, until it is moved.
SELECT publish_module('gone', pg_read_binary_file('test_modules/chat.wasm'));
ALTER SCHEMA gone RENAME TO gone_kept;
SELECT publish_module('gone', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created';
INSERT INTO gone."user" SELECT id::bytea, name FROM gone_kept."user";
SELECT gone.set_name('moved over');
SELECT name FROM gone."user";
-- An operator's objects in the schema: dropped with it; those that depend on it elsewhere, too, or the drop is refused as a whole.
CREATE VIEW gone.names AS SELECT name FROM gone."user";
CREATE TABLE gone.mine (id int);
SELECT spacetime.drop_module('gone');
SELECT to_regclass('gone.mine') IS NULL, to_regclass('gone.names') IS NULL;
SELECT spacetime.drop_module('no-such-module');
SELECT spacetime.drop_module(NULL) IS NULL;
SELECT call_reducer('gone', 'set_name', '["y"]');
DROP SCHEMA gone_kept CASCADE;
