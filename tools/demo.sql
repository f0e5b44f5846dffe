-- What `make demo` plays once the chat is published. Each statement is shown before its result; \echo lines say what is going on.
\set ON_ERROR_STOP on
\set ECHO queries
\pset footer off

\echo
\echo '--- What was published.'
SELECT name, schema, version, wasm_bytes, owner_role FROM spacetime.modules;

\echo
\echo '--- Its reducers are functions ...'
SELECT proname AS reducer, pg_get_function_arguments(oid) AS arguments
  FROM pg_proc WHERE pronamespace = 'chat'::regnamespace AND prokind = 'f' ORDER BY proname;

\echo
\echo '--- ... so calling one is SQL. Register as a user, by the typed function.'
SELECT chat.register_user('Ada');

\echo
\echo '--- Its tables are tables. Grace comes from plain SQL, as she could from an ORM or a COPY.'
INSERT INTO chat."user" (id, name) VALUES (decode(repeat('42', 32), 'hex'), 'Grace');

\echo
\echo '--- Send messages: three ways to call a reducer.'
SELECT chat.send_message(id, 'Hello, ' || name || '!') FROM chat."user" WHERE name = 'Grace';
SELECT chat.send_message(spacetime.sender(), 'Note to self: buy milk.');
SELECT call_reducer('chat', 'set_name', '{"name": "Ada Lovelace"}');

\echo
\echo '--- Read the rows with whatever SQL you like.'
SELECT m.id, s.name AS "from", r.name AS "to", m.content
  FROM chat.message m
  JOIN chat."user" s ON s.id = m.sender
  JOIN chat."user" r ON r.id = m.receiver
 ORDER BY m.id;

\echo
\echo '--- A reducer that says no is an error with the module''s own words, and leaves nothing behind.'
\set ON_ERROR_STOP off
SELECT chat.set_name('');
\set ON_ERROR_STOP on
\set sqlstate :SQLSTATE
\echo '(SQLSTATE' :SQLSTATE')'
SELECT name FROM chat."user" ORDER BY name;
\set ECHO none
-- Casting the text of the complaint fails: psql has no other way to give up with an error.
SELECT CASE WHEN :'sqlstate' <> '38000' THEN 'the empty name was not refused as it should be'::text END::int \g /dev/null
\set ECHO queries

\echo
\echo '--- Reducers and SQL share one transaction. Roll it back, and none of it happened.'
BEGIN;
SELECT chat.send_message(spacetime.sender(), 'Nobody will ever read this.');
UPDATE chat.message SET content = upper(content);
SELECT content FROM chat.message ORDER BY id;
ROLLBACK;
SELECT content FROM chat.message ORDER BY id;

\echo
\echo '--- Clients prove who they are with tokens. Two of this server''s own, for two new people:'
SELECT identity AS lin, token AS token_of_lin FROM spacetime.anonymous_token() \gset
SELECT identity AS max, token AS token_of_max FROM spacetime.anonymous_token() \gset
\echo '--- Row policies decide what they see. The module''s filters are one: messages are for those who sent or received them.'
SELECT pg_get_expr(polqual, polrelid) AS "who sees a message" FROM pg_policy WHERE polrelid = 'chat.message'::regclass;
SET ROLE spacetime_client;
\set ECHO none
\echo 'SELECT spacetime.login(/* the token of Lin */);'
SELECT spacetime.login(:'token_of_lin') = :'lin' AS "is Lin";
\set ECHO queries
SELECT chat.register_user('Lin');
\set ECHO none
\echo 'SELECT spacetime.login(/* the token of Max */);'
SELECT spacetime.login(:'token_of_max') = :'max' AS "is Max";
\set ECHO queries
SELECT chat.register_user('Max');
SELECT chat.send_message(:'lin', 'Hello Lin, this is Max.'), chat.send_message(:'max', 'Note to Max: be bold.');
SELECT content AS "what Max sees" FROM chat.message ORDER BY id;
\set ECHO none
\echo 'SELECT spacetime.login(/* the token of Lin */);'
SELECT spacetime.login(:'token_of_lin') = :'lin' AS "is Lin";
\set ECHO queries
SELECT content AS "what Lin sees" FROM chat.message ORDER BY id;
SELECT spacetime.logout();
RESET ROLE;

\echo
\echo '--- Subscriptions need no gateway: any client that can LISTEN hears of every commit. This session subscribes ...'
SELECT channel, jsonb_array_length(rows) AS rows FROM spacetime.subscribe('SELECT * FROM chat.message');
\echo '--- ... another one calls a reducer, and one uses plain SQL.'
\set ECHO none
\! "$PSQL" "$DATABASE_URL" -X -q -c "SELECT chat.send_message(spacetime.sender(), 'Told by another session''s reducer.')" > /dev/null
\! "$PSQL" "$DATABASE_URL" -X -q -c "INSERT INTO chat.message SELECT 1000, id, id, 'Told by an INSERT.', now() FROM chat.\"user\" WHERE name = 'Grace'"
\echo '--- What it hears:'
SELECT pg_sleep(1) \g /dev/null
\set ECHO queries

\echo
\echo '--- What the module wrote to its log.'
SELECT level, message FROM spacetime.logs('chat');
