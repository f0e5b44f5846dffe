-- What does each kind of change of a module's tables do: the plan, the result, the rows, and the tables it ends with?
-- Modules are made here from a description in JSON: WASM that describes itself and whose reducers do nothing.
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = error;
CREATE SCHEMA migrations;
SET search_path = migrations, public;
CREATE FUNCTION le(value numeric, width int) RETURNS bytea LANGUAGE sql AS
  $$ SELECT string_agg(set_byte('\x00', 0, (div(CASE WHEN value < 0 THEN value + 256::numeric ^ width ELSE value END, 256::numeric ^ i) % 256)::int), '' ORDER BY i)
     FROM generate_series(0, width - 1) i $$;
CREATE FUNCTION leb(value int) RETURNS bytea LANGUAGE sql AS
  $$ SELECT CASE WHEN value < 128 THEN set_byte('\x00', 0, value) ELSE set_byte('\x00', 0, value % 128 + 128) || leb(value / 128) END $$;
CREATE FUNCTION bytes(value bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT le(length(value), 4) || value $$;
CREATE FUNCTION str(value text) RETURNS bytea LANGUAGE sql AS $$ SELECT bytes(convert_to(value, 'UTF8')) $$;
CREATE FUNCTION list(items bytea[]) RETURNS bytea LANGUAGE sql AS
  $$ SELECT le(coalesce(cardinality(items), 0), 4) || coalesce((SELECT string_agg(i, '' ORDER BY n) FROM unnest(items) WITH ORDINALITY u(i, n)), '') $$;
CREATE FUNCTION cols(columns jsonb) RETURNS bytea LANGUAGE sql AS
  $$ SELECT list(array_agg(le(c::text::numeric, 2) ORDER BY n)) FROM jsonb_array_elements(columns) WITH ORDINALITY u(c, n) $$;
CREATE FUNCTION ty(t jsonb) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
  scalars text[] := '{string,bool,i8,u8,i16,u16,i32,u32,i64,u64,i128,u128,i256,u256,f32,f64}';
BEGIN
  RETURN CASE
    WHEN jsonb_typeof(t) = 'number' THEN '\x00'::bytea || le(t::text::numeric, 4)
    WHEN t ? 'array' THEN '\x03'::bytea || ty(t -> 'array')
    WHEN t ? 'option' THEN '\x01'::bytea || fields(jsonb_build_array(jsonb_build_array('some', t -> 'option'), '["none", {"struct": []}]'::jsonb))
    WHEN t ? 'enum' THEN '\x01'::bytea || fields((SELECT jsonb_agg(jsonb_build_array(v, '{"struct": []}'::jsonb) ORDER BY n) FROM jsonb_array_elements(t -> 'enum') WITH ORDINALITY u(v, n)))
    WHEN t ? 'sum' THEN '\x01'::bytea || fields(t -> 'sum')
    WHEN t ? 'struct' THEN '\x02'::bytea || fields(t -> 'struct')
    WHEN t = '"timestamp"' THEN ty('{"struct": [["__timestamp_micros_since_unix_epoch__", "i64"]]}')
    WHEN t = '"identity"' THEN ty('{"struct": [["__identity__", "u256"]]}')
    ELSE set_byte('\x00', 0, 3 + array_position(scalars, t #>> '{}'))
  END;
END $$;
CREATE FUNCTION fields(f jsonb) RETURNS bytea LANGUAGE sql AS
  $$ SELECT list(array_agg('\x00'::bytea || str(e ->> 0) || ty(e -> 1) ORDER BY n)) FROM jsonb_array_elements(f) WITH ORDINALITY u(e, n) $$;
CREATE FUNCTION items(l jsonb) RETURNS SETOF jsonb LANGUAGE sql AS $$ SELECT jsonb_array_elements(coalesce(l, '[]')) $$;
-- A table: name, columns as [name, type, default as BSATN], pk, unique, index, auto (columns), private.
CREATE FUNCTION tab(t jsonb, at bigint) RETURNS bytea LANGUAGE sql AS $$
  SELECT str(t ->> 'name') || le(at, 4) || cols(CASE WHEN t ->> 'pk' IS NULL THEN '[]' ELSE jsonb_build_array(t -> 'pk') END)
    || list(ARRAY(SELECT '\x010100'::bytea || cols(i) FROM (SELECT items(t -> 'unique') UNION ALL SELECT items(t -> 'index')) u(i)) || ARRAY(SELECT '\x010101'::bytea || cols(i) FROM items(t -> 'hash') i))
    || list(ARRAY(SELECT '\x0100'::bytea || cols(i) FROM items(t -> 'unique') i))
    || list(ARRAY(SELECT '\x01'::bytea || le(a::text::numeric, 2) || '\x010101' || le(coalesce((t ->> 'step')::numeric, 1), 16) FROM items(t -> 'auto') a))
    || '\x01'::bytea || CASE WHEN t ? 'private' THEN '\x01'::bytea ELSE '\x00' END
    || list(ARRAY(SELECT le(n - 1, 2) || bytes((c ->> 2)::bytea) FROM jsonb_array_elements(t -> 'columns') WITH ORDINALITY u(c, n) WHERE c ->> 2 IS NOT NULL))
    || '\x00'::bytea $$;
-- A module: types as [name, type], tables, reducers as [name, parameters], rls, names_as_written (no conversion to snake case).
CREATE FUNCTION description(m jsonb) RETURNS bytea LANGUAGE sql AS $$
  SELECT '\x02'::bytea || list(ARRAY[
    '\x00'::bytea || list(ARRAY(SELECT ty(t -> 1) FROM items(m -> 'types') t) || ARRAY(SELECT ty(jsonb_build_object('struct', t -> 'columns')) FROM items(m -> 'tables') t)),
    '\x01'::bytea || list(ARRAY(SELECT list('{}') || str(t ->> 0) || le(n - 1, 4) || '\x00' FROM jsonb_array_elements(coalesce(m -> 'types', '[]')) WITH ORDINALITY u(t, n))),
    '\x02'::bytea || list(ARRAY(SELECT tab(t, coalesce(jsonb_array_length(m -> 'types'), 0) + n - 1) FROM jsonb_array_elements(coalesce(m -> 'tables', '[]')) WITH ORDINALITY u(t, n))),
    '\x03'::bytea || list(ARRAY(SELECT str(r ->> 0) || fields(r -> 1) || '\x01020000000004'::bytea FROM items(m -> 'reducers') r)),
    '\x08'::bytea || list(ARRAY(SELECT str(r #>> '{}') FROM items(m -> 'rls') r)),
    CASE WHEN m ? 'names_as_written' THEN '\x0900'::bytea ELSE '\x0901' END]) $$;
CREATE FUNCTION section(id int, content bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT set_byte('\x00', 0, id) || leb(length(content)) || content $$;
CREATE FUNCTION wstr(value text) RETURNS bytea LANGUAGE sql AS $$ SELECT leb(length(value)) || convert_to(value, 'UTF8') $$;
CREATE FUNCTION wasm(m jsonb) RETURNS bytea LANGUAGE sql AS $$
  SELECT '\x0061736d01000000'::bytea
    || section(1, '\x0360037f7f7f017f60017f0060'::bytea || '\x0a7f7e7e7e7e7e7e7e7f7f017f')
    || section(2, '\x01'::bytea || wstr('spacetime_10.0') || wstr('bytes_sink_write') || '\x0000')
    || section(3, '\x020102') || section(5, '\x010001')
    || section(7, '\x03'::bytea || wstr('memory') || '\x0200' || wstr('__describe_module__') || '\x0001' || wstr('__call_reducer__') || '\x0002')
    -- describe: bytes_sink_write(sink, 16, 8), dropped; call: 0.
    || section(10, '\x02'::bytea || '\x0b00' || '\x200041104108' || '\x10001a0b' || '\x04004100' || '\x0b')
    || section(11, '\x02'::bytea || '\x0041080b' || '\x04' || le(length(d), 4) || '\x0041100b'::bytea || leb(length(d)) || d)
  FROM description(m) d $$;
-- What a module's tables look like, names of constraints and indexes aside.
CREATE FUNCTION shape(schema text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT format('%s.%s %s %s', c.relname, a.attname, regexp_replace(format_type(a.atttypid, a.atttypmod), '^\w+\.', ''), a.attnotnull)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE relnamespace = schema::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT format('%s %s', conrelid::regclass::name, pg_get_constraintdef(oid)) FROM (SELECT *, set_config('search_path', schema, true) FROM pg_constraint) k WHERE connamespace = schema::regnamespace AND conrelid <> 0 AND contype <> 'n'
  UNION ALL SELECT regexp_replace(replace(indexdef, schema || '.', ''), ' INDEX \S+', '') FROM pg_indexes WHERE schemaname = schema
  UNION ALL SELECT format('%s %s %s', sequencename, increment_by, max_value) FROM pg_sequences WHERE schemaname = schema
  UNION ALL SELECT format('%s %s', t.typname, string_agg(enumlabel, ' ' ORDER BY enumsortorder)) FROM pg_type t JOIN pg_enum ON enumtypid = t.oid WHERE typnamespace = schema::regnamespace GROUP BY t.typname
  UNION ALL SELECT format('%s(%s)', proname, pg_get_function_arguments(oid)) FROM pg_proc WHERE pronamespace = schema::regnamespace
  UNION ALL SELECT tgname || ' ' || relname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = schema::regnamespace AND NOT tgisinternal $$;
-- Publishes `old`, runs `sql`, publishes `new`: the plan, how it ended, the rows, what is wrong with the tables.
CREATE FUNCTION migrate(old jsonb, new jsonb, sql text DEFAULT '', options jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  name text;
  done boolean := true;
BEGIN
  PERFORM publish_module('evolve', wasm(old), '{"delete_data": true}');
  EXECUTE sql;
  RETURN QUERY SELECT concat_ws(' ', kind, object, CASE WHEN breaks_clients THEN '(breaks clients)' END, 'REFUSED: ' || refused_why)
    FROM spacetime.plan_publish('evolve', wasm(new), options) ORDER BY step;
  BEGIN
    PERFORM publish_module('evolve', wasm(new), options);
    RETURN NEXT '=> done';
  EXCEPTION WHEN OTHERS THEN
    done := false;
    RETURN NEXT '=> ' || SQLSTATE;
  END;
  FOR name IN SELECT DISTINCT pg_table FROM spacetime.tables WHERE module = 'evolve' ORDER BY 1 LOOP
    RETURN QUERY EXECUTE format('SELECT %L || row_to_json(this)::text FROM evolve.%I this ORDER BY 1', name || ' ', name);
  END LOOP;
  RETURN QUERY SELECT 'WRONG: ' || object || ' ' || problem FROM spacetime.check_module('evolve');
  IF done THEN
    PERFORM publish_module('fresh', wasm(new), '{"delete_data": true}');
    RETURN QUERY (SELECT 'MISSING: ' || s FROM shape('fresh') s EXCEPT ALL SELECT 'MISSING: ' || s FROM shape('evolve') s)
      UNION ALL (SELECT 'TOO MUCH: ' || s FROM shape('evolve') s EXCEPT ALL SELECT 'TOO MUCH: ' || s FROM shape('fresh') s) ORDER BY 1;
  END IF;
END $$;
-- A module with one table `item`, whose first column is its key.
CREATE FUNCTION item(columns jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS
  $$ SELECT jsonb_build_object('tables', jsonb_build_array(jsonb_build_object('name', 'item', 'columns', columns, 'pk', 0, 'unique', '[[0]]'::jsonb) || more)) $$;

\echo -- 1 nothing: the same definition in other code
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"]]') || '{"rls": []}', 'INSERT INTO evolve.item VALUES (1)');
\echo -- 2 add a table
SELECT migrate(item('[["id", "u32"]]'), jsonb_insert(item('[["id", "u32"]]'), '{tables,0}', '{"name": "other", "columns": [["x", "string"]]}'), 'INSERT INTO evolve.item VALUES (1)');
\echo -- 3 drop an empty table
SELECT migrate(item('[["id", "u32"]]'), '{}');
\echo -- 4 drop a table with rows: refused, then allowed
SELECT migrate(item('[["id", "u32"]]'), '{}', 'INSERT INTO evolve.item VALUES (1)');
SELECT migrate(item('[["id", "u32"]]'), '{}', 'INSERT INTO evolve.item VALUES (1)', '{"allow_breaking": true}');
\echo -- 5 add a column with a default at the end
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"], ["n", "i16", "\\xfeff"]]'), 'INSERT INTO evolve.item VALUES (1), (2)');
\echo -- 6 in the middle and in front
SELECT migrate(item('[["id", "u32"], ["z", "bool"]]'), item('[["a", "u8", "\\x07"], ["id", "u32"], ["s", "string", "\\x0300000027c3a4"], ["z", "bool"]]', '{"pk": 1, "unique": [[1]]}'), 'INSERT INTO evolve.item VALUES (1, true)');
\echo -- 7 a column without default: refused where there are rows
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"], ["n", "i32"]]'), 'INSERT INTO evolve.item VALUES (1)');
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"], ["n", "i32"]]'));
\echo -- 8 an Option needs no default, and may have one
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"], ["n", {"option": "i32"}], ["m", {"option": "i32"}, "\\x0007000000"], ["o", {"option": "i32"}, "\\x01"]]'), 'INSERT INTO evolve.item VALUES (1)');
\echo -- 9 defaults of every kind of type
SELECT migrate(item('[["id", "u32"]]') || '{"types": [["Color", {"enum": ["Red", "Green"]}]]}',
  item('[["id", "u32"], ["b", "bool", "\\x01"], ["u64", "u64", "\\xffffffffffffffff"], ["i128", "i128", "\\xffffffffffffffffffffffffffffffff"], ["u256", "u256", "\\xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"], ["f32", "f32", "\\x0000807f"], ["f64", "f64", "\\x000000000000f83f"],
   ["bytes", {"array": "u8"}, "\\x0200000000ff"], ["texts", {"array": "string"}, "\\x02000000020000005c2200000000"], ["t", "timestamp", "\\x00e1f50500000000"], ["early", "timestamp", "\\x0000c84eb5fd12ff"], ["who", "identity", "\\x0100000000000000000000000000000000000000000000000000000000000000"],
   ["color", 0, "\\x01"], ["colors", {"array": 0}, "\\x020000000100"], ["point", {"struct": [["x", "i32"], ["y", "string"]]}, "\\x05000000010000007a"]]') || '{"types": [["Color", {"enum": ["Red", "Green"]}]]}', 'INSERT INTO evolve.item VALUES (1)');
\echo -- 10 an auto-increment column numbers the rows
SELECT migrate(item('[["name", "string"]]'), item('[["name", "string"], ["no", "u64"]]', '{"auto": [1]}'), $$INSERT INTO evolve.item VALUES ('a'), ('b')$$);
SELECT nextval('evolve.item_no_seq');
\echo -- 11 drop a column: refused, allowed, and allowed without rows
SELECT migrate(item('[["id", "u32"], ["n", "i32"]]'), item('[["id", "u32"]]'), 'INSERT INTO evolve.item VALUES (1, 2)');
SELECT migrate(item('[["id", "u32"], ["n", "i32"]]'), item('[["id", "u32"]]'), 'INSERT INTO evolve.item VALUES (1, 2)', '{"allow_breaking": true}');
SELECT migrate(item('[["id", "u32"], ["n", "i32"]]'), item('[["id", "u32"]]'));
\echo -- 12 drop and add at once is a rename by hand
SELECT migrate(item('[["id", "u32"], ["n", "i32"]]'), item('[["id", "u32"], ["m", "i32", "\\x00000000"]]'), 'INSERT INTO evolve.item VALUES (1, 2)', '{"allow_breaking": true}');
\echo -- 13 reorder columns
SELECT migrate(item('[["id", "u32"], ["n", "i32"], ["m", "i32"]]'), item('[["id", "u32"], ["m", "i32"], ["n", "i32"]]'), 'INSERT INTO evolve.item VALUES (1, 2, 3)');
\echo -- 14 widen types
SELECT migrate(item('[["id", "u8"], ["n", "i32"], ["f", "f32"], ["l", {"array": "u16"}]]'), item('[["id", "u64"], ["n", "i128"], ["f", "f64"], ["l", {"array": "u32"}]]'), $$INSERT INTO evolve.item VALUES (255, -1, 1.5, '{1,65535}')$$);
\echo -- 15 narrow a type: refused, allowed, and not possible for these rows
SELECT migrate(item('[["id", "u32"], ["n", "i64"]]'), item('[["id", "u32"], ["n", "u8"]]'), 'INSERT INTO evolve.item VALUES (1, 200)');
SELECT migrate(item('[["id", "u32"], ["n", "i64"]]'), item('[["id", "u32"], ["n", "u8"]]'), 'INSERT INTO evolve.item VALUES (1, 200)', '{"allow_breaking": true}');
SELECT migrate(item('[["id", "u32"], ["n", "i64"]]'), item('[["id", "u32"], ["n", "u8"]]'), 'INSERT INTO evolve.item VALUES (1, 256)', '{"allow_breaking": true}');
\echo -- 16 to an Option and back
SELECT migrate(item('[["id", "u32"], ["n", "i64"]]'), item('[["id", "u32"], ["n", {"option": "i64"}]]'), 'INSERT INTO evolve.item VALUES (1, 2)');
SELECT migrate(item('[["id", "u32"], ["n", {"option": "i64"}]]'), item('[["id", "u32"], ["n", "i64"]]'), 'INSERT INTO evolve.item VALUES (1, NULL)');
SELECT migrate(item('[["id", "u32"], ["n", {"option": "i64"}]]'), item('[["id", "u32"], ["n", "i64"]]'), 'INSERT INTO evolve.item VALUES (1, NULL)', '{"allow_breaking": true}');
SELECT migrate(item('[["id", "u32"], ["n", {"option": "i64"}]]'), item('[["id", "u32"], ["n", "i64", "\\x0900000000000000"]]'), 'INSERT INTO evolve.item VALUES (1, NULL), (2, 3)', '{"allow_breaking": true}');
\echo -- 17 a type that values cannot be converted to
SELECT migrate(item('[["id", "u32"], ["n", "i64"]]'), item('[["id", "u32"], ["n", "string"]]'), 'INSERT INTO evolve.item VALUES (1, 2)', '{"allow_breaking": true}');
SELECT migrate(item('[["id", "u32"], ["p", {"struct": [["x", "i32"]]}]]'), item('[["id", "u32"], ["p", {"struct": [["y", "i32"]]}]]'), $$INSERT INTO evolve.item VALUES (1, '{"x": 2}')$$, '{"allow_breaking": true}');
\echo -- 18 more variants at the end of an enum, in columns, arrays, keys and parameters
CREATE FUNCTION paint(variants jsonb) RETURNS jsonb LANGUAGE sql AS
  $$ SELECT item('[["id", "u32"], ["c", 0], ["l", {"array": 0}], ["o", {"option": 0}]]', '{"index": [[1]]}') || jsonb_build_object('types', jsonb_build_array(jsonb_build_array('Color', jsonb_build_object('enum', variants))), 'reducers', '[["paint", [["c", 0]]], ["wash", []]]'::jsonb) $$;
SELECT migrate(paint('["Red", "Green"]'), paint('["Red", "Green", "Blue"]'), $$INSERT INTO evolve.item VALUES (1, 'green', '{red,green}', NULL)$$);
SELECT evolve.paint('blue'), evolve.wash();
INSERT INTO evolve.item VALUES (2, 'blue', '{blue}', 'blue');
\echo -- 19 variants in another order; fewer variants
SELECT migrate(paint('["Red", "Green"]'), paint('["Green", "Red"]'), $$INSERT INTO evolve.item VALUES (1, 'green', '{red,green}', NULL)$$);
SELECT migrate(paint('["Red", "Green"]'), paint('["Red"]'), $$INSERT INTO evolve.item VALUES (1, 'red', '{red}', 'red')$$);
SELECT migrate(paint('["Red", "Green"]'), paint('["Red"]'), $$INSERT INTO evolve.item VALUES (1, 'red', '{red}', 'red')$$, '{"allow_breaking": true}');
SELECT migrate(paint('["Red", "Green"]'), paint('["Red"]'), $$INSERT INTO evolve.item VALUES (1, 'red', '{red,green}', 'red')$$, '{"allow_breaking": true}');
\echo -- 20 more variants of an enum with payloads, inside a struct, too
SELECT migrate(item('[["id", "u32"], ["s", {"sum": [["a", "u8"]]}], ["t", {"struct": [["s", {"enum": ["x"]}]]}]]'), item('[["id", "u32"], ["s", {"sum": [["a", "u8"], ["b", "string"]]}], ["t", {"struct": [["s", {"enum": ["x", "y"]}]]}]]'), $$INSERT INTO evolve.item VALUES (1, '{"a": 1}', '{"s": {"x": []}}')$$);
\echo -- 21 the first payload of an enum
SELECT migrate(item('[["id", "u32"], ["s", {"enum": ["a", "b"]}]]'), item('[["id", "u32"], ["s", {"sum": [["a", {"struct": []}], ["b", {"struct": []}], ["c", "u8"]]}]]'), $$INSERT INTO evolve.item VALUES (1, 'a')$$);
\echo -- 22 add and remove an index; another algorithm
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]'), item('[["id", "u32"], ["n", "u32"]]', '{"index": [[1]]}'), 'INSERT INTO evolve.item VALUES (1, 2)');
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]', '{"index": [[1], [0, 1]]}'), item('[["id", "u32"], ["n", "u32"]]', '{"hash": [[1]]}'), 'INSERT INTO evolve.item VALUES (1, 2)');
\echo -- 23 add a unique constraint, with and without duplicates
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]'), item('[["id", "u32"], ["n", "u32"]]', '{"unique": [[0], [1]]}'), 'INSERT INTO evolve.item VALUES (1, 2), (2, 3)');
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]'), item('[["id", "u32"], ["n", "u32"]]', '{"unique": [[0], [1]]}'), 'INSERT INTO evolve.item VALUES (1, 7), (2, 7)');
\set VERBOSITY default
SELECT publish_module('evolve', wasm(item('[["id", "u32"], ["n", "u32"]]', '{"unique": [[0], [1]]}')));
\set VERBOSITY sqlstate
\echo -- 24 an index becomes unique and not unique
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]', '{"index": [[1]]}'), item('[["id", "u32"], ["n", "u32"]]', '{"unique": [[0], [1]]}'), 'INSERT INTO evolve.item VALUES (1, 2), (2, 3)');
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]', '{"unique": [[0], [1]]}'), item('[["id", "u32"], ["n", "u32"]]', '{"index": [[1]]}'), 'INSERT INTO evolve.item VALUES (1, 2), (2, 3)');
\echo -- 25 remove and change the primary key; without any key rows are still a set
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]'), item('[["id", "u32"], ["n", "u32"]]', '{"pk": null, "unique": []}'), 'INSERT INTO evolve.item VALUES (1, 2), (2, 2)');
INSERT INTO evolve.item VALUES (1, 2);
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]', '{"pk": null, "unique": []}'), item('[["id", "u32"], ["n", "u32"]]', '{"pk": 1, "unique": [[1]]}'), 'INSERT INTO evolve.item VALUES (1, 2), (1, 3)');
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]', '{"pk": null, "unique": []}'), item('[["n", "u32"], ["m", "u8", "\\x01"]]', '{"pk": null, "unique": []}'), 'INSERT INTO evolve.item VALUES (1, 2), (1, 3)', '{"allow_breaking": true}');
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]', '{"pk": null, "unique": []}'), item('[["id", "u32"]]', '{"pk": null, "unique": []}'), 'INSERT INTO evolve.item VALUES (1, 2), (1, 3)', '{"allow_breaking": true}');
\echo -- 26 add, change and remove a sequence; positions stay
SELECT migrate(item('[["id", "u64"]]'), item('[["id", "u64"]]', '{"auto": [0]}'), 'INSERT INTO evolve.item VALUES (1), (41)');
SELECT nextval('evolve.item_id_seq');
SELECT migrate(item('[["id", "u64"]]', '{"auto": [0]}'), item('[["id", "u64"]]', '{"auto": [0], "step": 10}'), 'INSERT INTO evolve.item VALUES (DEFAULT), (DEFAULT)');
SELECT nextval('evolve.item_id_seq');
SELECT migrate(item('[["id", "u64"]]', '{"auto": [0]}'), item('[["id", "u64"]]'), 'INSERT INTO evolve.item VALUES (DEFAULT)');
SELECT migrate(item('[["id", "u64"]]', '{"auto": [0]}'), item('[["id", "u32"], ["n", "u8", "\\x00"]]', '{"auto": [0]}'), 'INSERT INTO evolve.item VALUES (DEFAULT), (DEFAULT)', '{"allow_breaking": true}');
SELECT nextval('evolve.item_id_seq');
\echo -- 27 public and private; row-level security
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"]]', '{"private": true}'), 'INSERT INTO evolve.item VALUES (1)');
SELECT has_table_privilege('spacetime_client', 'evolve.item', 'SELECT'), (SELECT count(*) FROM pg_policy WHERE polrelid = 'evolve.item'::regclass);
SELECT migrate(item('[["id", "u32"]]', '{"private": true}'), item('[["id", "u32"]]') || '{"rls": ["SELECT * FROM item WHERE id = 1"]}', 'INSERT INTO evolve.item VALUES (1)');
SELECT has_table_privilege('spacetime_client', 'evolve.item', 'SELECT'), (SELECT qual FROM pg_policies WHERE schemaname = 'evolve');
SELECT migrate(item('[["id", "u32"]]') || '{"rls": ["SELECT * FROM item WHERE id = 1", "SELECT b.* FROM item a JOIN item b ON a.id = b.id"]}', item('[["id", "u64"]]') || '{"rls": ["SELECT * FROM item WHERE id > 1", "SELECT b.* FROM item a JOIN item b ON a.id = b.id WHERE a.id = 5"]}', 'INSERT INTO evolve.item VALUES (1)');
SELECT qual FROM pg_policies WHERE schemaname = 'evolve';
SELECT migrate(item('[["id", "u32"]]') || '{"rls": ["SELECT b.* FROM item a JOIN item b ON a.id = b.id"]}', item('[["id", "u32"]]'), 'INSERT INTO evolve.item VALUES (1)');
SELECT (SELECT qual FROM pg_policies WHERE schemaname = 'evolve'), (SELECT count(*) FROM pg_proc WHERE pronamespace = 'evolve'::regnamespace);
-- A private table has no rows for filters to show; what a filter names must be there, and of types that compare.
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"]]', '{"private": true}') || '{"rls": ["SELECT * FROM item"]}', 'INSERT INTO evolve.item VALUES (1)');
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"]]') || '{"rls": ["SELECT * FROM nothing"]}', 'INSERT INTO evolve.item VALUES (1)');
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"]]') || '{"rls": ["SELECT * FROM item WHERE id = :sender"]}', 'INSERT INTO evolve.item VALUES (1)');
SELECT migrate(item('[["id", "u32"]]'), item('[["id", "u32"]]') || '{"rls": ["DELETE FROM item"]}', 'INSERT INTO evolve.item VALUES (1)');
\echo -- 28 reducers: added, changed, removed
SELECT migrate('{"reducers": [["a", []], ["b", [["x", "u8"]]], ["c", []]]}', '{"reducers": [["a", []], ["b", [["x", "string"]]], ["d", []]]}');
\echo -- 29 names in Postgres that are taken or freed
SELECT migrate('{"tables": [{"name": "a", "columns": [["x", "u8"]]}, {"name": "color", "columns": [["x", "u8"]]}]}', '{"types": [["Color", {"enum": ["red"]}]], "tables": [{"name": "a", "columns": [["x", "u8"], ["c", 0, "\\x00"]]}]}', 'INSERT INTO evolve.a VALUES (1)');
\echo -- 30 what operators put on tables
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]'), item('[["id", "u32"], ["m", "u32", "\\x05000000"], ["n", "u64"]]', '{"unique": [[0]], "index": [[2]]}'),
  $$INSERT INTO evolve.item VALUES (1, 2); ALTER TABLE evolve.item ADD COLUMN note text DEFAULT 'kept'; CREATE INDEX mine ON evolve.item (note);
    CREATE FUNCTION migrations.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER mine BEFORE INSERT ON evolve.item FOR EACH ROW EXECUTE FUNCTION migrations.noop();
    CREATE POLICY mine ON evolve.item USING (id > 0); ALTER TABLE evolve.item ENABLE ROW LEVEL SECURITY; GRANT SELECT ON evolve.item TO PUBLIC$$);
SELECT polname, has_table_privilege('pg_monitor', 'evolve.item', 'SELECT') FROM pg_policy WHERE polrelid = 'evolve.item'::regclass ORDER BY polname;
\echo -- 31 a view of an operator on a column that goes: refused by Postgres, nothing changes
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]'), item('[["id", "u32"]]'), 'INSERT INTO evolve.item VALUES (1, 2); CREATE VIEW migrations.uses AS SELECT n FROM evolve.item', '{"allow_breaking": true}');
DROP VIEW uses;
\echo -- 32 several obstacles at once; the message names them
SELECT migrate(item('[["id", "u32"], ["n", "u32"], ["s", "string"]]'), item('[["id", "u32"], ["s", "bool"], ["x", "u8"]]'), $$INSERT INTO evolve.item VALUES (1, 2, 's')$$);
\set VERBOSITY default
SELECT publish_module('evolve', wasm(item('[["id", "u32"], ["s", "bool"], ["x", "u8"]]')));
SELECT publish_module('evolve', wasm(item('[["id", "u32"], ["s", "string"]]')));
\set VERBOSITY sqlstate
\echo -- 33 the plan of a first publish, and of one with delete_data
SELECT step, kind, object, left(sql, 40), breaks_clients, refused_why FROM spacetime.plan_publish('unborn', wasm(paint('["Red"]')));
SELECT step, kind, object FROM spacetime.plan_publish('evolve', wasm('{}'), '{"delete_data": true}');
SELECT count(*) FROM spacetime.modules WHERE name = 'unborn';
\echo -- 34 the SQL of a plan
SELECT kind, sql FROM spacetime.plan_publish('evolve', wasm(item('[["id", "u64"], ["m", "u32", "\\x05000000"], ["n", "u32"], ["s", {"option": "string"}]]', '{"index": [[2]]}')));
\echo -- 35 names that are converted from now on: tables and columns keep their names in Postgres
SELECT migrate('{"names_as_written": true, "tables": [{"name": "Item", "columns": [["itemId", "u32"], ["itemName", "string"]], "pk": 0, "unique": [[0]], "index": [[1]]}]}',
  '{"tables": [{"name": "Item", "columns": [["itemId", "u32"], ["itemName", "string"], ["more", "u8", "\\x01"]], "pk": 0, "unique": [[0]], "index": [[1]]}]}', $$INSERT INTO evolve."Item" VALUES (1, 'x')$$);
SELECT name, pg_table, column_name, pg_column FROM spacetime.tables WHERE module = 'evolve' ORDER BY column_number;
\echo -- 36 a policy on a column that changes: refused by Postgres, nothing changes
SELECT migrate(item('[["id", "u32"], ["n", "u32"]]'), item('[["id", "u32"], ["n", "u64"]]'), 'INSERT INTO evolve.item VALUES (1, 2); CREATE POLICY p ON evolve.item USING (n > 0)');
SELECT spacetime.drop_module('evolve'), spacetime.drop_module('fresh');
\echo -- 37 a publisher who is no superuser
CREATE ROLE migrations_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO migrations_owner', current_database()) \gexec
GRANT EXECUTE ON FUNCTION publish_module, spacetime.plan_publish, spacetime.drop_module TO migrations_owner;
GRANT ALL ON SCHEMA migrations TO migrations_owner;
SET ROLE migrations_owner;
SELECT migrate(paint('["Red", "Green"]'), paint('["Red", "Green", "Blue"]'), $$INSERT INTO evolve.item VALUES (1, 'green', '{red,green}', NULL)$$);
\echo -- 38 rows that a policy hides from their owner are rows
SELECT migrate(item('[["id", "u32"]]'), '{}', 'INSERT INTO evolve.item VALUES (1); ALTER TABLE evolve.item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY');
SELECT spacetime.drop_module('evolve'), spacetime.drop_module('fresh');
RESET ROLE;
\echo -- 39 another role publishes nothing and plans nothing of it
SELECT publish_module('evolve', wasm('{}')) ->> 'version';
SET ROLE migrations_owner;
SELECT migrate('{}', '{}');
SELECT * FROM spacetime.plan_publish('evolve', wasm('{}'));
RESET ROLE;
SELECT spacetime.drop_module('evolve');
DROP OWNED BY migrations_owner;
DROP ROLE migrations_owner;
DROP SCHEMA migrations CASCADE;
