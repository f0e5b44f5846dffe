-- Calls of a gateway's clients: layout (crates/call-batch), rights, each call's failure its own; procedures, names, protection.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
CREATE SCHEMA batch_test;
CREATE FUNCTION batch_test.u32(n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT substring(int4send(n::int) FROM 4 FOR 1) || substring(int4send(n::int) FROM 3 FOR 1)
        || substring(int4send(n::int) FROM 2 FOR 1) || substring(int4send(n::int) FROM 1 FOR 1) $$;
CREATE FUNCTION batch_test.string(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
$$ SELECT batch_test.u32(length(bytes)) || bytes $$;
CREATE FUNCTION batch_test.text(t text) RETURNS bytea LANGUAGE sql IMMUTABLE AS
$$ SELECT batch_test.string(convert_to(t, 'UTF8')) $$;
CREATE FUNCTION batch_test.call(module text, reducer text, arguments text, role text DEFAULT '', sender text DEFAULT repeat('c2', 32))
RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT batch_test.text(module) || batch_test.text(reducer) || batch_test.text(role) || decode(sender, 'hex')
        || decode(repeat('01', 16), 'hex') || batch_test.text('{"iss":"test","sub":"someone"}') || decode(repeat('00', 8), 'hex')
        || '\x01' || batch_test.text(arguments) $$;
CREATE FUNCTION batch_test.batch(VARIADIC calls bytea[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT '\x01'::bytea || batch_test.u32(cardinality(calls)) || string_agg(c, '' ORDER BY n) FROM unnest(calls) WITH ORDINALITY AS u (c, n) $$;
-- SQLSTATE and message of each result.
CREATE FUNCTION batch_test.results(answer bytea) RETURNS SETOF text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    at int := 14;
    size int;
BEGIN
    FOR n IN 1 .. get_byte(answer, 9) LOOP
        size := get_byte(answer, at + 4) + 256 * get_byte(answer, at + 5);
        RETURN NEXT convert_from(substring(answer FROM at FOR 5), 'UTF8') || ' '
            || convert_from(substring(answer FROM at + 9 FOR size), 'UTF8');
        at := at + 9 + size + 13;
    END LOOP;
END $$;

SELECT (publish_module('batch-chat', pg_read_binary_file('test_modules/chat.wasm'), '{"schema": "batch_chat"}')) ->> 'version';

-- Two that are good, each by its own sender.
SELECT batch_test.results(spacetime.call_batch(batch_test.batch(
    batch_test.call('batch-chat', 'register_user', '["Ada"]'),
    batch_test.call('batch-chat', 'register_user', '["Bob"]', '', repeat('c3', 32)))));
-- One that fails fails alone, whether before the guest is entered or in it.
SELECT batch_test.results(spacetime.call_batch(batch_test.batch(
    batch_test.call('batch-chat', 'set_name', '["Eve"]'),
    batch_test.call('batch-chat', 'register_user', '["Ada"]'),
    batch_test.call('batch-chat', 'nothing', '[]'),
    batch_test.call('batch-chat', 'set_name', '[1]'),
    batch_test.call('batch-chat', 'set_name', '["Bert"]', '', repeat('c3', 32)))));
SELECT name, encode(substring(id FROM 1 FOR 1), 'hex') FROM batch_chat."user" ORDER BY 2;
-- It has written nothing: nothing was undone and run again for it, its neighbours are of one savepoint.
SELECT count(*) FROM spacetime.logs('batch-chat') WHERE message LIKE 'you are registered already%';
SELECT count(DISTINCT xmin::text) FROM batch_chat."user";
-- Errors, panics, and time that is up: alone, and after writes. What is run twice is logged once.
SELECT publish_module('batch-misbehave', pg_read_binary_file('test_modules/misbehave.wasm')) ->> 'version';
SET spacetime.call_timeout_ms = 300;
SELECT substring(results FROM 1 FOR 5) FROM batch_test.results(spacetime.call_batch(batch_test.batch(
    batch_test.call('batch-misbehave', 'write', '["one"]'),
    batch_test.call('batch-misbehave', 'panic', '["alone"]'),
    batch_test.call('batch-misbehave', 'spin_scanning', '[]'),
    batch_test.call('batch-misbehave', 'divide', '[10, 2]'),
    batch_test.call('batch-misbehave', 'write', '["two"]')))) AS results;
SELECT note, dense_rank() OVER (ORDER BY xmin::text) FROM "batch-misbehave".witness ORDER BY id;
SELECT level, message FROM spacetime.logs('batch-misbehave', 100);
SELECT substring(results FROM 1 FOR 5) FROM batch_test.results(spacetime.call_batch(batch_test.batch(
    batch_test.call('batch-misbehave', 'write', '["three"]'),
    batch_test.call('batch-misbehave', 'divide', '[20, 2]'),
    batch_test.call('batch-misbehave', 'write_and_fail', '["refused"]'),
    batch_test.call('batch-misbehave', 'write_and_panic', '[]'),
    batch_test.call('batch-misbehave', 'write', '["four"]')))) AS results;
SELECT substring(results FROM 1 FOR 5) FROM batch_test.results(spacetime.call_batch(batch_test.batch(
    batch_test.call('batch-misbehave', 'write', '["five"]'),
    batch_test.call('batch-misbehave', 'divide', '[30, 2]'),
    batch_test.call('batch-misbehave', 'write_and_spin', '[]'),
    batch_test.call('batch-misbehave', 'divide', '[40, 2]'),
    batch_test.call('batch-misbehave', 'write', '["six"]')))) AS results;
-- A batch of one.
SELECT substring(results FROM 1 FOR 5) FROM batch_test.results(spacetime.call_batch(batch_test.batch(
    batch_test.call('batch-misbehave', 'write_and_fail', '["by itself"]')))) AS results;
SELECT note FROM "batch-misbehave".witness ORDER BY id;
SELECT level, message FROM spacetime.logs('batch-misbehave', 100) OFFSET 2;
RESET spacetime.call_timeout_ms;
SELECT spacetime.drop_module('batch-misbehave');
-- Rights: of the named role, else of spacetime_client; the owner may call anything.
CREATE ROLE batch_test_role;
GRANT USAGE ON SCHEMA batch_chat TO batch_test_role;
REVOKE EXECUTE ON FUNCTION batch_chat.set_name FROM spacetime_client;
SELECT substring(results FROM 1 FOR 5) FROM batch_test.results(spacetime.call_batch(batch_test.batch(
    batch_test.call('batch-chat', 'set_name', '["Zoe"]'),
    batch_test.call('batch-chat', 'set_name', '["Zoe"]', 'batch_test_role'),
    batch_test.call('batch-chat', 'set_name', '["Zoe"]', 'no_such_role')))) AS results;
GRANT EXECUTE ON FUNCTION batch_chat.set_name TO batch_test_role;
SELECT spacetime.set_owner('batch-chat', decode(repeat('c3', 32), 'hex'));
SELECT batch_test.results(spacetime.call_batch(batch_test.batch(
    batch_test.call('batch-chat', 'set_name', '["Zoe"]', 'batch_test_role'),
    batch_test.call('batch-chat', 'set_name', '["Max"]', '', repeat('c3', 32)))));
-- What is no batch.
SELECT spacetime.call_batch('');
SELECT spacetime.call_batch('\x02');
SELECT spacetime.call_batch('\x01ffffffff');
SELECT spacetime.call_batch(batch_test.batch(batch_test.call('batch-chat', 'set_name', '[]')) || '\x00');
CALL spacetime._call_procedure('\x01');
CALL spacetime._call_procedure(NULL);

-- Names, and protection.
SELECT spacetime.set_names('batch-chat', ARRAY['batch-talk', 'batch-chat']);
SELECT names FROM spacetime.modules WHERE schema = 'batch_chat';
SELECT spacetime.set_names('batch-chat', ARRAY['not a name']);
SELECT identity FROM spacetime.modules WHERE schema = 'batch_chat' \gset
SELECT spacetime.set_names('batch-talk', '{}');
SELECT spacetime.set_names('batch-talk', '{}');
SELECT names IS NULL FROM spacetime.modules WHERE schema = 'batch_chat';
SELECT spacetime.protect_module(:'identity');
SELECT spacetime.drop_module(:'identity');
SELECT publish_module(:'identity', pg_read_binary_file('test_modules/chat.wasm'), '{"delete_data": true}');
SELECT (publish_module(:'identity', pg_read_binary_file('test_modules/chat.wasm'))) ->> 'created';
SELECT spacetime.protect_module(:'identity', false);
SELECT (publish_module(:'identity', pg_read_binary_file('test_modules/chat.wasm'), '{"delete_data": true}')) ->> 'created';
SELECT count(*) FROM batch_chat."user";
SELECT spacetime.drop_module(:'identity');
-- A module without a name.
SELECT publish_module('', pg_read_binary_file('test_modules/chat.wasm')) ->> 'module' AS unnamed \gset
SELECT names IS NULL, schema = 'db-' || substring(identity FROM 1 FOR 16) FROM spacetime.modules WHERE identity = :'unnamed';
SELECT spacetime.drop_module(:'unnamed');
DROP ROLE batch_test_role;
DROP SCHEMA batch_test CASCADE;
