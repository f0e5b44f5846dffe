-- Event tables: nothing is stored, rows live for one call, and within it the table is a table.
SELECT publish_module('events', pg_read_binary_file('test_modules/events.wasm')) ->> 'created' AS created;
-- No relation has the name; the catalog knows them.
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'events'::regnamespace AND relkind IN ('r', 'v', 'S') ORDER BY 1;
SELECT DISTINCT name, kind, pg_table, is_public FROM spacetime.tables WHERE module = 'events' ORDER BY 1;
SELECT column_name, sats_type, pg_column, sql_type FROM spacetime.tables WHERE module = 'events' AND name = 'damage' ORDER BY column_number;
SELECT * FROM spacetime.check_module('events');

-- Keys, ranges, sets, iterators: the module looks itself.
SELECT call_reducer('events', 'check_all');

-- Gone with the call: the next one in the same transaction sees none, and meets no taken key. Numbers are not given twice.
BEGIN;
SELECT events.emit('a');
SELECT events.emit('b');
SAVEPOINT s;
\set VERBOSITY sqlstate
SELECT events.emit_and_fail();
ROLLBACK TO s;
SELECT events.emit('c');
COMMIT;
SELECT before, after, id > lag(id) OVER (ORDER BY id) AS ascends FROM events.seen ORDER BY id;
-- After an error outside of a transaction, too.
SELECT events.emit_and_fail();
SELECT events.emit('d');
SELECT count(*), max(before), max(after) FROM events.seen;

-- SQL has nothing to read or write.
SELECT * FROM events.damage;
INSERT INTO events.noise VALUES (1);

-- Events count as memory of the call.
SET spacetime.max_memory_mb = 20;
SELECT events.emit_without_end();
RESET spacetime.max_memory_mb;
SELECT events.emit('e');

-- Nested calls have events of their own: a trigger's call does not see those of the call that fired it.
CREATE FUNCTION public.events_nested() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN PERFORM public.call_reducer('events', 'emit', '["nested"]'); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER nested AFTER INSERT ON events.seen FOR EACH ROW EXECUTE FUNCTION public.events_nested();
SELECT events.emit('outer');
SELECT count(*), max(before), max(after) FROM events.seen;

SELECT spacetime.drop_module('events', true);
SELECT relname FROM pg_class WHERE relnamespace = 'events'::regnamespace AND relkind = 'r' ORDER BY 1;
SET client_min_messages = warning;
DROP SCHEMA events CASCADE;
DROP FUNCTION public.events_nested();
