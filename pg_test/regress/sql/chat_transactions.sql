-- Is a reducer call part of the caller's transaction, however it is nested?
-- ROLLBACK, savepoints, DO blocks, functions with EXCEPTION, and many calls in one statement.
\set VERBOSITY sqlstate
SELECT publish_module('tx', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
CREATE VIEW pg_temp.bags AS SELECT coalesce(string_agg(label, ' ' ORDER BY label), '(none)') AS bags FROM tx.bag;

-- ROLLBACK leaves nothing, COMMIT everything.
BEGIN;
SELECT tx.insert_bag('rolled', NULL);
SELECT call_reducer('tx', 'insert_bag', '["back", null]');
SELECT * FROM pg_temp.bags;
ROLLBACK;
SELECT * FROM pg_temp.bags;
BEGIN;
SELECT tx.insert_bag('a', 1);
SELECT tx.insert_bag('b', 2);
COMMIT;
SELECT * FROM pg_temp.bags;

-- An error fails the transaction like any other, and takes what came before along.
BEGIN;
SELECT tx.insert_bag('lost', 1);
SELECT tx.write_and_fail('on purpose');
\echo :LAST_ERROR_MESSAGE
SELECT tx.insert_bag('not reached', 1);
COMMIT;
SELECT * FROM pg_temp.bags;

-- Savepoints: after an error, after a trap, without one, nested, released.
BEGIN;
SELECT tx.insert_bag('c', 3);
SAVEPOINT one;
SELECT tx.write_and_fail('on purpose');
ROLLBACK TO one;
SELECT * FROM pg_temp.bags;
SELECT tx.insert_bag('d', 4);
SAVEPOINT two;
SELECT tx.insert_bag('undone', 5);
SAVEPOINT three;
SELECT tx.violate_unhandled();
ROLLBACK TO three;
RELEASE three;
SELECT * FROM pg_temp.bags;
ROLLBACK TO two;
SELECT tx.delete_bag('a', 1);
RELEASE one;
SELECT * FROM pg_temp.bags;
COMMIT;
SELECT * FROM pg_temp.bags;
-- A row deleted in an aborted subtransaction is there for the guest, an inserted one is not.
BEGIN;
SAVEPOINT s;
SELECT tx.delete_bag('b', 2);
SELECT tx.insert_bag('e', 5);
ROLLBACK TO s;
SELECT tx.replace_bag('b', 2);
SELECT tx.delete_bag('e', 5);
ROLLBACK;
SELECT * FROM pg_temp.bags;

-- plpgsql: DO, a loop, and a handler that undoes exactly its block.
DO $$ BEGIN FOR n IN 1..3 LOOP PERFORM tx.insert_bag('loop', n); END LOOP; END $$;
SELECT label, number FROM tx.bag WHERE label = 'loop' ORDER BY number;
CREATE FUNCTION pg_temp.handled(message text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
    PERFORM tx.insert_bag('kept', 1);
    BEGIN
        PERFORM tx.insert_bag('in the block', 1);
        PERFORM tx.write_and_fail(message);
    EXCEPTION WHEN external_routine_exception THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
        PERFORM tx.insert_bag('handler', 1);
        RETURN SQLSTATE || ' ' || SQLERRM;
    END;
    RETURN 'no error';
END $$;
SELECT pg_temp.handled('said the guest');
SELECT * FROM pg_temp.bags;
-- The same with a trap, which costs the instance, and with an error of Postgres inside the call.
CREATE FUNCTION pg_temp.state_of(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN EXECUTE sql; RETURN 'ok'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;
SELECT pg_temp.state_of($$SELECT tx.count_and_panic()$$), pg_temp.state_of($$SELECT tx.count_and_fail()$$),
       pg_temp.state_of($$SELECT tx.count_calls()$$);
ALTER TABLE tx.bag ADD CONSTRAINT no_bad CHECK (label <> 'bad');
SELECT pg_temp.state_of($$SELECT tx.insert_bag('bad', 1)$$), pg_temp.state_of($$SELECT tx.insert_bag('good', 1)$$);
SELECT * FROM pg_temp.bags;
-- A procedure that commits between calls.
CREATE PROCEDURE public.tx_in_steps() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tx.insert_bag('step one', 1);
    COMMIT;
    PERFORM tx.insert_bag('step two', 2);
    ROLLBACK;
    PERFORM tx.insert_bag('step three', 3);
END $$;
CALL public.tx_in_steps();
DROP PROCEDURE public.tx_in_steps;
SELECT label FROM tx.bag WHERE label LIKE 'step%' ORDER BY label;

-- Many calls in one statement: each sees the ones before; an error in the last undoes all.
DELETE FROM tx.bag;
SELECT count(tx.insert_bag('many', n)) FROM generate_series(1, 100) n;
SELECT tx.clear_bag(100);
SELECT tx.insert_bag('one', n), tx.delete_bag('one', n) FROM generate_series(1, 3) n;
SELECT tx.insert_bag('undone', n), CASE n WHEN 3 THEN tx.write_and_fail('third') END FROM generate_series(1, 3) n;
SELECT * FROM pg_temp.bags;
-- In a WHERE, a prepared statement, a CTE, a cursor.
SELECT n FROM generate_series(1, 2) n WHERE tx.insert_bag('where', n) IS NOT NULL;
PREPARE add(text, int) AS SELECT tx.insert_bag($1, $2);
EXECUTE add('prepared', 1);
EXECUTE add('prepared', NULL);
EXECUTE add(NULL, 1);
DEALLOCATE add;
WITH calls AS MATERIALIZED (SELECT tx.insert_bag('cte', 1)) SELECT count(*) FROM calls;
BEGIN;
DECLARE c CURSOR FOR SELECT tx.insert_bag('cursor', n) FROM generate_series(1, 3) n;
FETCH 2 FROM c;
COMMIT;
SELECT label, number FROM tx.bag ORDER BY label, number NULLS LAST;
-- Sequences do not roll back: a number drawn by a failed call is not given again.
SELECT tx.insert_number('first');
SELECT tx.draw_number_and_fail();
SELECT tx.insert_number('second');
SELECT id - min(id) OVER () AS distance, note FROM tx.big_number ORDER BY id;

SELECT spacetime.drop_module('tx');
