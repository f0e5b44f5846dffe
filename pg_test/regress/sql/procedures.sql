-- Procedures of modules: CALL, with transactions of their own.
\set VERBOSITY sqlstate
SET client_min_messages = warning;
SELECT publish_module('proc', pg_read_binary_file('test_modules/procedures.wasm')) ->> 'version' AS version;
SELECT name, pg_procedure, arguments, result, kind FROM spacetime.procedures WHERE module = 'proc' ORDER BY name;

-- Results are jsonb; the parameter for them can be left out.
CALL proc.add(1, 2);
CALL proc.add(b => 20, a => 10, result => NULL);
CALL proc.add(1, NULL);
CALL proc.add(-1, 2);
CALL proc.record('one');
CALL proc.record_both('two', 'three');
SELECT id, text, sender = spacetime.sender() AS is_mine FROM proc.entry ORDER BY id;
CALL proc.times();

-- One committed, one rolled back, one that reads.
CALL proc.record_one_of('four', 'never');
-- A trap in the middle of a transaction: what was committed before stays.
CALL proc.record_then_panic('five', 'lost');
SELECT text FROM proc.entry ORDER BY id;

-- By name, also with arguments by name.
CALL call_procedure('proc', 'add', '[40, 2]');
CALL call_procedure('proc', 'add', '{"b": 1, "a": 2}');
CALL call_procedure('proc', 'record_both', '["six", "seven"]');
CALL call_procedure('proc', 'add', '[40]');
CALL call_procedure('proc', 'no_such_procedure');
CALL call_procedure('proc', NULL);
CALL call_procedure('no-such-module', 'add');
SELECT count(*) FROM proc.entry;

-- Within a transaction block it may not end the transaction: so it begins none. One that needs none runs.
BEGIN;
CALL proc.add(1, 2);
CALL proc.record('never');
ROLLBACK;
BEGIN;
SELECT proc.add_entry('kept');
CALL proc.add(3, 4);
COMMIT;
-- Nor within a function, or a block that catches exceptions.
DO $$ BEGIN PERFORM 1; CALL proc.record_both('from', 'DO'); END $$;
CREATE FUNCTION call_it() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL proc.record_both('never', 'ever'); END $$;
SELECT call_it();
DO $$ BEGIN CALL proc.record_both('never', 'ever'); EXCEPTION WHEN invalid_transaction_termination THEN RAISE WARNING 'caught'; END $$;
-- A PL procedure around it: what it did before is committed by the CALL.
CREATE PROCEDURE around() LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
  PERFORM proc.add_entry('before');
  CALL proc.record('inside', result);
  IF jsonb_typeof(result) IS DISTINCT FROM 'number' THEN RAISE EXCEPTION 'result is %', result; END IF;
  PERFORM proc.add_entry('after');
  ROLLBACK;
END $$;
CALL around();
SELECT text FROM proc.entry ORDER BY id;
DROP FUNCTION call_it;
DROP PROCEDURE around;

-- Not in a read-only transaction.
SET default_transaction_read_only = on;
CALL proc.add(5, 6);
CALL proc.record('never');
RESET default_transaction_read_only;
-- Under one snapshot per transaction, each of its transactions has its own.
SET default_transaction_isolation = 'repeatable read';
CALL proc.record_one_of('repeatable', 'never');
RESET default_transaction_isolation;

-- Outside, within and after a transaction, as the ABI has it.
CALL proc.errnos();
-- Left open: rolled back, logged, and the module is free.
CALL proc.leave_open();
SELECT level, message FROM spacetime.logs('proc') WHERE message LIKE '%open%';
SELECT count(*) FROM pg_locks WHERE relation = 'proc.spacetime_lock'::regclass;
CALL proc.sleep_within();
SELECT count(*) FROM pg_locks WHERE relation = 'proc.spacetime_lock'::regclass;

-- Sleeping and spinning end with a cancel; the time asleep does not count as the guest's.
CALL proc.sleep(0);
SET spacetime.call_timeout_ms = 100;
CALL proc.sleep(300);
CALL proc.spin();
RESET spacetime.call_timeout_ms;
SET statement_timeout = 300;
CALL proc.sleep(60000);
CALL proc.spin();
-- Time enough to commit before.
SET statement_timeout = 2000;
CALL proc.record_and_sleep('kept, too', 60000);
RESET statement_timeout;
SELECT text FROM proc.entry WHERE text LIKE 'kept, too%';
CALL proc.record_and_sleep('awake', 1);
SELECT text FROM proc.entry WHERE text LIKE 'awake%' ORDER BY id;

-- A commit that fails for a reason that may pass: the SDK runs the transaction once more.
CREATE SEQUENCE public.proc_tries;
CREATE FUNCTION public.proc_fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('public.proc_tries') <= TG_ARGV[0]::int THEN
    RAISE EXCEPTION 'not now' USING ERRCODE = TG_ARGV[1];
  END IF;
  RETURN NULL;
END $$;
GRANT USAGE ON SEQUENCE public.proc_tries TO PUBLIC;
CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON proc.entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION public.proc_fails(1, '40001');
CALL proc.record_both('second try', 'first try');
SELECT text FROM proc.entry WHERE text LIKE '%try' ORDER BY id;
SELECT last_value FROM public.proc_tries;
SELECT level, message FROM spacetime.logs('proc') WHERE message LIKE '%not now%';
-- One that fails for good ends the call, with its own error.
DROP TRIGGER fails ON proc.entry;
SELECT setval('public.proc_tries', 1, false);
CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON proc.entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION public.proc_fails(9, '23514');
CALL proc.record_both('never', 'ever');
DROP TRIGGER fails ON proc.entry;
DROP FUNCTION public.proc_fails;
DROP SEQUENCE public.proc_tries;
CALL proc.record('well again');

-- No HTTP: the guest is told.
CALL proc.fetch('http://127.0.0.1:1/');

-- Who may: EXECUTE, by either way.
CREATE ROLE proc_caller;
GRANT spacetime_client TO proc_caller;
SET ROLE proc_caller;
CALL proc.add(1, 1);
CALL proc.record_both('as', 'another');
RESET ROLE;
REVOKE EXECUTE ON PROCEDURE proc.add FROM spacetime_client;
SELECT publish_module('proc', pg_read_binary_file('test_modules/procedures.wasm')) ->> 'version' AS version;
SET ROLE proc_caller;
CALL proc.add(1, 1);
CALL call_procedure('proc', 'add', '[1, 1]');
RESET ROLE;
SELECT count(DISTINCT sender) FROM proc.entry;
SELECT spacetime.drop_module('proc');
DROP ROLE proc_caller;
