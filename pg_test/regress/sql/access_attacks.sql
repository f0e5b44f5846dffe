-- What somebody with a connection and some rights could try, each with the SQLSTATE it meets.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = error;
SELECT publish_module('besieged', pg_read_binary_file('test_modules/visibility.wasm')) ->> 'created';
SELECT publish_module('besieged-timers', pg_read_binary_file('test_modules/schedules.wasm')) ->> 'created';
CREATE ROLE siege_client IN ROLE spacetime_client;
CREATE ROLE siege_victim IN ROLE spacetime_client;
CREATE ROLE siege_stranger;
CREATE SCHEMA siege;
GRANT USAGE, CREATE ON SCHEMA siege TO PUBLIC;
-- Runs a statement; gives its SQLSTATE, or what it gave away.
CREATE FUNCTION siege.attack(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE got text; BEGIN IF sql ~ '^SELECT' THEN EXECUTE sql INTO got; ELSE EXECUTE sql; END IF; RETURN 'got ' || coalesce(got, 'nothing'); EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
CREATE FUNCTION siege.hmac(key bytea, message bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE i bytea := decode(repeat('36', 64), 'hex'); o bytea := decode(repeat('5c', 64), 'hex');
BEGIN
    IF length(key) > 64 THEN key := sha256(key); END IF;
    FOR at IN 0 .. length(key) - 1 LOOP
        i := set_byte(i, at, get_byte(i, at) # get_byte(key, at)); o := set_byte(o, at, get_byte(o, at) # get_byte(key, at));
    END LOOP;
    RETURN sha256(o || sha256(i || message));
END $$;
CREATE FUNCTION siege.b64(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT translate(encode(bytes, 'base64'), E'+/=\n', '-_') $$;
CREATE FUNCTION siege.b64(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT siege.b64(convert_to(t, 'UTF8')) $$;
CREATE FUNCTION siege.now(seconds int DEFAULT 0) RETURNS bigint LANGUAGE sql AS $$ SELECT extract(epoch FROM now())::bigint + seconds $$;
CREATE FUNCTION siege.claims(more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_strip_nulls(jsonb_build_object('iss', 'https://siege.example', 'sub', 'victim', 'aud', 'app', 'iat', siege.now(), 'exp', siege.now(600)) || more) $$;
CREATE FUNCTION siege.token(more jsonb DEFAULT '{}', header text DEFAULT '{"alg":"HS256"}', key text DEFAULT 'a secret of more than 32 bytes, shared', body text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT t || '.' || siege.b64(siege.hmac(convert_to(key, 'UTF8'), convert_to(t, 'UTF8')))
    FROM (SELECT siege.b64(header) || '.' || siege.b64(coalesce(body, siege.claims(more)::text)) AS t) x $$;
SELECT spacetime.trust_issuer('https://siege.example', ARRAY['app'], '{"secret": "a secret of more than 32 bytes, shared"}'),
       spacetime.trust_issuer('https://rsa.example', ARRAY['app'],
         '{"jwks": {"keys": [{"kty": "RSA", "kid": "k", "alg": "RS256", "e": "AQAB", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}]}}');
SELECT token AS anonymous FROM spacetime.anonymous_token() \gset

-- The token that is good, so that the others fail for what is wrong with them.
SELECT siege.attack(format('SELECT encode(spacetime.login(%L), ''hex'')', siege.token())), spacetime.logout();
SELECT name, siege.attack(format('SELECT spacetime.login(%L)', token)) FROM (VALUES
  ('alg none', siege.b64('{"alg":"none"}') || '.' || siege.b64(siege.claims()::text) || '.'),
  ('alg none with a signature', siege.token(header => '{"alg":"none"}')),
  ('alg None', siege.token(header => '{"alg":"None"}')),
  ('alg of another case', siege.token(header => '{"alg":"hs256"}')),
  ('no alg', siege.token(header => '{}')),
  ('two algs', siege.token(header => '{"alg":"none","alg":"HS256"}')),
  ('HS256 signed with an RSA key''s text', siege.token('{"iss": "https://rsa.example"}', key => '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbf')),
  ('RS256 where a secret is shared', siege.token(header => '{"alg":"RS256"}')),
  ('HS512 where HS256 is agreed', siege.token(header => '{"alg":"HS512"}')),
  ('wrong secret', siege.token(key => 'another secret of more than 32 bytes')),
  ('empty secret', siege.token(key => '')),
  ('no signature', siege.b64('{"alg":"HS256"}') || '.' || siege.b64(siege.claims()::text) || '.'),
  ('claims changed after signing', regexp_replace(siege.token(), '\.[^.]*\.', '.' || siege.b64(siege.claims('{"sub": "root"}')::text) || '.')),
  ('unknown kid', siege.token('{"iss": "https://rsa.example"}', '{"alg":"RS256","kid":"nope"}')),
  ('forged RS256', siege.token('{"iss": "https://rsa.example"}', '{"alg":"RS256","kid":"k"}')),
  ('key in the header', siege.token(header => '{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}', key => E'\x01\x01\x01')),
  ('critical extension', siege.token(header => '{"alg":"HS256","crit":["b64"]}')),
  ('expired', siege.token(jsonb_build_object('exp', siege.now(-61)))),
  ('expires never', siege.token('{"exp": null}')),
  ('exp as text', siege.token('{"exp": "9999999999"}')),
  ('not yet valid', siege.token(jsonb_build_object('nbf', siege.now(100)))),
  ('issued in the future', siege.token(jsonb_build_object('iat', siege.now(100)))),
  ('wrong audience', siege.token('{"aud": "another app"}')),
  ('audience as a prefix', siege.token('{"aud": "app2"}')),
  ('no audience', siege.token('{"aud": null}')),
  ('unknown issuer', siege.token('{"iss": "https://evil.example"}')),
  ('issuer with a slash more', siege.token('{"iss": "https://siege.example/"}')),
  ('issuer of another case', siege.token('{"iss": "HTTPS://siege.example"}')),
  ('no issuer', siege.token('{"iss": null}')),
  ('the server''s own issuer', siege.token('{"iss": "localhost"}')),
  ('the issuer of roles', siege.token('{"iss": "postgres:x", "sub": "postgres"}')),
  ('metadata service as issuer (SSRF)', siege.token('{"iss": "http://169.254.169.254/latest"}')),
  ('no subject', siege.token('{"sub": null}')),
  ('empty subject', siege.token('{"sub": ""}')),
  ('long subject', siege.token(jsonb_build_object('sub', repeat('x', 129)))),
  ('two subjects', siege.token(body => replace(siege.claims()::text, '"sub":', '"sub": "root", "sub":'))),
  ('somebody else''s hex_identity', siege.token(jsonb_build_object('hex_identity', repeat('c2', 32)))),
  ('oversized', siege.token(jsonb_build_object('filler', repeat('x', 20000)))),
  ('deep claims', siege.token(body => repeat('[', 5000))),
  ('not JSON', siege.token(body => 'sub=root')),
  ('a logout token', siege.token(header => '{"alg":"HS256","typ":"logout+jwt"}')),
  ('encrypted', 'a.b.c.d.e'),
  ('garbage', 'not a token'),
  ('empty', ''),
  ('with a space', ' ' || siege.token()),
  ('own token, changed', overlay(:'anonymous' placing 'AAAA' from 200)),
  ('own key''s name, other signature', siege.token('{"iss": "localhost", "sub": "x"}', '{"alg":"ES256"}'))
) a(name, token);
-- Nobody is logged in after all that; errors and hints hold no part of a token.
SELECT spacetime.claims() ->> 'sub';
CREATE FUNCTION siege.said(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; d text; h text; BEGIN EXECUTE sql; RETURN ''; EXCEPTION WHEN OTHERS THEN
GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT; RETURN m || d || h; END $$;
SELECT count(*) FILTER (WHERE said = '') AS quiet, count(*) FILTER (WHERE said LIKE '%' || split_part(t, '.', 3) || '%' OR said LIKE '%victim%') AS telling
  FROM (VALUES (siege.token('{"aud": "x"}')), (siege.token('{"iss": "https://evil.example"}')), (siege.token(key => repeat('k', 32))), (siege.token('{"exp": 1}'))) v(t),
  LATERAL siege.said(format('SELECT spacetime.login(%L)', t)) said;

-- Issuers that would make the server open what it must not.
SELECT name, siege.attack(sql) FROM (VALUES
  ('plain http', $$SELECT spacetime.trust_issuer('http://issuer.example', ARRAY['x'])$$),
  ('loopback', $$SELECT spacetime.trust_issuer('https://127.0.0.1', ARRAY['x'])$$),
  ('link-local', $$SELECT spacetime.trust_issuer('https://169.254.169.254', ARRAY['x'])$$),
  ('private network', $$SELECT spacetime.trust_issuer('https://10.0.0.1', ARRAY['x'])$$),
  ('file', $$SELECT spacetime.trust_issuer('file:///etc/passwd', ARRAY['x'])$$),
  ('keys from a private address', $$SELECT spacetime.trust_issuer('https://issuer.example', ARRAY['x'], '{"jwks_url": "https://192.168.0.1/keys"}')$$),
  ('any audience by accident', $$SELECT spacetime.trust_issuer('https://issuer.example', NULL)$$),
  ('short secret', $$SELECT spacetime.trust_issuer('https://issuer.example', ARRAY['x'], '{"secret": "short"}')$$),
  ('HS with public keys', $$SELECT spacetime.trust_issuer('https://issuer.example', ARRAY['x'], '{"algorithms": ["HS256"]}')$$),
  ('algorithm none', $$SELECT spacetime.trust_issuer('https://issuer.example', ARRAY['x'], '{"algorithms": ["none"]}')$$),
  ('our own name', $$SELECT spacetime.trust_issuer('localhost', ARRAY['x'])$$),
  ('unknown option', $$SELECT spacetime.trust_issuer('https://issuer.example', ARRAY['x'], '{"verify": false}')$$)
) a(name, sql);

-- The victim has secrets.
SET ROLE siege_victim;
SELECT besieged.send(1, spacetime.sender(), 'the secret'), besieged.join_room(1, 7), besieged.write_post(1, 7, 'in the room');
RESET ROLE;
SELECT encode(sender, 'hex') AS victim_id FROM besieged.message \gset
ANALYZE besieged.message;

-- A client with SQL.
SET SESSION AUTHORIZATION siege_client;
CREATE FUNCTION siege.leak(t text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE EXCEPTION 'saw %', t USING ERRCODE = 'RR001'; END $$;
CREATE OPERATOR siege.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);
SELECT name, siege.attack(sql) FROM (VALUES
  ('read others'' rows', $$SELECT string_agg(text, '') FROM besieged.message$$),
  ('cheap leaky function in WHERE', $$SELECT count(*) FROM besieged.message WHERE siege.leak(text)$$),
  ('leaky function under LIMIT and OFFSET', $$SELECT count(*) FROM (SELECT siege.leak(text) FROM besieged.message OFFSET 0) x$$),
  ('error by cast', $$SELECT count(text::int) FROM besieged.message$$),
  ('division by zero as an oracle', $$SELECT count(*) FROM besieged.message WHERE 1 / (id - 1) > 0$$),
  ('TABLESAMPLE', $$SELECT string_agg(text, '') FROM besieged.message TABLESAMPLE SYSTEM (100)$$),
  ('SELECT FOR UPDATE', $$SELECT text FROM besieged.message FOR UPDATE$$),
  ('statistics', $$SELECT string_agg(most_common_vals::text || histogram_bounds::text, '') FROM pg_stats WHERE schemaname = 'besieged'$$),
  ('raw statistics', $$SELECT count(*) FROM pg_statistic$$),
  ('the private table', $$SELECT count(*) FROM besieged.membership$$),
  ('the private table through a rule''s function', $$SELECT besieged.spacetime_rls_post(7)$$),
  ('posts of a room one is not in', $$SELECT string_agg(text, '') FROM besieged.post$$),
  ('insert', $$INSERT INTO besieged.message VALUES (9, '\x00', '\x00', '')$$),
  ('insert through DEFAULT VALUES', $$INSERT INTO besieged.notice DEFAULT VALUES$$),
  ('update', $$UPDATE besieged.message SET text = ''$$),
  ('delete', $$DELETE FROM besieged.message$$),
  ('truncate', $$TRUNCATE besieged.message$$),
  ('merge', $$MERGE INTO besieged.notice n USING (SELECT 1) s ON false WHEN NOT MATCHED THEN INSERT VALUES (1, '')$$),
  ('lock', $$LOCK TABLE besieged.message IN ACCESS EXCLUSIVE MODE$$),
  ('disable row security', $$ALTER TABLE besieged.message DISABLE ROW LEVEL SECURITY$$),
  ('a policy of one''s own', $$CREATE POLICY mine ON besieged.message USING (true)$$),
  ('drop the policy', $$DROP POLICY spacetime_read ON besieged.message$$),
  ('a trigger of one''s own', $$CREATE TRIGGER mine AFTER INSERT ON besieged.message EXECUTE FUNCTION suppress_redundant_updates_trigger()$$),
  ('a rule of one''s own', $$CREATE RULE mine AS ON SELECT TO besieged.message DO INSTEAD NOTHING$$),
  ('inherit from the table', $$CREATE TABLE siege.child () INHERITS (besieged.message)$$),
  ('a foreign key as an oracle', $$CREATE TABLE siege.probe (id bigint REFERENCES besieged.message)$$),
  ('an object in the schema', $$CREATE TABLE besieged.mine ()$$),
  ('replace spacetime.sender', $$CREATE OR REPLACE FUNCTION spacetime.sender() RETURNS bytea LANGUAGE sql AS 'SELECT ''\x00''::bytea'$$),
  ('a function in language spacetime', $$CREATE FUNCTION siege.mine() RETURNS void LANGUAGE spacetime AS '{"module": "besieged", "reducer": "send"}'$$),
  ('set the session''s setting', $$SELECT set_config('spacetime.session', 'x', false)$$),
  ('become the victim', $$SET ROLE siege_victim$$),
  ('become the owner', $$SET ROLE postgres$$),
  ('replica mode', $$SELECT set_config('session_replication_role', 'replica', false)$$),
  ('catalog: modules', $$SELECT count(*) FROM spacetime._module$$),
  ('catalog: signing key', $$SELECT private_pem FROM spacetime._signing_key$$),
  ('catalog: issuers and secrets', $$SELECT options FROM spacetime._issuer$$),
  ('catalog: publishers', $$INSERT INTO spacetime._publisher VALUES (spacetime.sender())$$),
  ('the boot secret', $$SELECT pg_read_binary_file('spacetime/secrets')$$),
  ('list of secrets', $$SELECT count(*) FROM pg_ls_dir('spacetime')$$),
  ('trust an issuer of one''s own', $$SELECT spacetime.trust_issuer('https://evil.example', ARRAY['x'])$$),
  ('mint a token', $$SELECT spacetime.anonymous_token()$$),
  ('grant oneself publishing', $$SELECT spacetime.grant_publish(spacetime.sender())$$),
  ('take a module', $$SELECT spacetime.set_owner('besieged', spacetime.sender())$$),
  ('publish', $$SELECT publish_module('mine', '\x00')$$),
  ('drop', $$SELECT spacetime.drop_module('besieged')$$),
  ('read the log', $$SELECT count(*) FROM spacetime.logs('besieged')$$),
  ('check the module', $$SELECT count(*) FROM spacetime.check_module('besieged')$$),
  ('a reducer for internal callers', $$SELECT besieged.internal_only()$$),
  ('the same by name', $$SELECT call_reducer('besieged', 'internal_only')$$),
  ('connect as somebody else', $$SELECT spacetime._connect('besieged', '\x00', '\x00', 'x', '{}')$$),
  ('disconnect somebody', $$SELECT spacetime._disconnect('besieged', '\x00', '\x00')$$),
  ('disconnect everybody', $$SELECT spacetime._disconnect_all('gateway')$$),
  ('call as somebody else', $$SELECT spacetime.call_batch('\x00')$$),
  ('call a procedure as somebody else', $$CALL spacetime._call_procedure('\x00')$$),
  ('select as somebody else', $$SELECT spacetime._select('besieged', '[]', '\x00', '{}', '')$$),
  ('estimate the rows of a module', $$SELECT spacetime._estimate('besieged', '[]')$$),
  ('run a statement as somebody else', $$SELECT spacetime._run_statement('besieged', 'DELETE FROM message', '\x00', '{}', '')$$),
  ('evaluate a view as somebody else', $$SELECT spacetime._view('besieged', 'x', '\x00', '\x00')$$),
  ('follow all changes', $$SELECT spacetime.changes(NULL)$$),
  ('watch the change log', $$SELECT count(*) FROM spacetime.change_log$$),
  ('ask where the log stands', $$SELECT spacetime._settled_cursor()$$),
  ('wait as a gateway does', $$SELECT spacetime.wait_durable('0/1')$$),
  ('learn whom a token proves', $$SELECT spacetime._verify_token('x', '{}')$$),
  ('make tokens', $$SELECT spacetime.anonymous_token()$$),
  ('make tokens for browsers', $$SELECT spacetime.websocket_token('x')$$),
  ('plan a publish', $$SELECT count(*) FROM spacetime.plan_publish('mine', '\x00')$$),
  ('adopt', $$SELECT spacetime.adopt_module('besieged')$$),
  ('protect', $$SELECT spacetime.protect_module('besieged')$$),
  ('rename', $$SELECT spacetime.set_names('besieged', '{mine}')$$),
  ('take over', $$SELECT spacetime.set_owner('besieged', spacetime.sender())$$),
  ('set its environment', $$SELECT spacetime.set_env('besieged', 'A', 'b')$$),
  ('read its environment', $$SELECT count(*) FROM spacetime.env('besieged')$$),
  ('open the network', $$SELECT spacetime.allow_http('besieged', '*')$$),
  ('close the network', $$SELECT spacetime.disallow_http('besieged', '*')$$),
  ('see whom procedures may ask', $$SELECT count(*) FROM spacetime.http_hosts$$),
  ('subscribe to a private table', $$SELECT spacetime.subscribe('SELECT * FROM besieged.membership')$$),
  ('resume another''s subscription', $$SELECT spacetime.resume(1, 0)$$),
  ('end another''s subscription', $$SELECT spacetime.unsubscribe(1)$$),
  ('fetch a row of another''s', $$SELECT spacetime.fetch_change(1, 1)$$),
  ('forge a change', $$CREATE TRIGGER forged AFTER INSERT ON besieged.message FOR EACH ROW EXECUTE FUNCTION spacetime._capture_change('x')$$),
  ('forge changes from a table of one''s own', $$CREATE TEMP TABLE bait (id int); CREATE TRIGGER forged AFTER INSERT ON bait FOR EACH ROW EXECUTE FUNCTION spacetime._capture_change('x')$$),
  ('forge a schedule', $$CREATE TEMP TABLE bait (id int); CREATE TRIGGER forged AFTER INSERT ON bait FOR EACH ROW EXECUTE FUNCTION spacetime._note_schedule('x')$$),
  ('catalog: environment', $$SELECT count(*) FROM spacetime._environment$$),
  ('catalog: subscriptions', $$SELECT count(*) FROM spacetime._subscription$$),
  ('catalog: clients', $$SELECT count(*) FROM spacetime._client$$),
  ('catalog: hosts', $$SELECT count(*) FROM spacetime._http_host$$),
  ('publish as spacetime_admin', $$SET ROLE spacetime_admin$$),
  ('join spacetime_admin', $$GRANT spacetime_admin TO siege_client$$)
) a(name, sql);
-- COPY, cursors, prepared statements, plans: as themselves.
COPY besieged.message TO STDOUT;
COPY besieged.membership TO STDOUT;
\copy besieged.message FROM /dev/null
SET row_security = off;
SELECT count(*) FROM besieged.message;
RESET row_security;
-- Each major version of Postgres prints plans its own way.
CREATE FUNCTION pg_temp.looked_up(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
  plan := plan #> '{0,Plan}';
  RETURN concat_ws(', ', plan ->> 'Node Type', plan ->> 'Index Cond', (plan ->> 'Actual Rows')::numeric::int || ' rows');
END $$;
SELECT pg_temp.looked_up('SELECT * FROM besieged.notice WHERE id = 1');
RESET SESSION AUTHORIZATION;

-- Without the client role there is not even a schema; private reducers exist for nobody else.
SET ROLE siege_stranger;
SELECT name, siege.attack(sql) FROM (VALUES
  ('reducer of a module that is not open', $$SELECT besieged.announce(1, '')$$),
  ('the same by name', $$SELECT call_reducer('besieged', 'announce', '[1, ""]')$$),
  ('table of a module that is not open', $$SELECT count(*) FROM besieged.notice$$)
) a(name, sql);
RESET ROLE;
SELECT count(*) > 0 FROM spacetime.reducers WHERE kind = 'private' AND module = 'besieged-timers';
SELECT reducer ->> 'name' AS private_reducer FROM jsonb_array_elements(spacetime.describe('besieged-timers') -> 'reducers') reducer WHERE reducer ->> 'visibility' = 'Private' AND reducer ->> 'lifecycle' IS NULL ORDER BY 1 LIMIT 1 \gset
SET ROLE siege_client;
SELECT count(*) FROM spacetime.reducers WHERE kind = 'private';
SELECT count(*) FROM jsonb_array_elements(spacetime.describe('besieged-timers') -> 'reducers') r WHERE r ->> 'visibility' = 'Private' AND r ->> 'lifecycle' IS NULL;
SELECT siege.attack(format('SELECT call_reducer(''besieged-timers'', %L)', :'private_reducer')), siege.attack('SELECT call_reducer(''besieged-timers'', ''init'')');
-- A search_path and temporary objects of the caller's do not reach what runs with the owner's rights.
CREATE FUNCTION siege.sender() RETURNS bytea LANGUAGE sql AS $$ SELECT '\x00'::bytea $$;
CREATE TEMP TABLE membership AS SELECT 1::bigint AS id, spacetime.sender() AS who, 7::numeric AS room;
GRANT SELECT ON pg_temp.membership TO PUBLIC;
CREATE FUNCTION siege.eq(bytea, bytea) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR siege.= (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = siege.eq);
SET search_path = siege, pg_temp, pg_catalog, besieged;
SELECT count(*) FROM besieged.message;
SELECT count(*) FROM besieged.post;
RESET search_path;
RESET ROLE;

-- One connection, many clients: each login is its own, prepared statements and pooled plans included.
SET SESSION AUTHORIZATION siege_client;
PREPARE mine AS SELECT count(*) FROM besieged.message;
PREPARE post AS SELECT besieged.send($1, spacetime.sender(), $2);
RESET SESSION AUTHORIZATION;
SELECT siege.token('{"sub": "one"}') AS one, siege.token('{"sub": "two"}') AS two \gset
SET SESSION AUTHORIZATION siege_client;
SELECT spacetime.login(:'one') IS NOT NULL;
EXECUTE post(10, 'of one');
EXECUTE mine;
EXECUTE mine; EXECUTE mine; EXECUTE mine; EXECUTE mine; EXECUTE mine;
SELECT spacetime.login(:'two') IS NOT NULL;
EXECUTE mine;
BEGIN;
SELECT spacetime.login_local(:'one') IS NOT NULL;
EXECUTE mine;
COMMIT;
EXECUTE mine;
SELECT spacetime.logout();
EXECUTE mine;
-- A holdable cursor shows what its opener saw; nobody logs in over it.
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT count(*) FROM besieged.message;
COMMIT;
SELECT spacetime.login(:'one');
CLOSE h;
SELECT spacetime.login(:'one') IS NOT NULL;
-- A token that is logged in does not publish by the rights of the role.
RESET SESSION AUTHORIZATION;
SELECT spacetime.login(:'one') IS NOT NULL;
SELECT siege.attack($$SELECT publish_module('mine', pg_read_binary_file('test_modules/bank.wasm'))$$), siege.attack($$SELECT spacetime.drop_module('besieged')$$);
SELECT spacetime.sender() AS one_id, spacetime.logout();
SELECT spacetime.logout();
DO $$ BEGIN PERFORM spacetime.grant_publish(spacetime.sender()); PERFORM spacetime.revoke_publish(spacetime.sender()); PERFORM spacetime.grant_publish('\x00'); END $$;

SELECT spacetime.drop_module('besieged'), spacetime.drop_module('besieged-timers');
DELETE FROM spacetime._issuer WHERE issuer IN ('https://siege.example', 'https://rsa.example');
DROP SCHEMA siege CASCADE;
DROP OWNED BY siege_client, siege_stranger;
DROP ROLE siege_client, siege_victim, siege_stranger;
