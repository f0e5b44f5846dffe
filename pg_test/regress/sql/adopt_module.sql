-- Does adopt_module bring back what operators took from a module, and does it refuse what does not fit?
\set VERBOSITY terse
\pset format unaligned
\t on
SET client_min_messages = error;
CREATE ROLE adopter;
CREATE ROLE adopt_other;
CREATE SCHEMA adopt_setup;
GRANT USAGE, CREATE ON SCHEMA adopt_setup TO PUBLIC;
CREATE FUNCTION adopt_setup.wasm(name text) RETURNS bytea LANGUAGE sql SECURITY DEFINER AS $$ SELECT pg_read_binary_file('test_modules/' || name || '.wasm') $$;
SELECT format('GRANT CREATE ON DATABASE %I TO adopter', current_database()) \gexec
GRANT EXECUTE ON FUNCTION publish_module, spacetime.drop_module, spacetime.adopt_module TO adopter;
GRANT EXECUTE ON FUNCTION spacetime.adopt_module TO adopt_other;
SET ROLE adopter;
SELECT publish_module('adopted', adopt_setup.wasm('chat')) ->> 'created';
SELECT adopted.register_user('ann');
CREATE TEMP TABLE before AS SELECT identity, owner_identity, concurrency, sql_writers, u64 FROM spacetime.modules WHERE name = 'adopted';

-- Nothing to mend.
SELECT spacetime.adopt_module('adopted');

-- A renamed schema is found; functions, rows and identity are as before.
ALTER SCHEMA adopted RENAME TO relocated;
SELECT * FROM spacetime.check_module('adopted');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
SELECT relocated.set_name('bea');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SELECT spacetime.adopt_module('adopted') -> 'steps';
SELECT relocated.set_name('bea');
SELECT name FROM relocated."user";
SELECT schema FROM spacetime.modules WHERE name = 'adopted';
SELECT * FROM spacetime.check_module('adopted');
SELECT spacetime.adopt_module('adopted', schema => 'adopted');
\echo :LAST_ERROR_SQLSTATE
-- Schema and module can be published over, types and all.
SELECT publish_module('adopted', adopt_setup.wasm('chat')) -> 'steps';

-- Dropped functions and triggers, and disabled ones.
DROP FUNCTION relocated.set_name;
DROP TRIGGER spacetime_lock ON relocated."user";
ALTER TABLE relocated.message DISABLE TRIGGER spacetime_lock;
SELECT object, problem FROM spacetime.check_module('adopted') ORDER BY object;
SELECT jsonb_array_length(spacetime.adopt_module('adopted') -> 'steps');
SELECT * FROM spacetime.check_module('adopted');
SELECT relocated.set_name('cleo');

-- Other code is no repair; nor is other people's.
SELECT spacetime.adopt_module('adopted', adopt_setup.wasm('bank'));
\echo :LAST_ERROR_SQLSTATE
SET ROLE adopt_other;
SELECT spacetime.adopt_module('adopted');
\echo :LAST_ERROR_SQLSTATE
SET ROLE adopter;

-- A table that no longer fits is refused, not papered over.
BEGIN;
ALTER TABLE relocated."user" DROP COLUMN name;
SELECT spacetime.adopt_module('adopted');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- The catalog has lost the module: tables and wasm bring it back as the same module.
SELECT spacetime.drop_module('adopted', keep_data => true);
SELECT spacetime.adopt_module('adopted');
\echo :LAST_ERROR_SQLSTATE
SELECT spacetime.adopt_module('other', adopt_setup.wasm('chat'));
\echo :LAST_ERROR_SQLSTATE
SELECT spacetime.adopt_module('adopted', adopt_setup.wasm('bank'));
\echo :LAST_ERROR_SQLSTATE
SELECT spacetime.adopt_module('adopted', '\x00');
\echo :LAST_ERROR_SQLSTATE
SET ROLE adopt_other;
SELECT spacetime.adopt_module('adopted', adopt_setup.wasm('chat'));
\echo :LAST_ERROR_SQLSTATE
SET ROLE adopter;
SELECT spacetime.adopt_module('adopted', adopt_setup.wasm('chat')) - 'steps';
SELECT (SELECT ROW(m.identity, m.owner_identity, m.concurrency, m.sql_writers, m.u64) FROM spacetime.modules m WHERE name = 'adopted') = ROW(b.*) FROM before b;
SELECT relocated.set_name('dora');
SELECT name FROM relocated."user";
SELECT * FROM spacetime.check_module('adopted');

-- A record copied to another schema makes two claims; neither is taken by chance.
CREATE SCHEMA copied;
CREATE TABLE copied.spacetime_lock ();
DO $$ BEGIN EXECUTE format('COMMENT ON TABLE copied.spacetime_lock IS %L', obj_description('relocated.spacetime_lock'::regclass)); END $$;
SELECT spacetime.adopt_module('adopted');
\echo :LAST_ERROR_SQLSTATE
SELECT spacetime.adopt_module('adopted', schema => 'copied');
\echo :LAST_ERROR_SQLSTATE
SELECT spacetime.adopt_module('adopted', schema => 'relocated') -> 'steps';
DROP SCHEMA copied CASCADE;

-- A renamed owner is the owner again once a superuser says so. Whoever is given the old name is not.
RESET ROLE;
ALTER ROLE adopter RENAME TO adopter_renamed;
\c
\t on
SET client_min_messages = error;
\pset format unaligned
\set VERBOSITY default
SELECT relocated.set_name('eve');
\echo :LAST_ERROR_SQLSTATE
CREATE ROLE adopter;
GRANT EXECUTE ON FUNCTION publish_module, spacetime.drop_module, spacetime.adopt_module TO adopter;
SET ROLE adopter;
\set VERBOSITY terse
SELECT publish_module('adopted', adopt_setup.wasm('chat'));
\echo :LAST_ERROR_SQLSTATE
SELECT spacetime.drop_module('adopted');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM spacetime.logs('adopted');
\echo :LAST_ERROR_SQLSTATE
SELECT spacetime.adopt_module('adopted');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM relocated."user";
\echo :LAST_ERROR_SQLSTATE
SET ROLE adopter_renamed;
SELECT spacetime.adopt_module('adopted');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT spacetime.adopt_module('adopted') -> 'created';
SELECT owner_role FROM spacetime.modules WHERE name = 'adopted';
SET ROLE adopter_renamed;
SELECT relocated.set_name('eve');
SELECT name FROM relocated."user";
SELECT publish_module('adopted', adopt_setup.wasm('chat')) ->> 'created';

SELECT spacetime.drop_module('adopted');
RESET ROLE;
DROP SCHEMA adopt_setup CASCADE;
DROP OWNED BY adopter, adopter_renamed, adopt_other;
DROP ROLE adopter, adopter_renamed, adopt_other;
