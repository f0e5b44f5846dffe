-- What do the views and functions of schema spacetime say about the chat?
\pset format unaligned
SELECT publish_module('catalog', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created' AS created;
SELECT names, name, schema, length(identity), owner_role, version, concurrency, sql_writers, u64, wasm_bytes > 0 AS bytes, length(wasm_sha256), created_at <= published_at FROM spacetime.modules WHERE name = 'catalog';
SELECT wasm_sha256 = encode(sha256(pg_read_binary_file('test_modules/chat.wasm')), 'hex') AS sha, wasm_bytes = length(pg_read_binary_file('test_modules/chat.wasm')) AS bytes FROM spacetime.modules WHERE name = 'catalog';
SELECT * FROM spacetime.tables WHERE module = 'catalog' ORDER BY name, column_number;
SELECT * FROM spacetime.reducers WHERE module = 'catalog' ORDER BY name;
SELECT jsonb_pretty(spacetime.describe('catalog') -> 'reducers');
SELECT jsonb_object_keys(spacetime.describe('catalog')) ORDER BY 1;
SELECT * FROM spacetime.check_module('catalog');
\df catalog.*
SELECT table_name, column_name, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'catalog' ORDER BY table_name, ordinal_position;
-- From Postgres 18 on, NOT NULLs are constraints, too.
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'catalog'::regnamespace AND conrelid <> 0 AND contype <> 'n' ORDER BY 1, 2;
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'catalog'::regnamespace ORDER BY 1, 2;
\dD catalog.*
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'catalog'::regnamespace ORDER BY relname;
-- They are for everybody to see; the catalog itself, with the WASM in it, is not.
CREATE ROLE catalog_reader;
SET ROLE catalog_reader;
SELECT name FROM spacetime.modules WHERE name = 'catalog';
SELECT count(*) FROM spacetime.tables WHERE module = 'catalog';
SELECT count(*) FROM spacetime.reducers WHERE module = 'catalog';
\set VERBOSITY sqlstate
SELECT * FROM spacetime._module;
SELECT * FROM spacetime._installation;
INSERT INTO spacetime._module_name VALUES ('stolen', '\x00');
RESET ROLE;
DROP ROLE catalog_reader;
-- Postgres' own statistics count what reducers write.
SELECT catalog.register_user('counted'), catalog.set_name('twice') \g /dev/null
SELECT pg_stat_force_next_flush() \g /dev/null
SELECT pg_stat_clear_snapshot() \g /dev/null
SELECT n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'catalog' AND relname = 'user';
SELECT spacetime.drop_module('catalog');
