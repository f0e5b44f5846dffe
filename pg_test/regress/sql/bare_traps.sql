-- Does every trapping WASM instruction end as 39000 (the stack as 54001), with the next call working?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('bare-traps', pg_read_binary_file('test_modules/bare_traps.wasm')) ->> 'created';
SELECT "bare-traps".divide_by_zero();
SELECT "bare-traps".well();
SELECT "bare-traps".divide_overflow();
SELECT "bare-traps".well();
SELECT "bare-traps".remainder_by_zero();
SELECT "bare-traps".float_too_large();
SELECT "bare-traps".unreachable_code();
SELECT "bare-traps".well();
SELECT "bare-traps".load_out_of_bounds();
SELECT "bare-traps".well();
SELECT "bare-traps".store_out_of_bounds();
SELECT "bare-traps".well();
SELECT "bare-traps".fill_out_of_bounds();
SELECT "bare-traps".call_empty_entry();
SELECT "bare-traps".call_wrong_type();
SELECT "bare-traps".call_beyond_table();
SELECT "bare-traps".well();
SELECT "bare-traps".recurse();
SELECT "bare-traps".well();
-- These two grow until the host refuses, and succeed.
SELECT "bare-traps".grow_memory(), "bare-traps".grow_table();
SET statement_timeout = '300ms';
SELECT "bare-traps".spin();
RESET statement_timeout;
SELECT "bare-traps".well();
-- In one transaction, each behind a savepoint; and many times over, so that a leak per trap would show as a crash.
\set VERBOSITY terse
DO $$
DECLARE reducer text; states text[] = '{}';
BEGIN
    FOR reducer IN SELECT name FROM spacetime.reducers, generate_series(1, 20) WHERE module = 'bare-traps' AND name NOT IN ('well', 'spin', 'grow_memory', 'grow_table') LOOP
        BEGIN
            PERFORM call_reducer('bare-traps', reducer);
            states := states || reducer;
        EXCEPTION WHEN OTHERS THEN
            states := states || SQLSTATE::text;
        END;
        PERFORM call_reducer('bare-traps', 'well');
    END LOOP;
    RAISE INFO '%', (SELECT jsonb_object_agg(state, count) FROM (SELECT state, count(*) FROM unnest(states) state GROUP BY state) x);
END $$;
\set VERBOSITY sqlstate
-- A trap inside of a call of Postgres' own fault handling: the server's SIGFPE and SIGSEGV still are what they were.
SELECT 1 / 0;
SELECT "bare-traps".divide_by_zero();
SELECT (-2147483648)::int / -1;
SELECT "bare-traps".well();
-- What a user reads: which instruction, and where.
\set VERBOSITY terse
SELECT "bare-traps".divide_by_zero();
SELECT "bare-traps".load_out_of_bounds();
SELECT "bare-traps".recurse();
SELECT spacetime.drop_module('bare-traps');
