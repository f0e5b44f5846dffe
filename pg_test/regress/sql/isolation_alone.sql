-- Where may a reducer run? Isolation levels, read-only, parallel and prepared transactions, one session alone.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('alone', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
-- Read-only: refused before the guest runs, by every way in; also for a reducer that would only read.
BEGIN READ ONLY;
SELECT alone.insert_bag('read only', 1);
ROLLBACK;
BEGIN READ ONLY;
SELECT call_reducer('alone', 'insert_bag', '["read only", null]');
ROLLBACK;
BEGIN READ ONLY;
SELECT alone.clear_bag(0);
ROLLBACK;
SET default_transaction_read_only = on;
SELECT alone.insert_bag('read only', 1);
RESET default_transaction_read_only;
BEGIN;
SELECT alone.insert_bag('before', 1);
SET TRANSACTION READ ONLY;
SELECT alone.insert_bag('after', 1);
ROLLBACK;
-- Looking is allowed.
BEGIN READ ONLY;
SELECT spacetime.describe('alone') IS NOT NULL, (SELECT count(*) FROM spacetime.check_module('alone')), length(spacetime.sender()), (SELECT count(*) FROM spacetime.logs('alone')) >= 0;
SELECT spacetime.drop_module('alone');
ROLLBACK;
SELECT count(*) FROM alone.bag;

-- REPEATABLE READ and SERIALIZABLE, with own writes of SQL and of reducers in between.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM alone.bag;
SELECT alone.insert_bag('repeatable', 1);
INSERT INTO alone.bag VALUES ('by sql', 2);
SELECT alone.insert_bag('repeatable', 3), alone.delete_bag('by sql', 2);
SELECT alone.check_own_writes();
SAVEPOINT s;
SELECT alone.write_and_fail('x');
ROLLBACK TO s;
SELECT alone.insert_bag('repeatable', 4);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT alone.insert_bag('serializable', 1);
SELECT count(*) FROM alone.bag;
SELECT alone.check_ranges(), alone.check_iterate_and_update();
SELECT call_reducer('alone', 'insert_bag', '["serializable", {"some": 2}]');
COMMIT;
-- The next transaction of the same session sees what the one before wrote: no conflict with oneself.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT alone.insert_bag('repeatable', 5);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
LOCK TABLE alone.spacetime_lock IN SHARE ROW EXCLUSIVE MODE;
SELECT alone.insert_bag('locked first', 1);
COMMIT;
SELECT label, number FROM alone.bag ORDER BY label, number;
SET default_transaction_isolation = 'serializable';
SELECT alone.check_all();
RESET default_transaction_isolation;

-- Parallel plans: functions that call reducers are never pushed into a worker.
SELECT set_config(CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'force_parallel_mode' ELSE 'debug_parallel_query' END, 'on', false);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT alone.insert_bag('parallel', 1), call_reducer('alone', 'insert_bag', '["parallel", {"some": 2}]');
SELECT count(alone.insert_bag('parallel', position::int + 10)) FROM alone.ordered_id WHERE position < 3;
SELECT count(*) FROM alone.bag WHERE label = 'parallel';
SELECT spacetime.sender() = (SELECT spacetime.sender()), (SELECT max(encode(spacetime.connection_id(), 'hex')) FROM alone.ordered_id) = encode(spacetime.connection_id(), 'hex');
SELECT spacetime.describe('alone') IS NOT NULL;
SELECT proname, proparallel, provolatile FROM pg_proc WHERE pronamespace = 'spacetime'::regnamespace AND proname IN ('drop_module', 'logs') OR pronamespace = 'public'::regnamespace AND proname IN ('publish_module', 'call_reducer') OR pronamespace = 'alone'::regnamespace AND proname = 'insert_bag' ORDER BY 1;
-- Mislabelled by an operator: refused inside of the parallel part, not a crash.
ALTER FUNCTION alone.insert_bag PARALLEL SAFE;
CREATE FUNCTION public.alone_parallel(n int) RETURNS int LANGUAGE plpgsql PARALLEL SAFE AS $$ BEGIN PERFORM alone.insert_bag('in a worker', n); RETURN n; END $$;
SELECT count(public.alone_parallel(number)) FROM alone.bag;
SELECT count(*) FROM alone.bag WHERE label = 'in a worker';
DROP FUNCTION public.alone_parallel;
ALTER FUNCTION alone.insert_bag PARALLEL UNSAFE;
RESET ALL;
SELECT alone.insert_bag('after parallel', 1);

-- PREPARE TRANSACTION after a call, also a rolled back one's savepoint; without a call it is Postgres' business.
BEGIN;
SELECT alone.insert_bag('prepared', 1);
PREPARE TRANSACTION 'alone';
SELECT count(*) FROM alone.bag WHERE label = 'prepared';
SELECT count(*) FROM pg_prepared_xacts;
SELECT alone.insert_bag('after prepare', 1);
SELECT label FROM alone.bag WHERE label LIKE 'after%' ORDER BY label;
-- A security-restricted operation: an index expression, a materialised view's refresh.
CREATE FUNCTION alone.in_index(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM alone.insert_bag('in an index', n); RETURN n; END $$;
CREATE TABLE alone.indexed (n int);
INSERT INTO alone.indexed VALUES (1);
CREATE INDEX ON alone.indexed (alone.in_index(n));
CREATE MATERIALIZED VIEW alone.refreshed AS SELECT alone.in_index(n) FROM alone.indexed;
SELECT count(*) FROM alone.bag WHERE label = 'in an index';
DROP TABLE alone.indexed CASCADE;
SET client_min_messages = warning;
SELECT spacetime.drop_module('alone');
