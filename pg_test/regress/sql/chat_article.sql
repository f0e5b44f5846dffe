-- Does the chat of the article work from psql as a user would type it?
-- Rows are ordinary rows, errors carry the guest's words, and an error leaves nothing.
\set VERBOSITY terse
CREATE ROLE article_alice;
CREATE ROLE article_bob;
SELECT publish_module('chat-article', pg_read_binary_file('test_modules/chat.wasm')) - 'steps';
GRANT spacetime_client TO article_alice, article_bob;

-- Nobody is registered yet.
SET ROLE article_alice;
SELECT "chat-article".set_name('Alice');
SELECT "chat-article".send_message(spacetime.sender(), 'hello?');
-- The typed function; then the same by position and by name.
SELECT "chat-article".register_user('Alice');
SELECT "chat-article".register_user('Alice again');
SET ROLE article_bob;
SELECT call_reducer('chat-article', 'register_user', '["Bob"]');
SELECT call_reducer('chat-article', 'set_name', '{"name": "Robert"}');
SELECT name, id = spacetime.sender() AS is_me FROM "chat-article"."user" ORDER BY name;

-- Messages, to a bytea as it is in the table and to an identity in JSON.
SELECT "chat-article".send_message(u.id, 'hello Alice') FROM "chat-article"."user" u WHERE name = 'Alice';
SELECT "chat-article".send_message(content => 'hello myself', "to" => spacetime.sender());
SELECT call_reducer('chat-article', 'send_message', jsonb_build_object(
    'to', jsonb_build_object('__identity__', '0x' || ltrim(encode(u.id, 'hex'), '0')), 'content', 'by name'))
FROM "chat-article"."user" u WHERE name = 'Alice';
SELECT call_reducer('chat-article', 'send_message',
    jsonb_build_array(jsonb_build_array('0x' || ltrim(encode(u.id, 'hex'), '0')), 'by position'))
FROM "chat-article"."user" u WHERE name = 'Alice';
SELECT m.id, s.name AS sender, r.name AS receiver, m.content, m.timestamp BETWEEN now() - interval '1 hour' AND clock_timestamp() + interval '1 minute' AS just_now
FROM "chat-article".message m
JOIN "chat-article"."user" s ON s.id = m.sender JOIN "chat-article"."user" r ON r.id = m.receiver ORDER BY m.id;
-- Timestamps of a module only ever grow.
SELECT bool_and(later) FROM (SELECT timestamp > lag(timestamp) OVER (ORDER BY id) AS later FROM "chat-article".message) x;

-- Errors: the guest's own text, and nothing is left of the call.
SELECT "chat-article".send_message(u.id, '   ') FROM "chat-article"."user" u WHERE name = 'Alice';
SELECT "chat-article".set_name('');
SELECT call_reducer('chat-article', 'set_name', '[" "]');
SELECT "chat-article".send_message(decode(repeat('00', 31) || '07', 'hex'), 'nobody there');
\set VERBOSITY default
SELECT "chat-article".set_name('');
\set VERBOSITY sqlstate
SELECT "chat-article".set_name('');
SELECT count(*) AS messages, max(id) AS last_id FROM "chat-article".message;
SELECT name FROM "chat-article"."user" ORDER BY name;

-- Plain SQL of the owner and reducers see each other's rows.
RESET ROLE;
UPDATE "chat-article"."user" SET name = 'Bobby' WHERE name = 'Robert';
DELETE FROM "chat-article".message WHERE content LIKE 'by%';
SET ROLE article_bob;
SELECT "chat-article".register_user('Bob');
SELECT count(*) FROM "chat-article".message;
-- A NULL name is a user without a name to the guest.
RESET ROLE;
UPDATE "chat-article"."user" SET name = NULL;
SET ROLE article_bob;
SELECT "chat-article".set_name('Bob');
SELECT name FROM "chat-article"."user" ORDER BY name NULLS FIRST;
-- The column types of docs/storage.md.
RESET ROLE;
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, l.collname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_collation l ON l.oid = a.attcollation AND l.collname <> 'default'
WHERE c.relnamespace = '"chat-article"'::regnamespace AND c.relkind = 'r' AND c.relname IN ('user', 'message') AND attnum > 0
ORDER BY c.relname, attnum;
-- It is a client that chat knows: the sender is stable, the connection id is not zero.
SELECT length(spacetime.sender()), length(spacetime.connection_id()), spacetime.connection_id() = decode(repeat('00', 16), 'hex') AS zero;

SELECT spacetime.drop_module('chat-article');
DROP ROLE article_alice, article_bob;
