-- A library that meets the SQL of another version says so, and what to do. The other version is one that nobody else sees.
SELECT publish_module('library', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created' AS created;
-- A session that has not used the module yet.
\c -
BEGIN;
UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'spacetime';
SELECT call_reducer('library', 'set_name', '["ann"]');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
SELECT spacetime.describe('library') IS NOT NULL AS works;
SELECT spacetime.drop_module('library');
