-- What does a caller read who gets the arguments of a reducer wrong?
-- Every error must name reducer and parameter; none may reach the guest, which panics on bytes that do not decode.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('args', pg_read_binary_file('test_modules/everytype.wasm')) ->> 'created';
SELECT publish_module('args-bank', pg_read_binary_file('test_modules/bank.wasm')) ->> 'created';
SELECT "args-bank".seed(3, 100);
-- SQLSTATE, whether the message names the reducer, whether it names the parameter (or says what is surplus).
CREATE FUNCTION pg_temp.refused(reducer text, args jsonb, culprit text, module text DEFAULT 'args-bank') RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM call_reducer(module, reducer, args);
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    RETURN concat_ws(' ', SQLSTATE,
        CASE WHEN strpos(SQLERRM, '"' || reducer || '"') = 0 THEN 'WITHOUT REDUCER: ' || SQLERRM END,
        CASE WHEN strpos(SQLERRM, culprit) = 0 THEN 'WITHOUT PARAMETER: ' || SQLERRM END);
END $$;

-- What it looks like in full, once.
\set VERBOSITY default
SELECT call_reducer('args-bank', 'transfer', '{"from": 0, "to": 1}');
SELECT call_reducer('args-bank', 'transfer', '[0, 1]');
SELECT call_reducer('args-bank', 'transfer', '[0, -1, 5]');
\set VERBOSITY sqlstate

-- Missing, by name and by position; unknown; surplus; none where there should be some and the other way round.
SELECT pg_temp.refused('transfer', '{"from": 0, "to": 1}', 'amount');
SELECT pg_temp.refused('transfer', '{"to": 1, "amount": 1}', 'from');
SELECT pg_temp.refused('transfer', '{}', 'from');
SELECT pg_temp.refused('transfer', '[0, 1]', 'amount');
SELECT pg_temp.refused('transfer', '[]', 'from');
SELECT pg_temp.refused('transfer', '{"from": 0, "to": 1, "amount": 1, "fee": 1}', 'fee');
SELECT pg_temp.refused('transfer', '{"From": 0, "to": 1, "amount": 1}', 'rom');
SELECT pg_temp.refused('transfer', '[0, 1, 2, 3]', '4');
SELECT pg_temp.refused('count_up', '[1]', '1');
SELECT pg_temp.refused('count_up', '{"n": 1}', 'n');
SELECT pg_temp.refused('count_up', '{}', ''), pg_temp.refused('count_up', '[]', '');
-- Not a list of arguments at all.
SELECT args, pg_temp.refused('transfer', args, '') FROM unnest(ARRAY['null', '1', '"x"', 'true']::jsonb[]) args;

-- Wrong type.
SELECT args, pg_temp.refused('transfer', args, 'amount') FROM unnest(ARRAY['[0, 1, null]', '[0, 1, true]',
    '[0, 1, [5]]', '[0, 1, {}]', '[0, 1, 1.5]', '{"from": 0, "to": 1, "amount": null}']::jsonb[]) args;
-- Accepted: a number as a decimal string, for clients whose numbers are floats; nothing else in a string.
SELECT args, pg_temp.refused('transfer', args, 'amount') FROM unnest(ARRAY['[0, 1, "5"]', '[0, 1, "5 "]', '[0, 1, "0x5"]', '[0, 1, "1e1"]', '[0, 1, ""]']::jsonb[]) args;

-- Out of range, on both sides of each end.
SELECT pg_temp.refused('transfer', '[-1, 1, 1]', 'from'), pg_temp.refused('transfer', '[0, 4294967296, 1]', 'to');
SELECT pg_temp.refused('transfer', '[0, 1, 9223372036854775808]', 'amount');
SELECT pg_temp.refused('transfer', '[0, 1, -9223372036854775809]', 'amount');
SELECT pg_temp.refused('transfer', '[0, 1, 123456789012345678901234567890123456789012345678901234567890]', 'amount');
-- The greatest values are the guest's business.
\set VERBOSITY terse
SELECT call_reducer('args-bank', 'transfer', '[0, 4294967295, 9223372036854775807]');
\set VERBOSITY sqlstate

-- Inside of compound values: the path leads to the spot. Variants go by their canonical names, in lower camel case.
SELECT pg_temp.refused('insert_mixed', '["t", 1, true, {"Paused": []}, {"__identity__": "0x1"}, {"__timestamp_micros_since_unix_epoch__": 0}, {"__uuid__": 1}]', 'status', 'args');
SELECT pg_temp.refused('insert_mixed', '["t", 1, true, {"done": []}, {"__identity__": "0xgg"}, {"__timestamp_micros_since_unix_epoch__": 0}, {"__uuid__": 1}]', 'owner', 'args');
SELECT pg_temp.refused('insert_mixed', '["t", 1, true, {"done": []}, "c200", {"__timestamp_micros_since_unix_epoch__": 0}, {"__uuid__": 1}]', 'owner', 'args');
SELECT pg_temp.refused('insert_mixed', '["t", 1, true, {"done": []}, {"__identity__": "0x1"}, {"__timestamp_micros_since_unix_epoch__": 9223372036854775808}, {"__uuid__": 1}]', 'at', 'args');
SELECT pg_temp.refused('insert_mixed', '["t", 1, true, {"done": [], "waiting": []}, {"__identity__": "0x1"}, {"__timestamp_micros_since_unix_epoch__": 0}, {"__uuid__": 1}]', 'status', 'args');

-- The typed functions: NULL where there is no Option, and values outside the SATS type.
\set VERBOSITY terse
SELECT "args-bank".transfer(0, 1, NULL);
SELECT "args-bank".transfer(NULL, 1, 1);
SELECT "args-bank".transfer(0, -1, 1);
SELECT "args-bank".transfer(0, 4294967296, 1);
\set VERBOSITY sqlstate
SELECT "args-bank".transfer(NULL, 1, 1);
SELECT "args-bank".transfer(0, 4294967296, 1);
SELECT "args-bank".transfer(0, 1);
SELECT "args-bank".transfer('zero', 1, 1);
SELECT args.insert_direct_u_8(256::smallint, 'x');
SELECT args.insert_direct_u_8(-1::smallint, 'x');
SELECT args.insert_direct_u_16(65536, 'x');
SELECT args.insert_direct_u_64(18446744073709551616, 'x');
SELECT args.insert_direct_u_64(-1, 'x');
SELECT args.insert_direct_u_64(1.5, 'x');
SELECT args.insert_direct_u_64('NaN', 'x');
SELECT args.insert_direct_u_64('Infinity', 'x');
SELECT args.insert_direct_status(NULL, 'x');
SELECT args.insert_direct_status('Paused', 'x');
SELECT args.insert_by_identity('\x00', '\x00', '\x00', '\x00', 'short');
SELECT args.insert_by_timestamp('infinity', 'infinity', 'infinity', 'infinity', 'never');
SELECT args.schedule_in(1, NULL);
-- The strict function call_reducer with NULL does nothing at all.
SELECT call_reducer('args-bank', 'count_up', NULL) IS NULL, call_reducer(NULL, 'count_up') IS NULL;

-- No such module, no such reducer, names in the wrong case.
SELECT call_reducer('no-such-module', 'transfer');
SELECT call_reducer('args-bank', 'no_such_reducer');
SELECT call_reducer('args-bank', 'Transfer', '[0, 1, 1]');
SELECT call_reducer('Args-Bank', 'transfer', '[0, 1, 1]');
SELECT call_reducer('', ''), call_reducer('args-bank', '');
-- None of all that did anything, and the next call works.
SELECT count(*) FROM "args-bank".counter;
SELECT count(*) FROM args.direct_u_8;
SELECT call_reducer('args-bank', 'transfer', '{"amount": 30, "to": 1, "from": 0}');
SELECT id, balance FROM "args-bank".account ORDER BY id;
\set VERBOSITY terse
SELECT spacetime.drop_module('args'), spacetime.drop_module('args-bank');
