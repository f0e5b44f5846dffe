-- Views of modules: SQL functions, and SQL views over those.
\set VERBOSITY sqlstate
SET client_min_messages = warning;
SELECT publish_module('seen', pg_read_binary_file('test_modules/views.wasm')) ->> 'version' AS version;

SELECT name, pg_function, pg_view, arguments, columns, is_public, is_anonymous, kind
FROM spacetime.views WHERE module = 'seen' ORDER BY name;
SELECT p.proname, p.provolatile, p.proparallel, p.proretset, pg_get_userbyid(p.proowner) = current_user AS is_mine
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'seen' AND p.prosrc LIKE '%"view"%' ORDER BY p.proname;

-- Nothing there yet: no rows, of each kind.
SELECT * FROM seen.my_player;
SELECT * FROM seen.my_notes;
SELECT * FROM seen.strong_players;
SELECT * FROM seen.note_count;

CREATE ROLE seen_reader;
GRANT spacetime_client TO seen_reader;
SELECT seen.join('Ann', 20);
SELECT seen.write_note('remember the milk', 5), seen.write_note('and nothing else', NULL);

-- An option, rows of a private table, rows for everybody, rows of no table, one column.
SELECT id, identity = spacetime.sender() AS is_me, name, level, mood FROM seen.my_player;
SELECT id, writer = spacetime.sender() AS is_mine, text, rating FROM seen.my_notes ORDER BY id;
SELECT name FROM seen.strong_players();
SELECT * FROM seen.rank_list;
SELECT * FROM seen.note_count;
-- A query, run by the host.
SET ROLE seen_reader;
SELECT seen.join('Ben', 3);
RESET ROLE;
SELECT name FROM seen.weak_players;
SELECT text FROM seen.wild_notes ORDER BY id;
-- In a target list, in joins, more than once.
SELECT seen.note_count(), (seen.rank_list()).level;
SELECT p.name, n.text FROM seen.my_player p CROSS JOIN seen.my_notes n WHERE n.rating IS NULL;
SELECT count(*) FROM generate_series(1, 3), seen.my_notes();
SELECT seen.note_count() AS rows FROM generate_series(1, 2) LIMIT 1;
CREATE TEMP TABLE copied AS SELECT * FROM seen.rank_list;
SELECT * FROM copied;
DROP TABLE copied;

-- Per sender: another role sees its own, and the private table only through views.
SET ROLE seen_reader;
SELECT id, identity = spacetime.sender() AS is_me, name FROM seen.my_player;
SELECT text FROM seen.my_notes;
SELECT name FROM seen.strong_players;
SELECT * FROM seen.note_count;
SELECT * FROM seen.note;
SELECT seen.write_note('what the reader thinks', 1);
SELECT text FROM seen.my_notes;
RESET ROLE;
-- EXECUTE decides, for the SQL view, too.
REVOKE EXECUTE ON FUNCTION seen.note_count() FROM spacetime_client;
SET ROLE seen_reader;
SELECT * FROM seen.note_count;
SELECT * FROM seen.note_count();
RESET ROLE;
SELECT * FROM seen.note_count;

-- The statement's snapshot: what this transaction wrote is there, and what it rolled back is not.
BEGIN;
SELECT seen.write_note('not for long', 0);
SELECT count(*) FROM seen.my_notes;
INSERT INTO seen.note (writer, text) SELECT spacetime.sender(), 'by plain SQL';
SELECT count(*) FROM seen.my_notes;
SAVEPOINT before_more;
SELECT seen.write_note('even shorter', 0);
SELECT count(*) FROM seen.my_notes;
ROLLBACK TO before_more;
SELECT count(*) FROM seen.my_notes;
ROLLBACK;
SELECT count(*) FROM seen.my_notes;
-- No lock of the module: nothing but the tables that are read.
BEGIN;
SELECT count(*) FROM seen.my_notes;
SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'seen'::regnamespace ORDER BY 1, 2;
COMMIT;
-- Reading is allowed where writing is not.
BEGIN READ ONLY;
SELECT count(*) FROM seen.my_notes;
SELECT seen.write_note('refused', 0);
ROLLBACK;

-- Every way to write: errno 19; a transaction is open (17), and not the guest's to end (18).
SELECT * FROM seen.attempts_to_write;
SELECT rows FROM seen.note_count;

-- What goes wrong.
SELECT * FROM seen.broken;
SELECT * FROM seen.unstorable;
SET spacetime.call_timeout_ms = 100;
SELECT * FROM seen.endless;
RESET spacetime.call_timeout_ms;
SET statement_timeout = 200;
SELECT * FROM seen.endless;
RESET statement_timeout;
SELECT level, message FROM spacetime.logs('seen') WHERE level = 'panic';
-- And the next call is well again.
SELECT count(*) FROM seen.my_notes;

-- For whoever keeps rows of views: rows and arguments in BSATN, and what was read.
SELECT encode(rows, 'hex'), tables_read FROM spacetime._view('seen', 'note_count', spacetime.sender(), '');
SELECT length(rows), tables_read FROM spacetime._view('seen', 'my_notes', spacetime.sender(), '');
SELECT encode(rows, 'hex'), tables_read FROM spacetime._view('seen', 'my_notes', decode(repeat('00', 32), 'hex'), '');
SELECT tables_read FROM spacetime._view('seen', 'rank_list', spacetime.sender(), '');
SELECT length(rows), tables_read FROM spacetime._view('seen', 'weak_players', spacetime.sender(), '');
SELECT length(rows), tables_read FROM spacetime._view('seen', 'wild_notes', spacetime.sender(), '');
SELECT spacetime._view('seen', 'no_such_view', spacetime.sender(), '');
SELECT spacetime._view('seen', 'my_notes', '\x00', '');
SELECT spacetime._view('seen', 'my_notes', spacetime.sender(), '\x00');
SET ROLE seen_reader;
SELECT spacetime._view('seen', 'my_notes', spacetime.sender(), '');
RESET ROLE;

-- What was dropped by hand is reported, and comes back.
DROP VIEW seen.rank_list;
DROP FUNCTION seen.my_player CASCADE;
SELECT * FROM spacetime.check_module('seen') ORDER BY 1, 2;
SELECT publish_module('seen', pg_read_binary_file('test_modules/views.wasm')) ->> 'version' AS version;
SELECT * FROM spacetime.check_module('seen') ORDER BY 1, 2;
SELECT spacetime.adopt_module('seen') ->> 'version' AS version;
SELECT * FROM spacetime.check_module('seen') ORDER BY 1, 2;
SELECT name FROM seen.my_player;
SELECT level FROM seen.rank_list;
-- What was revoked stays so.
SET ROLE seen_reader;
SELECT * FROM seen.note_count;
SELECT name FROM seen.my_player;
RESET ROLE;

-- Another version without any view, and back again.
SELECT kind, object, breaks_clients FROM spacetime.plan_publish('seen', pg_read_binary_file('test_modules/procedures.wasm'))
WHERE kind LIKE '%view' OR kind LIKE '%procedure' ORDER BY kind, object;
SELECT publish_module('seen', pg_read_binary_file('test_modules/procedures.wasm'), '{"allow_breaking": true}') ->> 'version' AS version;
SELECT count(*) FROM spacetime.views WHERE module = 'seen';
SELECT relname FROM pg_class WHERE relnamespace = 'seen'::regnamespace AND relkind = 'v';
CALL seen.add(1, 2);
SELECT publish_module('seen', pg_read_binary_file('test_modules/views.wasm'), '{"allow_breaking": true}') ->> 'version' AS version;
SELECT count(*) FROM pg_proc WHERE pronamespace = 'seen'::regnamespace AND prokind = 'p';
SELECT * FROM seen.note_count;

-- Functions and SQL views go with the module, tables may stay.
SELECT spacetime.drop_module('seen', keep_data => true);
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'seen'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1;
SELECT count(*) FROM pg_proc WHERE pronamespace = 'seen'::regnamespace;
DROP SCHEMA seen CASCADE;
DROP ROLE seen_reader;
