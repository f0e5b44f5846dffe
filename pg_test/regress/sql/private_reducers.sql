-- Who may call a reducer that is meant for the scheduler?
-- The module's owner, by call_reducer; for everybody else there is no such reducer. Nobody has a function for it.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = error;
SELECT publish_module('private', pg_read_binary_file('test_modules/everytype.wasm')) ->> 'created';
SELECT name, pg_function, kind FROM spacetime.reducers WHERE module = 'private' AND kind <> 'callable';
SELECT count(*) FROM pg_proc WHERE pronamespace = 'private'::regnamespace AND proname = 'fire';
CREATE ROLE private_user;
GRANT spacetime_client TO private_user;
SET ROLE private_user;
SELECT call_reducer('private', 'fire', '[[0, {"Time": [0]}, "by a user", false]]');
SELECT call_reducer('private', 'fire', '["not even well-formed"]');
SELECT private.fire('{}');
-- An ordinary one of the same module, to show that it is not the module.
SELECT private.cancel_timers();
RESET ROLE;
SELECT call_reducer('private', 'fire', '[[0, {"Time": [0]}, "by the owner", false]]');
SELECT call_reducer('private', 'fire', '[{"scheduled_id": 0, "scheduled_at": {"Time": [0]}, "note": "fails", "fails": true}]');
SELECT note, is_internal, sender = spacetime.sender(), timer_present FROM private.fired;
-- A scheduled row is an ordinary row; what was rolled back is not there.
SELECT private.schedule_in(1000, 'once'), private.schedule_every(1000, 'again');
SELECT private.schedule_and_fail(1000, 'never');
SELECT scheduled_id, note, fails, scheduled_at ? 'Time' AS once, scheduled_at -> 'Interval' AS every FROM private.timer ORDER BY scheduled_id;
SELECT private.cancel_timers();
SELECT count(*) FROM private.timer;
SELECT spacetime.drop_module('private');
DROP ROLE private_user;
