-- A session that logs in is who its token says: for the session, for a transaction, and no longer than that.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
CREATE SCHEMA login_test;
GRANT USAGE ON SCHEMA login_test TO PUBLIC;
-- Tokens of an issuer that shares a secret with this server can be made in SQL: HMAC-SHA256 (RFC 2104).
CREATE FUNCTION login_test.hmac(key bytea, message bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    inner_key bytea := decode(repeat('36', 64), 'hex');
    outer_key bytea := decode(repeat('5c', 64), 'hex');
BEGIN
    FOR at IN 0 .. length(key) - 1 LOOP
        inner_key := set_byte(inner_key, at, get_byte(inner_key, at) # get_byte(key, at));
        outer_key := set_byte(outer_key, at, get_byte(outer_key, at) # get_byte(key, at));
    END LOOP;
    RETURN sha256(outer_key || sha256(inner_key || message));
END $$;
CREATE FUNCTION login_test.base64url(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT translate(encode(bytes, 'base64'), E'+/=\n', '-_') $$;
CREATE FUNCTION login_test.token(claims jsonb, secret text DEFAULT 'a secret of more than 32 bytes, shared') RETURNS text LANGUAGE sql AS $$
    WITH full_claims AS (
        SELECT jsonb_strip_nulls(jsonb_build_object('iss', 'https://login.example/', 'aud', 'app',
               'iat', extract(epoch FROM now())::bigint, 'exp', extract(epoch FROM now())::bigint + 3600) || claims) AS c
    ), signed AS (
        SELECT login_test.base64url('{"alg":"HS256","typ":"JWT"}') || '.' || login_test.base64url(convert_to(c::text, 'UTF8')) AS t FROM full_claims
    )
    SELECT t || '.' || login_test.base64url(login_test.hmac(convert_to(secret, 'UTF8'), convert_to(t, 'UTF8'))) FROM signed $$;
CREATE ROLE login_user;
CREATE ROLE login_other;
SELECT login_test.token('{"sub": "ada"}') AS ada \gset
SELECT login_test.token('{"sub": "grace"}') AS grace \gset

-- Nobody is believed who is not on the list; the hint says what would change that.
\set VERBOSITY default
SELECT spacetime.login(:'ada');
\set VERBOSITY sqlstate
SELECT spacetime.trust_issuer('https://login.example/', ARRAY['app', 'other'], '{"secret": "a secret of more than 32 bytes, shared"}');
SELECT issuer, audiences, is_distrusted, options, has_secret FROM spacetime.issuers WHERE issuer LIKE '%login.example%';
-- The identity is the hash of issuer and subject, slash and all (module-abi.md §5.1).
SELECT spacetime.login(:'ada') = spacetime.sender(), encode(spacetime.sender(), 'hex') AS ada;
SELECT spacetime.claims() ->> 'sub', spacetime.claims() ->> 'iss', octet_length(spacetime.connection_id());
SELECT spacetime.sender() AS ada_id, spacetime.connection_id() AS ada_connection \gset
-- Roles do not matter to it.
SET ROLE login_user;
SELECT spacetime.sender() = :'ada_id';
RESET ROLE;
-- Another login is another identity and another connection.
SELECT spacetime.login(:'grace') <> :'ada_id', spacetime.connection_id() <> :'ada_connection';
-- Without it, the session speaks for its role.
SELECT spacetime.logout();
SELECT spacetime.claims() ->> 'sub', spacetime.claims() ->> 'iss' LIKE 'postgres:%', spacetime.sender() <> :'ada_id';
SELECT spacetime.logout();

-- login_local ends with the transaction; savepoints and rollbacks undo logins.
BEGIN;
SELECT spacetime.login_local(:'ada') = :'ada_id';
SELECT spacetime.sender() = :'ada_id';
COMMIT;
SELECT spacetime.sender() = :'ada_id' AS "after the transaction";
BEGIN;
SELECT spacetime.login(:'ada') = :'ada_id';
ROLLBACK;
SELECT spacetime.sender() = :'ada_id' AS "after a rollback";
SELECT spacetime.login(:'ada') = :'ada_id';
BEGIN;
SAVEPOINT a;
SELECT spacetime.login(:'grace') <> :'ada_id';
ROLLBACK TO a;
SELECT spacetime.sender() = :'ada_id' AS "after a savepoint";
SELECT spacetime.login_local(:'grace') <> :'ada_id';
SELECT spacetime.logout();
SELECT spacetime.claims() ->> 'sub';
ROLLBACK;
SELECT spacetime.sender() = :'ada_id' AS "logout undone";
-- What poolers send.
DISCARD ALL;
SET client_min_messages = warning;
SELECT spacetime.sender() = :'ada_id' AS "after DISCARD ALL";
SELECT spacetime.login(:'ada') = :'ada_id';
RESET ALL;
SET client_min_messages = warning;
SELECT spacetime.sender() = :'ada_id' AS "after RESET ALL";

-- Parallel workers know it, too.
CREATE TABLE login_test.big AS SELECT g AS id, :'ada_id'::bytea AS who FROM generate_series(1, 20000) g;
ALTER TABLE login_test.big SET (parallel_workers = 2);
SELECT spacetime.login(:'ada') = :'ada_id';
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_leader_participation = off;
EXPLAIN (COSTS off) SELECT count(*) FROM login_test.big WHERE who = spacetime.sender();
SELECT count(*) FROM login_test.big WHERE who = spacetime.sender();
SELECT spacetime.logout();
SELECT count(*) FROM login_test.big WHERE who = spacetime.sender();
SELECT count(DISTINCT spacetime.sender()) FROM login_test.big;
ROLLBACK;

-- An identity publishes once it may; what it published is its own, until it gives it away.
SELECT spacetime.login(:'ada') AS ada_identity \gset
SELECT publish_module('of-ada', pg_read_binary_file('test_modules/semantics.wasm'));
SELECT spacetime.logout();
SELECT spacetime.grant_publish(:'ada_identity');
SELECT spacetime.login(:'ada') IS NOT NULL;
SELECT publish_module('of-ada', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
SELECT spacetime.login(:'grace') AS grace_identity \gset
SELECT publish_module('of-ada', pg_read_binary_file('test_modules/semantics.wasm'));
SELECT spacetime.drop_module('of-ada');
SELECT spacetime.set_owner('of-ada', :'grace_identity');
SELECT spacetime.login(:'ada') IS NOT NULL;
SELECT spacetime.set_owner('of-ada', :'grace_identity');
SELECT spacetime.drop_module('of-ada');
SELECT spacetime.login(:'grace') IS NOT NULL;
SELECT publish_module('of-ada', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
SELECT spacetime.drop_module('of-ada');
SELECT spacetime.logout();
SELECT spacetime.revoke_publish(:'ada_identity');
SELECT spacetime.login(:'ada') IS NOT NULL;
SELECT publish_module('of-ada', pg_read_binary_file('test_modules/semantics.wasm'));
SELECT spacetime.logout();

-- A token that expires takes the login with it: everything that needs an identity says so.
SELECT spacetime.login(login_test.token(jsonb_build_object('sub', 'ada', 'iat', extract(epoch FROM now())::bigint - 100, 'exp', extract(epoch FROM now())::bigint - 59))) IS NOT NULL;
SELECT pg_sleep(3);
SELECT spacetime.sender();
SELECT spacetime.claims();
SELECT spacetime.logout();
SELECT spacetime.claims() ->> 'sub';

-- The setting itself: nobody reads or writes it but superusers, and theirs prove nothing.
SELECT spacetime.login(:'ada') = :'ada_id';
SET ROLE login_user;
SHOW spacetime.session;
SELECT current_setting('spacetime.session');
SELECT count(*) FROM pg_settings WHERE name = 'spacetime.session';
SET spacetime.session = 'x';
SET LOCAL spacetime.session = 'x';
RESET spacetime.session;
SELECT set_config('spacetime.session', 'x', false);
CREATE FUNCTION pg_temp.forge() RETURNS bytea LANGUAGE sql SET spacetime.session = 'x' AS 'SELECT spacetime.sender()';
UPDATE pg_settings SET setting = 'x' WHERE name = 'spacetime.session';
RESET ROLE;
SELECT current_setting('spacetime.session') AS stolen \gset
SET spacetime.session = 'x';
SELECT spacetime.sender();
SELECT set_config('spacetime.session', replace(:'stolen', encode(:'ada_id', 'hex'), encode(:'ada_connection'::bytea || :'ada_connection'::bytea, 'hex')), false) IS NOT NULL;
SELECT spacetime.sender();
SELECT set_config('spacetime.session', translate(left(:'stolen', 1), '0123456789abcdef', '123456789abcdef0') || substr(:'stolen', 2), false) IS NOT NULL;
SELECT spacetime.sender();
RESET spacetime.session;
ALTER ROLE login_user SET spacetime.session = 'x';
ALTER SYSTEM SET spacetime.session = 'x';
ALTER ROLE login_user RESET spacetime.session;
-- In another session the same value is worth nothing: it names the backend.
\set stolen_value :stolen
\c -
\set VERBOSITY sqlstate
SET client_min_messages = warning;
SELECT set_config('spacetime.session', :'stolen_value', false) IS NOT NULL;
SELECT spacetime.sender();
SELECT spacetime.logout();
SELECT spacetime.claims() ->> 'sub';

-- Bound to the session user: a pool that changes it has changed clients.
SELECT spacetime.login(:'ada') = :'ada_id';
SET SESSION AUTHORIZATION login_other;
SELECT spacetime.sender();
RESET SESSION AUTHORIZATION;
SELECT spacetime.sender() = :'ada_id';
-- An identity does not change under an open cursor.
BEGIN;
DECLARE c CURSOR FOR SELECT 1;
SELECT spacetime.login(:'grace');
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT 1;
SELECT spacetime.logout();
ROLLBACK;
DO $$ DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP PERFORM spacetime.logout(); END LOOP; END $$;
SELECT spacetime.logout();

-- A claim can choose among the session user's own roles, and gives none.
SELECT spacetime.trust_issuer('https://login.example/', ARRAY['app'],
  '{"secret": "a secret of more than 32 bytes, shared", "role_claim": "https://app.example/roles",
    "role_map": {"user": "login_user", "both": ["login_user", "login_other"], "root": "postgres", "typo": "login_nobody"}}');
SELECT login_test.token('{"sub": "ada", "https://app.example/roles": ["user", "unknown"]}') AS as_user,
       login_test.token('{"sub": "ada", "https://app.example/roles": ["both"]}') AS as_both,
       login_test.token('{"sub": "ada", "https://app.example/roles": "root"}') AS as_root,
       login_test.token('{"sub": "ada", "https://app.example/roles": "typo"}') AS as_typo \gset
SELECT spacetime.login(:'as_user') = :'ada_id';
SELECT current_user, current_setting('role');
SELECT spacetime.login(:'ada') = :'ada_id';
SELECT current_user, current_setting('role');
SELECT spacetime.login(:'as_user') = :'ada_id';
SELECT spacetime.logout();
SELECT current_user, current_setting('role');
BEGIN;
SELECT spacetime.login_local(:'as_user') = :'ada_id';
SELECT current_user;
COMMIT;
SELECT current_user;
SELECT spacetime.login(:'as_both');
GRANT login_other TO login_user;
SELECT spacetime.login(:'as_both') = :'ada_id', current_setting('role');
SELECT spacetime.logout();
SELECT spacetime.login(:'as_typo');
SET SESSION AUTHORIZATION login_other;
SELECT spacetime.login(:'as_root');
SELECT spacetime.login(:'as_user');
SELECT current_user, spacetime.claims() ->> 'sub';
RESET SESSION AUTHORIZATION;
REVOKE login_other FROM login_user;

-- Our own tokens: anonymous ones prove a fresh identity each; the key is for nobody's eyes.
SELECT identity AS anonymous_id, token AS anonymous FROM spacetime.anonymous_token() \gset
SELECT spacetime.login(:'anonymous') = :'anonymous_id', spacetime.claims() ->> 'iss', spacetime.claims() -> 'exp';
SELECT spacetime.logout();
SELECT jsonb_array_length(spacetime.public_keys() -> 'keys'), spacetime.public_keys() #> '{keys,0}' ? 'd';
SELECT spacetime.websocket_token(:'ada') AS socket \gset
SELECT spacetime.login(:'socket') = :'ada_id', spacetime.claims() ->> 'iss';
SELECT spacetime.logout();
SET ROLE login_user;
SELECT * FROM spacetime._signing_key;
SELECT * FROM spacetime._issuer;
SELECT * FROM spacetime.issuers;
SELECT spacetime.trust_issuer('https://evil.example', ARRAY['x']);
SELECT spacetime.distrust_issuer('https://login.example/');
SELECT spacetime.anonymous_token();
SELECT spacetime.websocket_token(:'ada');
RESET ROLE;
-- Distrust outlives our own signature.
SELECT spacetime.distrust_issuer('https://login.example/');
SELECT spacetime.login(:'ada');
SELECT spacetime.login(:'socket');
SELECT issuer, is_distrusted, has_secret FROM spacetime.issuers WHERE issuer LIKE '%login.example%';

SELECT spacetime.login(NULL);
DELETE FROM spacetime._issuer WHERE issuer = 'https://login.example/';
DROP SCHEMA login_test CASCADE;
DROP ROLE login_user, login_other;
