-- Does spacetime.call_timeout_ms end a call, and only the call?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('limit-time', pg_read_binary_file('test_modules/misbehave.wasm')) ->> 'created';
SHOW spacetime.call_timeout_ms;
SET spacetime.call_timeout_ms = 200;
SELECT "limit-time".spin();
SELECT "limit-time".spin_counting();
SELECT "limit-time".spin_inserting();
SELECT call_reducer('limit-time', 'write_and_spin');
SELECT "limit-time".write('well');
SELECT note FROM "limit-time".witness;
\set VERBOSITY terse
SELECT "limit-time".spin();
SELECT :'LAST_ERROR_MESSAGE' LIKE '%limit%';
\set VERBOSITY sqlstate
-- It is per call: many short ones may take longer in sum, and the time between calls does not count.
SELECT count("limit-time".spin_for(1)) FROM generate_series(1, 300) n;
SELECT pg_sleep(0.3), "limit-time".do_nothing();
BEGIN;
SELECT "limit-time".do_nothing();
SELECT pg_sleep(0.3);
SELECT "limit-time".do_nothing();
COMMIT;
-- It can be handled, unlike a cancel of the statement it leaves the statement alone.
DO $$
BEGIN
    BEGIN
        PERFORM "limit-time".spin();
    EXCEPTION WHEN configuration_limit_exceeded THEN
        PERFORM "limit-time".write('handled');
    END;
END $$;
SELECT note FROM "limit-time".witness ORDER BY id;
-- The statement's own timeout comes first when it is shorter, and the other way round.
SET statement_timeout = '100ms';
SELECT "limit-time".spin();
SET statement_timeout = '10s';
SELECT "limit-time".spin();
RESET statement_timeout;
-- 0: none.
SET spacetime.call_timeout_ms = 0;
SET statement_timeout = '400ms';
SELECT "limit-time".spin();
RESET statement_timeout;
SELECT "limit-time".spin_for(1);
-- Ordinary roles cannot lift it.
CREATE ROLE limit_time_user;
SET ROLE limit_time_user;
SET spacetime.call_timeout_ms = 0;
SET spacetime.max_memory_mb = 4096;
SET spacetime.fuel_per_call = 0;
SET spacetime.max_call_depth = 100;
SET spacetime.log_level = 'trace';
SET spacetime.row_wait_ms = 10;
RESET ROLE;
DROP ROLE limit_time_user;
SET spacetime.call_timeout_ms = -1;
RESET ALL;
SELECT spacetime.drop_module('limit-time');
