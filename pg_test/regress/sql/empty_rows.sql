-- Does a table without columns hold at most one row?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('empty-rows', pg_read_binary_file('test_modules/empty_rows.wasm')) ->> 'created';
SELECT "empty-rows".delete_presence();
SELECT "empty-rows".insert_presence();
SELECT count(*) FROM "empty-rows".presence;
SELECT "empty-rows".insert_presence();
SELECT count(*) FROM "empty-rows".presence;
-- From SQL the second one is refused.
INSERT INTO "empty-rows".presence DEFAULT VALUES;
SELECT "empty-rows".delete_presence();
SELECT count(*) FROM "empty-rows".presence;
INSERT INTO "empty-rows".presence DEFAULT VALUES;
INSERT INTO "empty-rows".presence DEFAULT VALUES;
SELECT call_reducer('empty-rows', 'insert_presence'), call_reducer('empty-rows', 'delete_presence', '{}');
SELECT count(*) FROM "empty-rows".presence;
SELECT spacetime.check_module('empty-rows');
SELECT spacetime.drop_module('empty-rows');
