-- Whichever command of a publish fails, the old version goes on as if nothing had been.
-- The failure is an operator's event trigger that raises at the nth command of the publish.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = error;
CREATE FUNCTION pg_temp.wasm(version int) RETURNS bytea LANGUAGE sql AS $$ SELECT pg_read_binary_file('test_modules/evolve_' || version || '.wasm') $$;
CREATE SCHEMA interrupt;
CREATE SEQUENCE interrupt.command;
CREATE FUNCTION interrupt.fail() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('interrupt.command') = current_setting('interrupt.at', true)::int THEN
    RAISE 'interrupted';
  END IF;
END $$;
SELECT publish_module('halt', pg_temp.wasm(1)) ->> 'version';
-- Everything there is of a module, in one text.
CREATE FUNCTION interrupt.state() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(E'\n', (SELECT string_agg(format('%s %s %s %s', attrelid::regclass, attname, atttypid::regtype, attnotnull), ',' ORDER BY attrelid, attnum) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'halt'::regnamespace AND attnum > 0),
    (SELECT string_agg(oid::regprocedure::text || proacl::text, ',' ORDER BY oid) FROM pg_proc WHERE pronamespace = 'halt'::regnamespace),
    (SELECT string_agg(indexdef, ',' ORDER BY indexdef) FROM pg_indexes WHERE schemaname = 'halt'), (SELECT string_agg(pg_get_constraintdef(oid), ',' ORDER BY oid) FROM pg_constraint WHERE connamespace = 'halt'::regnamespace),
    (SELECT string_agg(enumlabel, ',' ORDER BY e.oid) FROM pg_enum e JOIN pg_type t ON t.oid = enumtypid WHERE typnamespace = 'halt'::regnamespace), (SELECT string_agg(i::text, ',' ORDER BY i) FROM halt.item i), (SELECT last_value::text FROM halt.item_id_seq),
    (SELECT md5(m::text) FROM spacetime.modules m WHERE name = 'halt')) $$;
REVOKE EXECUTE ON FUNCTION halt.remove_item FROM PUBLIC;
SELECT halt.add_item('bolt', 5), halt.add_item('nut', 6);
CREATE EVENT TRIGGER interrupt ON ddl_command_end EXECUTE FUNCTION interrupt.fail();
-- Fails at each command in turn, until there are no more; says how often, if the old version was whole each time.
CREATE FUNCTION interrupt.at_each_command(version int, options jsonb, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  before text := interrupt.state();
BEGIN
  FOR n IN 1 .. 1000 LOOP
    PERFORM setval('interrupt.command', 1, false), set_config('interrupt.at', n::text, true);
    BEGIN
      PERFORM publish_module('halt', pg_temp.wasm(version), options);
      RETURN format('published at last, after more than 10 failures: %s', n > 10);
    EXCEPTION WHEN raise_exception THEN
      NULL;
    END;
    EXECUTE call;
    IF interrupt.state() IS DISTINCT FROM before THEN
      RETURN format('changed by command %s: %s', n, interrupt.state());
    END IF;
  END LOOP;
END $$;
SELECT interrupt.at_each_command(2, '{}', $$SELECT halt.check_item(1, 'bolt', 5)$$);
SELECT halt.check_item(1, 'bolt', 5), halt.add_item('cog', 1, 'huge');
SELECT interrupt.at_each_command(3, '{"allow_breaking": true}', $$SELECT halt.check_item(2, 'nut', 6)$$);
SELECT halt.check_item(2, 6::smallint, 'large');
-- Not in a savepoint: the whole transaction is lost, and the session uses the version that is committed.
SELECT setval('interrupt.command', 1, false), set_config('interrupt.at', '9', false);
SELECT publish_module('halt', pg_temp.wasm(1), '{"delete_data": true}');
SELECT halt.check_item(2, 6::smallint, 'large');
SELECT version FROM spacetime.modules WHERE name = 'halt';
DROP EVENT TRIGGER interrupt;
DROP SCHEMA interrupt CASCADE;
SELECT spacetime.drop_module('halt');
