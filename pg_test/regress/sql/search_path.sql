-- Can a caller's search_path, temporary objects or session settings make a reducer touch anything but its own tables?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
SELECT publish_module('path', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
-- Tables, functions, operators and types of the same names, in front of everything.
CREATE SCHEMA path_hijack;
CREATE TABLE path_hijack.bag (label text, number int);
CREATE TABLE path_hijack.labelled (id bigint, label text, number int);
CREATE TEMP TABLE bag (label text, number int);
CREATE TEMP TABLE labelled (id bigint, label text, number int);
CREATE FUNCTION path_hijack.nextval(regclass) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION path_hijack.call_reducer(module text, reducer text, args jsonb DEFAULT '[]') RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION path_hijack.equal(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE OPERATOR path_hijack.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = path_hijack.equal);
CREATE FUNCTION path_hijack.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE OPERATOR path_hijack.= (LEFTARG = text, RIGHTARG = text, FUNCTION = path_hijack.equal);
CREATE DOMAIN path_hijack.identity AS bytea CHECK (false);
SET search_path = pg_temp, path_hijack, pg_catalog, public;
SELECT path.check_all();
SELECT public.call_reducer('path', 'check_all');
SELECT path.insert_bag('mine', 1), path.insert_labelled(70, 'mine', 1), path.insert_number('mine'), path.record_call('mine');
SELECT (SELECT count(*) FROM pg_temp.bag), (SELECT count(*) FROM path_hijack.bag), (SELECT count(*) FROM pg_temp.labelled), (SELECT count(*) FROM path_hijack.labelled);
RESET search_path;
SELECT label FROM path.bag WHERE number OPERATOR(pg_catalog.=) 1 AND label OPERATOR(pg_catalog.=) 'mine';
SET search_path = '';
SELECT path.check_all();
RESET search_path;
-- Publishing and looking under such a path.
SET search_path = path_hijack, pg_catalog, public;
SELECT public.publish_module('path-two', pg_read_binary_file('test_modules/chat.wasm')) OPERATOR(pg_catalog.->>) 'created';
SELECT "path-two".register_user('x');
SELECT count(*) FROM spacetime.check_module('path-two');
SELECT spacetime.drop_module('path-two');
RESET search_path;
-- CHECKs, triggers and defaults of the tables run with the module's path, too: not the caller's.
CREATE FUNCTION path.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO path.path_seen VALUES (current_setting('search_path') LIKE '%path_hijack%'); RETURN NULL; END $$;
CREATE TABLE path.path_seen (hijacked boolean);
CREATE TRIGGER note AFTER INSERT ON path.bag FOR EACH ROW EXECUTE FUNCTION path.note();
SET search_path = path_hijack, pg_catalog;
SELECT path.insert_bag('with a trigger', 1);
RESET search_path;
SELECT hijacked FROM path.path_seen;
-- Nor does a function of the module's schema come before Postgres' own: a reducer may be called now or count.
CREATE FUNCTION path.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE OR REPLACE FUNCTION path.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO path.path_seen VALUES (now() IS NULL); RETURN NULL; END $$;
SELECT path.insert_bag('with now()', 1);
DROP FUNCTION path.now();

-- Settings that change what values look like or how they are parsed do not reach what is stored.
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'postgres_verbose';
SET timezone = 'Asia/Kolkata';
SET extra_float_digits = 0;
SET bytea_output = 'escape';
SET standard_conforming_strings = off;
SET default_text_search_config = 'pg_catalog.german';
SET array_nulls = off;
SET transform_null_equals = on;
SELECT path.check_all();
SET check_function_bodies = off;
SET row_security = off;
SELECT path.check_all();
RESET ALL;
SET client_min_messages = warning;

-- session_replication_role = replica switches off triggers and foreign keys of SQL; a reducer keeps them.
CREATE TABLE path.parent (label text PRIMARY KEY);
INSERT INTO path.parent VALUES ('known');
ALTER TABLE path.bag ADD FOREIGN KEY (label) REFERENCES path.parent NOT VALID;
TRUNCATE path.path_seen;
SET session_replication_role = replica;
SELECT path.insert_bag('unknown', 1);
SELECT call_reducer('path', 'insert_bag', '["unknown", null]');
SELECT path.insert_bag('known', 1);
SHOW session_replication_role;
RESET session_replication_role;
SELECT label FROM path.bag WHERE label LIKE '%known' ORDER BY label;
SELECT count(*) AS trigger_fired FROM path.path_seen;
SELECT spacetime.drop_module('path');
DROP SCHEMA path_hijack CASCADE;
