-- What happens when an operator renames or drops the schema or parts of a module?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
SELECT publish_module('moved', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created';
SELECT moved.register_user('x');
-- Renamed: calls fail cleanly until it is renamed back. The wrapper moves along with its schema.
ALTER SCHEMA moved RENAME TO elsewhere;
SELECT call_reducer('moved', 'set_name', '["y"]');
SELECT elsewhere.set_name('y');
SELECT * FROM spacetime.check_module('moved');
SELECT publish_module('moved', pg_read_binary_file('test_modules/chat.wasm')) ->> 'version';
SELECT count(*) FROM spacetime.modules WHERE name = 'moved';
ALTER SCHEMA elsewhere RENAME TO moved;
SELECT call_reducer('moved', 'set_name', '["z"]'), moved.set_name('zz');
SELECT name FROM moved."user";
-- In a transaction that is rolled back.
BEGIN;
ALTER SCHEMA moved RENAME TO elsewhere;
SAVEPOINT s;
SELECT call_reducer('moved', 'set_name', '["y"]');
ROLLBACK;
SELECT call_reducer('moved', 'set_name', '["back"]');
-- Another schema takes its place, with the same tables: not the module's, and not written to.
ALTER SCHEMA moved RENAME TO elsewhere;
CREATE SCHEMA moved;
CREATE TABLE moved."user" (LIKE elsewhere."user");
SELECT call_reducer('moved', 'register_user', '["intruder"]') \g /dev/null
SELECT :'SQLSTATE' IN ('55000', '3F000', '42883');
SELECT count(*) FROM moved."user";
DROP SCHEMA moved CASCADE;
ALTER SCHEMA elsewhere RENAME TO moved;
SELECT moved.set_name('still there');
-- Functions and tables gone: found by check_module; call_reducer without its function cannot tell who may call.
DROP FUNCTION moved.set_name;
SELECT object FROM spacetime.check_module('moved');
SELECT moved.set_name('x');
CREATE ROLE moved_user;
GRANT USAGE ON SCHEMA moved TO moved_user;
SET ROLE moved_user;
SELECT call_reducer('moved', 'set_name', '["x"]') \g /dev/null
SELECT :'SQLSTATE' IN ('42883', '55000', '42501');
RESET ROLE;
DROP OWNED BY moved_user;
DROP ROLE moved_user;
DROP TABLE moved.message;
SELECT object FROM spacetime.check_module('moved') ORDER BY object;
SELECT call_reducer('moved', 'send_message', '[["0x0"], "x"]');
SELECT moved.register_user('x');
-- Dropped as a whole: 3F000, and drop_module removes what is left.
DROP SCHEMA moved CASCADE;
SELECT call_reducer('moved', 'set_name', '["y"]');
SELECT * FROM spacetime.check_module('moved');
\set VERBOSITY default
SELECT call_reducer('moved', 'set_name', '["y"]');
\set VERBOSITY sqlstate
SELECT spacetime.drop_module('moved');
SELECT count(*) FROM spacetime.modules WHERE name = 'moved';
SELECT publish_module('moved', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created';
SELECT moved.register_user('afresh');
-- With delete_data a lost schema is made again.
DROP SCHEMA moved CASCADE;
SELECT publish_module('moved', pg_read_binary_file('test_modules/chat.wasm'), '{"delete_data": true}') ->> 'version';
SELECT moved.register_user('once more');
SELECT name FROM moved."user";
-- A renamed table is a missing one; a renamed index or constraint is not missed by name alone.
ALTER TABLE moved."user" RENAME TO people;
SELECT moved.set_name('x');
ALTER TABLE moved.people RENAME TO "user";
SELECT moved.set_name('x');
SELECT spacetime.drop_module('moved');
