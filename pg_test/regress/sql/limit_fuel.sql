-- Does spacetime.fuel_per_call bound the instructions of a call, the same number each time?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('limit-fuel', pg_read_binary_file('test_modules/misbehave.wasm')) ->> 'created';
SHOW spacetime.fuel_per_call;
SELECT "limit-fuel".spin_for(100);
SET spacetime.fuel_per_call = 10;
SELECT "limit-fuel".spin();
SELECT "limit-fuel".spin_for(100);
SELECT "limit-fuel".do_nothing();
SELECT call_reducer('limit-fuel', 'write_and_spin');
SELECT "limit-fuel".write('well');
SELECT note FROM "limit-fuel".witness;
-- Each call has its own: what one leaves or uses up is nothing to the next.
SELECT count("limit-fuel".spin_for(1)) FROM generate_series(1, 20);
-- Deterministic: spin_for(n) fails from the same n on, again and again.
CREATE FUNCTION pg_temp.least_failing() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1..100 LOOP
        BEGIN PERFORM "limit-fuel".spin_for(n); EXCEPTION WHEN configuration_limit_exceeded THEN RETURN n; END;
    END LOOP;
    RETURN NULL;
END $$;
SELECT pg_temp.least_failing() = pg_temp.least_failing(), pg_temp.least_failing() BETWEEN 2 AND 10;
-- Off again in the same session: the module runs without the counting code.
SET spacetime.fuel_per_call = 0;
SELECT "limit-fuel".spin_for(100);
SET spacetime.fuel_per_call = 1000;
SELECT "limit-fuel".spin_for(100);
-- Publishing under a limit.
SET spacetime.fuel_per_call = 1;
SELECT publish_module('limit-fuel-two', pg_read_binary_file('test_modules/chat.wasm')) ->> 'created';
SELECT "limit-fuel-two".register_user('x');
\set VERBOSITY terse
SELECT "limit-fuel".spin();
RESET ALL;
SELECT spacetime.drop_module('limit-fuel'), spacetime.drop_module('limit-fuel-two');
