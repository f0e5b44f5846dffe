-- Does spacetime.max_call_depth end reducers that call each other through triggers, of one module and of two?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('depth', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
SELECT publish_module('depth-two', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
SHOW spacetime.max_call_depth;
-- Each insert into bag calls a reducer that inserts into bag, as often as number says.
-- (Triggers of a reducer's own writes run with its pinned search_path: names are qualified.)
CREATE FUNCTION depth.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number > 1 THEN
        PERFORM public.call_reducer(TG_ARGV[0], 'insert_bag', jsonb_build_array(NEW.label, jsonb_build_object('some', NEW.number - 1)));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER again AFTER INSERT ON depth.bag FOR EACH ROW EXECUTE FUNCTION depth.again('depth');
SELECT depth.insert_bag('within', 5);
SELECT label, number FROM depth.bag ORDER BY number;
SELECT depth.insert_bag('at the limit', 16);
SELECT count(*) FROM depth.bag WHERE label = 'at the limit';
SELECT depth.insert_bag('beyond', 17);
SELECT depth.insert_bag('without end', 1000000);
SELECT count(*) FROM depth.bag WHERE label IN ('beyond', 'without end');
SELECT depth.insert_bag('still works', 2);
SET spacetime.max_call_depth = 3;
SELECT depth.insert_bag('three', 3);
SELECT depth.insert_bag('four', 4);
SET spacetime.max_call_depth = 1;
SELECT depth.insert_bag('one', 1);
SELECT depth.insert_bag('two', 2);
-- The greatest setting: whichever comes first, the server's stack or the limit, it is 54001 and no crash.
SET spacetime.max_call_depth = 100;
SELECT depth.insert_bag('a hundred and one', 101);
SELECT depth.insert_bag('a hundred', 60);
SELECT count(*) FROM depth.bag WHERE label = 'a hundred';
SET max_stack_depth = '100kB';
SELECT depth.insert_bag('small stack', 90);
RESET max_stack_depth;
RESET spacetime.max_call_depth;
-- Handled half way down: the levels above go on.
CREATE OR REPLACE FUNCTION depth.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        PERFORM public.call_reducer(TG_ARGV[0], 'insert_bag', jsonb_build_array(NEW.label, jsonb_build_object('some', NEW.number - 1)));
    EXCEPTION WHEN statement_too_complex THEN
        NULL;
    END;
    RETURN NULL;
END $$;
SELECT depth.insert_bag('handled', 100);
SELECT count(*), min(number) FROM depth.bag WHERE label = 'handled';
DROP TRIGGER again ON depth.bag;
-- Two modules calling each other.
CREATE TRIGGER again AFTER INSERT ON depth.bag FOR EACH ROW EXECUTE FUNCTION depth.again('depth-two');
CREATE TRIGGER again AFTER INSERT ON "depth-two".bag FOR EACH ROW EXECUTE FUNCTION depth.again('depth');
SELECT depth.insert_bag('ping', 100);
SELECT (SELECT count(*) FROM depth.bag WHERE label = 'ping'), (SELECT count(*) FROM "depth-two".bag);
-- Every level had an instance of its own memory; the module still passes its checks.
DROP TRIGGER again ON depth.bag;
SELECT depth.check_all();
SET client_min_messages = warning;
SELECT spacetime.drop_module('depth-two'), spacetime.drop_module('depth');
