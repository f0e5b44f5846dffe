-- Which names, schemas and options does publish_module take, and does a refusal leave anything behind?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
CREATE TEMP TABLE wasm AS SELECT pg_read_binary_file('test_modules/minimal.wasm') AS minimal, pg_read_binary_file('test_modules/chat.wasm') AS chat;
CREATE FUNCTION pg_temp.publish(name text, options jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM publish_module(name, minimal, options) FROM wasm;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || CASE WHEN SQLSTATE LIKE 'XX%' THEN ' ' || SQLERRM ELSE '' END;
END $$;

-- Names: lower case, digits, hyphens.
SELECT name, pg_temp.publish(name) FROM unnest(ARRAY['names-a', 'names-1', '1names', 'names-a-b-c']) name;
SELECT '"' || name || '"', pg_temp.publish(name) FROM unnest(ARRAY[' ', 'Names', 'naMes', 'names_a', 'names a', 'names.a', 'names"a', 'names''a',
    '-names', 'names-', 'names--a', 'größe', 'names/a', '../names', E'names\n', 'pg-names;', '%s']) name;
-- A name is a schema's name, which has 63 bytes at most.
SELECT pg_temp.publish(repeat('n', 63)), pg_temp.publish(repeat('n', 64)), pg_temp.publish(repeat('n', 100000));
-- Each is a schema now, and can be called.
SELECT nspname FROM pg_namespace WHERE nspname IN ('names-a', 'names-1', '1names', 'names-a-b-c', repeat('n', 63)) ORDER BY nspname;
SELECT call_reducer(name, 'noop') FROM unnest(ARRAY['1names', repeat('n', 63)]) name;
SELECT "1names".noop();
-- What looks like an identity cannot be a name: modules are addressed by both.
SELECT pg_temp.publish(repeat('0', 64));

-- A schema of that name that is not ours; one that Postgres or the extension needs.
CREATE SCHEMA "names-taken";
CREATE TABLE "names-taken".precious (id int);
SELECT pg_temp.publish('names-taken');
SELECT name, pg_temp.publish(name) FROM unnest(ARRAY['public', 'spacetime', 'pg-catalog']) name;
SELECT name, pg_temp.publish('names-b', jsonb_build_object('schema', name))
FROM unnest(ARRAY['public', 'spacetime', 'pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1', 'pg_mine', '', 'names-taken', 'names-a', repeat('s', 64)]) name;
-- The option schema is the way out.
SELECT pg_temp.publish('names-taken', '{"schema": "names schema"}'), pg_temp.publish('spacetime', '{"schema": "names_two"}');
SELECT name, schema FROM spacetime.modules WHERE name IN ('names-taken', 'spacetime') ORDER BY name;
SELECT call_reducer('names-taken', 'noop'), "names schema".noop(), call_reducer('spacetime', 'noop'), names_two.noop();
SELECT call_reducer('names schema', 'noop');
SELECT count(*) FROM "names-taken".precious;
-- What it says about it.
\set VERBOSITY default
SELECT publish_module('public', minimal) FROM wasm;
SELECT publish_module('Names', minimal) FROM wasm;
CREATE SCHEMA "names-other";
SELECT publish_module('names-other', minimal) FROM wasm;
SELECT publish_module('names-b', minimal, '{"shema": "x"}') FROM wasm;
SELECT publish_module('names-b', minimal, '{"concurrency": "parallel"}') FROM wasm;
\set VERBOSITY sqlstate

-- Options.
SELECT options, pg_temp.publish('names-b', options) FROM unnest(ARRAY['{"shema": "x"}', '{"delete_data": "yes"}', '{"delete_data": 1}',
    '{"concurrency": "parallel"}', '{"concurrency": 1}', '{"sql_writers": "none"}', '{"u64": "text"}', '{"u64": null, "x": null}', '{"schema": 5}',
    '{"owner_identity": "c200"}', '{"owner_identity": ""}', '["delete_data"]', 'null', '1', '"serial"']::jsonb[]) options;
SELECT pg_temp.publish('names-b', jsonb_build_object('owner_identity', repeat('zz', 32)));
SELECT publish_module('names-b', NULL) IS NULL, publish_module(NULL, minimal) IS NULL, publish_module('names-b', minimal, NULL) IS NULL FROM wasm;
-- An array is no object, not even an empty one.
SELECT pg_temp.publish('names-e', '[]');
SELECT count(*) FROM spacetime.modules WHERE name IN ('names-b', 'names-e');
SELECT count(*) FROM pg_namespace WHERE nspname IN ('names-b', 'pg_mine');
SELECT pg_temp.publish('names-b', jsonb_build_object('concurrency', 'row', 'sql_writers', 'free', 'u64', 'bigint', 'schema', 'names b', 'delete_data', false, 'owner_identity', repeat('0a', 32)));
SELECT name, schema, concurrency, sql_writers, u64, owner_identity = repeat('0a', 32) FROM spacetime.modules WHERE name = 'names-b';
-- Defaults, and the owner.
SELECT name, schema, concurrency, sql_writers, u64, owner_role, version, owner_identity = encode(spacetime.sender(), 'hex') AS publishers, length(identity), identity <> owner_identity
FROM spacetime.modules WHERE name = 'names-a';
-- Two modules never share an identity.
SELECT count(DISTINCT identity) = count(*) FROM spacetime.modules;

-- Rolled back with the transaction, also when the session has used it already.
BEGIN;
SELECT publish_module('names-c', chat) ->> 'created' FROM wasm;
SELECT "names-c".register_user('one');
SELECT call_reducer('names-c', 'set_name', '["two"]');
ROLLBACK;
SELECT call_reducer('names-c', 'set_name', '["three"]');
SELECT count(*) FROM pg_namespace WHERE nspname = 'names-c';
SELECT publish_module('names-c', chat) ->> 'created' FROM wasm;
SELECT "names-c".register_user('one');
SELECT name FROM "names-c"."user";

-- Where publishing is impossible or nobody's right.
BEGIN READ ONLY;
SELECT publish_module('names-d', minimal) FROM wasm;
ROLLBACK;
CREATE ROLE names_nobody;
SET ROLE names_nobody;
SELECT publish_module('names-d', '');
SELECT spacetime.drop_module('names-a');
RESET ROLE;
-- Granted: one needs CREATE on the database besides, as for any schema.
CREATE ROLE names_publisher;
GRANT EXECUTE ON FUNCTION publish_module(text, bytea, jsonb), spacetime.drop_module(text, boolean) TO names_publisher;
GRANT SELECT ON wasm TO names_publisher;
SET ROLE names_publisher;
SELECT publish_module('names-d', minimal) FROM wasm;
RESET ROLE;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO names_publisher', current_database()); END $$;
SET ROLE names_publisher;
SELECT publish_module('names-d', chat) ->> 'created' FROM wasm;
SELECT "names-d".register_user('owner');
SELECT name FROM "names-d"."user";
SELECT owner_role, owner_identity = encode(spacetime.sender(), 'hex') FROM spacetime.modules WHERE name = 'names-d';
-- Not the module of somebody else.
SELECT publish_module('names-a', chat, '{"delete_data": true}') FROM wasm;
SELECT spacetime.drop_module('names-a');
SELECT spacetime.drop_module('names-d');
RESET ROLE;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM names_publisher', current_database()); END $$;
DROP OWNED BY names_publisher;
DROP ROLE names_publisher, names_nobody;

SELECT spacetime.drop_module(name) FROM spacetime.modules WHERE name IN ('names-a', 'names-1', '1names', 'names-a-b-c', repeat('n', 63), 'names-taken', 'spacetime', 'names-b', 'names-c', 'pg-catalog');
SELECT nspname FROM pg_namespace WHERE nspname ~ 'names' ORDER BY 1;
SET client_min_messages = warning;
DROP SCHEMA "names-taken" CASCADE;
DROP SCHEMA "names-other";
