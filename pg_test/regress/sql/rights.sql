-- Who may call what, and as whom?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('rights', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
CREATE ROLE rights_user;
CREATE ROLE rights_other;
CREATE FUNCTION public.rights_state(sql text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; RETURN 'ok'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;

-- USAGE on the schema, for both ways in.
SET ROLE rights_user;
SELECT rights.record_call('without usage');
SELECT call_reducer('rights', 'record_call', '["without usage"]');
RESET ROLE;
GRANT spacetime_client TO rights_user;
SET ROLE rights_user;
SELECT rights.record_call('typed'), call_reducer('rights', 'record_call', '["json"]');
-- No right on the tables is needed for that. Clients read public tables, and write none.
SELECT count(*) FROM rights.call;
INSERT INTO rights.bag VALUES ('x', 1);
RESET ROLE;
SELECT note, sender = spacetime.sender() AS of_owner FROM rights.call ORDER BY id;
-- EXECUTE, for both ways in.
REVOKE EXECUTE ON FUNCTION rights.insert_bag FROM spacetime_client;
SET ROLE rights_user;
SELECT rights.insert_bag('without execute', 1);
SELECT call_reducer('rights', 'insert_bag', '["without execute", null]');
SELECT rights.record_call('others are not touched');
RESET ROLE;
GRANT EXECUTE ON FUNCTION rights.insert_bag TO rights_user;
SET ROLE rights_user;
SELECT rights.insert_bag('with execute', 1), call_reducer('rights', 'insert_bag', '["with execute", {"some": 2}]');
SET ROLE rights_other;
SELECT call_reducer('rights', 'insert_bag', '["without usage", null]');
RESET ROLE;
-- The owner's own right is taken away: then the owner may not either (a superuser may).
REVOKE EXECUTE ON FUNCTION rights.insert_bag FROM rights_user;
-- Lifecycle reducers have no function and cannot be called by name, by nobody.
SELECT call_reducer('rights', 'initialise'), 1;
SELECT call_reducer('rights', 'client_connected');
SELECT call_reducer('rights', 'client_disconnected', '[]');
SELECT rights.client_connected();
SELECT count(*) FROM rights.lifecycle_event;
-- A private table's rows are not for others even with USAGE.
SET ROLE rights_user;
SELECT * FROM rights.closed_door;
RESET ROLE;

-- The sender is the role SET ROLE chose; the claims belong to it.
TRUNCATE rights.call;
SELECT rights.record_call('postgres');
SET ROLE rights_user;
SELECT rights.record_call('rights_user'), rights.expect_claims_of_sender();
CREATE TEMP TABLE user_sender AS SELECT spacetime.sender() AS sender;
RESET ROLE;
GRANT spacetime_client TO rights_other;
SET SESSION AUTHORIZATION rights_other;
SELECT rights.record_call('rights_other'), rights.expect_claims_of_sender();
RESET SESSION AUTHORIZATION;
SELECT note, subject, is_internal FROM rights.call ORDER BY id;
SELECT count(DISTINCT sender), count(DISTINCT connection_id) FROM rights.call;
SELECT sender = (SELECT sender FROM user_sender) FROM rights.call WHERE note = 'rights_user';
-- Inside a SECURITY DEFINER function the sender stays the caller; rights are the definer's.
CREATE FUNCTION public.rights_definer(note text) RETURNS bytea LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM rights.record_call(note);
    PERFORM rights.insert_bag('by definer', 1);
    RETURN spacetime.sender();
END $$;
SET ROLE rights_user;
SELECT rights.insert_bag('not allowed', 1);
SELECT public.rights_definer('through a definer') = (SELECT sender FROM user_sender);
RESET ROLE;
SELECT note, subject FROM rights.call WHERE note = 'through a definer';
SELECT label FROM rights.bag ORDER BY label;
-- SET ROLE in the middle of a transaction, and undone by a rollback to a savepoint.
BEGIN;
SELECT rights.record_call('tx: postgres');
SAVEPOINT s;
SET ROLE rights_user;
SELECT rights.record_call('tx: rights_user, rolled back');
ROLLBACK TO s;
SELECT rights.record_call('tx: postgres again');
SET LOCAL ROLE rights_other;
SELECT rights.record_call('tx: rights_other');
COMMIT;
SELECT note, subject FROM rights.call WHERE note LIKE 'tx%' ORDER BY id;
SELECT current_user;

-- After a call, good or bad, the session is who it was, with the settings it had.
SET ROLE rights_user;
SET search_path = pg_catalog, rights;
SELECT rights.record_call('x');
SELECT current_user, session_user, current_setting('search_path'), current_setting('row_security'), current_setting('session_replication_role');
SELECT rights.count_and_panic();
SELECT current_user, session_user, current_setting('search_path');
SELECT public.rights_state('SELECT rights.count_and_fail()'), public.rights_state('SELECT rights.count_and_panic()');
SELECT current_user, current_setting('search_path');
RESET search_path;
-- A module in another role's schema: triggers of the reducer's writes run as the owner of the module.
RESET ROLE;
CREATE TABLE public.rights_seen (who text, sender bytea);
CREATE FUNCTION public.rights_see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.rights_seen VALUES (current_user, spacetime.sender()); RETURN NULL; END $$;
CREATE TRIGGER see AFTER INSERT ON rights.call FOR EACH ROW EXECUTE FUNCTION public.rights_see();
SET ROLE rights_user;
SELECT rights.record_call('seen by a trigger');
RESET ROLE;
SELECT who, seen.sender = u.sender FROM public.rights_seen seen, user_sender u;
-- Row policies of the tables do not stop the module: it owns them. FORCE neither.
ALTER TABLE rights.bag ENABLE ROW LEVEL SECURITY;
ALTER TABLE rights.bag FORCE ROW LEVEL SECURITY;
CREATE POLICY nothing ON rights.bag USING (false);
SELECT rights.insert_bag('under a policy', 1), rights.delete_bag('under a policy', 1);
-- Renaming the role changes its identity, as documented.
ALTER ROLE rights_user RENAME TO rights_renamed;
SET ROLE rights_renamed;
SELECT spacetime.sender() = (SELECT sender FROM user_sender);
RESET ROLE;
SET client_min_messages = warning;
SELECT spacetime.drop_module('rights');
DROP FUNCTION public.rights_definer, public.rights_state, public.rights_see CASCADE;
DROP TABLE public.rights_seen;
DROP TABLE user_sender;
DROP ROLE rights_renamed, rights_other;
