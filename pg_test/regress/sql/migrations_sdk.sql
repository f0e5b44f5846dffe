-- Does a module built with the SDK keep its rows, its sequences and what operators gave it from version to version, and do
-- its reducers work on the new tables?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = error;
CREATE FUNCTION pg_temp.wasm(version int) RETURNS bytea LANGUAGE sql AS $$ SELECT pg_read_binary_file('test_modules/evolve_' || version || '.wasm') $$;
CREATE FUNCTION pg_temp.plan(version int, options jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS
  $$ SELECT concat_ws(' ', kind, object, CASE WHEN breaks_clients THEN '(breaks clients)' END, 'REFUSED: ' || refused_why) FROM spacetime.plan_publish('stock', pg_temp.wasm(version), options) ORDER BY step $$;
CREATE ROLE stock_reader;
SELECT publish_module('stock', pg_temp.wasm(1)) ->> 'created';
SELECT stock.add_item('bolt', 5), stock.add_item('nut', 4000000000), stock.add_item('cog', 7);
SELECT stock.remove_item(3);
GRANT spacetime_client TO stock_reader;
GRANT SELECT ON stock.item TO stock_reader;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA stock FROM PUBLIC, spacetime_client;
GRANT EXECUTE ON FUNCTION stock.check_item, stock.add_item TO stock_reader WITH GRANT OPTION;
ALTER TABLE stock.item ADD COLUMN note text DEFAULT 'mine';
CREATE POLICY mine ON stock.item USING (id < 100);

-- To version 2. The plan changes nothing.
SELECT pg_temp.plan(2);
SELECT stock.check_item(1, 'bolt', 5);
SELECT jsonb_array_length(publish_module('stock', pg_temp.wasm(2)) -> 'steps') > 5;
SELECT to_jsonb(i) FROM stock.item i ORDER BY id;
SELECT stock.check_item(1, 'bolt', 5), stock.check_item(2, 'nut', 4000000000);
-- The sequence goes on; a cached function of the same session has the new parameters.
SELECT stock.add_item('cog', 18446744073709551615, 'huge');
SELECT to_jsonb(i) FROM stock.item i WHERE name = 'cog';
SELECT stock.add_item('cog', 1, 'small');
SELECT stock.grow();
SELECT id, size FROM stock.item ORDER BY size, id;
SELECT to_jsonb(s) FROM stock.shelf s;
SELECT count(*), min(version) AS init_ran_once FROM stock.birth;
SELECT stock.remove_item(1);
SELECT * FROM spacetime.check_module('stock');
-- Rights stay on tables and functions, also on those whose parameters changed.
SELECT has_table_privilege('stock_reader', 'stock.item', 'SELECT') AS reads, has_function_privilege('stock_reader', 'stock.check_item(numeric, text, bigint)', 'EXECUTE WITH GRANT OPTION') AS checks,
       has_function_privilege('stock_reader', (SELECT oid FROM pg_proc WHERE pronamespace = 'stock'::regnamespace AND proname = 'add_item'), 'EXECUTE') AS adds,
       has_function_privilege('stock_reader', 'stock.grow()', 'EXECUTE') AS grows;
SELECT polname FROM pg_policy WHERE polrelid = 'stock.item'::regclass ORDER BY polname;
-- The rolled-back version is as if it had never been.
BEGIN;
UPDATE stock.item SET quantity = 255, size = 'large';
SELECT publish_module('stock', pg_temp.wasm(3), '{"allow_breaking": true}') ->> 'version';
SELECT call_reducer('stock', 'put', '[1, "B"]');
ROLLBACK;
SELECT stock.add_item('rod', 6, 'small');

-- To version 3: refused, as long as a value does not fit or loss is not allowed.
SELECT pg_temp.plan(3);
SELECT publish_module('stock', pg_temp.wasm(3));
SELECT publish_module('stock', pg_temp.wasm(3), '{"allow_breaking": true}');
UPDATE stock.item SET quantity = 255 WHERE quantity > 255;
SELECT publish_module('stock', pg_temp.wasm(3), '{"allow_breaking": true}');
SELECT version FROM spacetime.modules WHERE name = 'stock';
UPDATE stock.item SET size = 'large' WHERE size = 'small';
SELECT publish_module('stock', pg_temp.wasm(3), '{"allow_breaking": true}') ->> 'version';
SELECT to_jsonb(i) FROM stock.item i ORDER BY id;
SELECT stock.check_item(1, 5::smallint, 'huge'), stock.check_item(2, 255::smallint, 'huge'), stock.put(4, 'A'), stock.put(4, 'B'), stock.put(4, 'B');
SELECT to_jsonb(s) FROM stock.shelf s ORDER BY item, row;
SELECT to_regclass('stock.birth') IS NULL, to_regclass('stock.item_id_seq') IS NULL;
SELECT * FROM spacetime.check_module('stock');

-- The same version once more brings back what was dropped by hand, and nothing else.
SELECT publish_module('stock', pg_temp.wasm(3)) -> 'steps';
DROP FUNCTION stock.put;
DROP TRIGGER spacetime_lock ON stock.item;
SELECT pg_temp.plan(3);
SELECT publish_module('stock', pg_temp.wasm(3)) ->> 'version';
SELECT stock.put(5, 'C');
SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = 'spacetime_lock' AND tgrelid::regclass::text LIKE 'stock.%' ORDER BY 1;
-- delete_data begins afresh.
SELECT publish_module('stock', pg_temp.wasm(1), '{"delete_data": true}') ->> 'version';
SELECT to_jsonb(b) FROM stock.birth b;

DROP OWNED BY stock_reader;
DROP ROLE stock_reader;
SELECT spacetime.drop_module('stock');
