-- Does everything a module can do wrong at run time end as an error of the call, with nothing left and the session usable?
-- Endless reducers, failures, traps, exhaustion: one reducer each in modules/fixtures/misbehave.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('misbehave', pg_read_binary_file('test_modules/misbehave.wasm')) ->> 'created';
-- SQLSTATE of a bad call; then a good one in the same session and transaction must work.
CREATE FUNCTION pg_temp.call(reducer text, args jsonb DEFAULT '[]') RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text = 'ok';
BEGIN
    BEGIN
        PERFORM call_reducer('misbehave', reducer, args);
    EXCEPTION WHEN OTHERS OR query_canceled THEN
        state := SQLSTATE || CASE WHEN SQLSTATE LIKE 'XX%' THEN ' ' || SQLERRM ELSE '' END;
    END;
    PERFORM call_reducer('misbehave', 'do_nothing');
    RETURN state;
END $$;

-- Errors.
SELECT misbehave.fail('the guest''s words');
\echo :LAST_ERROR_MESSAGE
SELECT pg_temp.call('fail', '["x"]'), pg_temp.call('fail', '[""]'), pg_temp.call('fail_at_length', '[100000]'), pg_temp.call('write_and_fail', '["x"]');
-- A message may be long, but not without end.
SELECT pg_temp.call('fail_at_length', '[100000000]') IN ('38000', '53400', '39000');
SELECT misbehave.fail(E'two\nlines, 100% größe, "quoted" %s %m');
SELECT :'LAST_ERROR_MESSAGE' = E'two\nlines, 100% größe, "quoted" %s %m';

-- Traps: SQLSTATE, the function's name in the backtrace, the panic's message in the log.
SELECT pg_temp.call('panic', '["panicked on purpose"]'), pg_temp.call('write_and_panic'), pg_temp.call('divide', '[1, 0]'), pg_temp.call('divide', '[-2147483648, -1]'), pg_temp.call('trap'),
       pg_temp.call('read_out_of_bounds'), pg_temp.call('write_out_of_bounds'), pg_temp.call('call_nowhere');
SELECT pg_temp.call('divide', '[7, 2]');
SELECT misbehave.panic('at top level');
SELECT misbehave.do_nothing();
\set VERBOSITY terse
DO $$
DECLARE detail text;
BEGIN
    PERFORM misbehave.trap();
EXCEPTION WHEN external_routine_invocation_exception THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RAISE INFO 'the backtrace names the guest''s functions: %', detail LIKE '%misbehave::fail::trap%';
END $$;
\set VERBOSITY sqlstate
SELECT level, message FROM spacetime.logs('misbehave') WHERE message LIKE '%on purpose%';

-- Stacks: the engine's and the module's own.
SELECT pg_temp.call('recurse'), pg_temp.call('recurse_with_locals');
SELECT misbehave.recurse();
SELECT misbehave.do_nothing();

-- More than its share, but within the limits.
SELECT pg_temp.call('allocate', '[100]'), pg_temp.call('leak_iterators', '[100]'), pg_temp.call('leak_timers', '[100]'), pg_temp.call('log_at_length', '[1000000]'),
       pg_temp.call('insert_at_length', '[10000000]'), pg_temp.call('insert_many', '[1000]'), pg_temp.call('delete_at_length', '[1000]');
SELECT count(*), max(length(note)) FROM misbehave.witness;
DELETE FROM misbehave.witness;
-- Memory.
SET spacetime.max_memory_mb = 32;
SELECT pg_temp.call('allocate_without_end');
SELECT misbehave.allocate_without_end();
SELECT misbehave.do_nothing();
SELECT misbehave.allocate(16);
SELECT misbehave.grow_until_refused();
SELECT substring(:'LAST_ERROR_MESSAGE' from 'refused at [0-9]+ pages') IS NOT NULL, substring(:'LAST_ERROR_MESSAGE' from '[0-9]+')::int BETWEEN 400 AND 512;
RESET spacetime.max_memory_mb;
SELECT misbehave.allocate(100);
-- Handles.
SELECT pg_temp.call('leak_iterators', '[1000000]') IN ('ok', '53400');
SET statement_timeout = '3s';
SELECT misbehave.leak_iterators_without_end();
RESET statement_timeout;
SELECT misbehave.do_nothing();

-- Endless: a cancel by statement_timeout works wherever the time is spent.
SET statement_timeout = '300ms';
SELECT misbehave.spin();
SELECT misbehave.spin_counting();
SELECT misbehave.spin_scanning();
SELECT misbehave.spin_rewriting();
SELECT misbehave.spin_inserting();
SELECT misbehave.spin_logging();
SELECT misbehave.write_and_spin();
SELECT call_reducer('misbehave', 'spin');
RESET statement_timeout;
SELECT misbehave.do_nothing();
-- In a block that handles it, and behind a savepoint.
SET statement_timeout = '300ms';
\set VERBOSITY terse
DO $$ BEGIN PERFORM misbehave.spin(); EXCEPTION WHEN query_canceled THEN RAISE INFO 'handled %', SQLSTATE; END $$;
\set VERBOSITY sqlstate
BEGIN;
SELECT misbehave.write('before the savepoint');
SAVEPOINT s;
SELECT misbehave.write_and_spin();
ROLLBACK TO s;
SELECT misbehave.write('after it');
COMMIT;
RESET statement_timeout;
-- Nothing of all these calls is left, but what was committed.
SELECT note FROM misbehave.witness ORDER BY id;
SELECT misbehave.write('well');
SELECT count(*) FROM misbehave.witness;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode LIKE '%Exclusive%' AND locktype = 'relation';
SELECT spacetime.drop_module('misbehave');
