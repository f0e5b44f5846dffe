-- Ways around the rights that somebody with some rights of their own could try.
\set VERBOSITY sqlstate
SET client_min_messages = warning;
SELECT publish_module('attacked', pg_read_binary_file('test_modules/sdk_2_8.wasm'), '{"u64": "bigint"}') ->> 'created';
CREATE ROLE attack_owner;
CREATE ROLE attack_stranger;
GRANT spacetime_client TO attack_stranger;
GRANT CREATE ON SCHEMA public TO attack_stranger;

-- An index of another shape under the name of the module's: entering it with keys of another type would crash.
SELECT attacked.insert_item(1, 'one');
ALTER TABLE attacked.item DROP CONSTRAINT item_id_idx_btree;
CREATE UNIQUE INDEX item_id_idx_btree ON attacked.item (name);
SELECT attacked.update_item(1, 'two');
DROP INDEX attacked.item_id_idx_btree;
CREATE INDEX item_id_idx_btree ON attacked.item USING hash (id);
SELECT attacked.update_item(1, 'two');
DROP INDEX attacked.item_id_idx_btree;
CREATE UNIQUE INDEX item_id_idx_btree ON attacked.item (id) WHERE id > 5;
SELECT attacked.update_item(1, 'two');
SELECT count(*) > 0 FROM spacetime.check_module('attacked');
DROP INDEX attacked.item_id_idx_btree;
ALTER TABLE attacked.item ADD CONSTRAINT item_id_idx_btree PRIMARY KEY (id);
SELECT attacked.update_item(1, 'two');
SELECT id, name FROM attacked.item;

-- Looking at a module is for its owner: looking can run the owner's functions and takes locks.
SET ROLE attack_stranger;
SELECT * FROM spacetime.check_module('attacked');
SELECT * FROM spacetime.logs('attacked');
-- A trigger that passes its own table's writes for the module's.
CREATE TABLE public.attack_bait (n int);
CREATE TRIGGER forged BEFORE INSERT ON public.attack_bait FOR EACH STATEMENT
  EXECUTE FUNCTION spacetime._lock_module('attack_bait', 'c200');
RESET ROLE;
DO $$ BEGIN
  EXECUTE (SELECT format('CREATE TRIGGER forged BEFORE INSERT ON public.attack_bait FOR EACH STATEMENT EXECUTE FUNCTION spacetime._lock_module(%L, %L)', 'attack_bait', identity)
             FROM spacetime.modules WHERE name = 'attacked');
END $$;
INSERT INTO public.attack_bait VALUES (1);

-- What was revoked stays revoked in a new version, also for functions that are made anew.
SELECT has_function_privilege('attack_stranger', 'attacked.delete_item(bigint)', 'EXECUTE');
REVOKE EXECUTE ON FUNCTION attacked.delete_item(bigint) FROM spacetime_client;
GRANT EXECUTE ON FUNCTION attacked.delete_item(bigint) TO attack_owner;
SELECT publish_module('attacked', pg_read_binary_file('test_modules/sdk_2_10.wasm')) ->> 'version';
SELECT has_function_privilege('attack_stranger', 'attacked.delete_item(bigint)', 'EXECUTE'),
       has_function_privilege('attack_owner', 'attacked.delete_item(bigint)', 'EXECUTE'),
       has_function_privilege('attack_stranger', 'attacked.update_item(bigint, text)', 'EXECUTE');
SET ROLE attack_stranger;
SELECT attacked.delete_item(1);
SELECT call_reducer('attacked', 'delete_item', '[1]');
RESET ROLE;
-- Nor does dropping the function open the reducer.
DROP FUNCTION attacked.delete_item(bigint);
SET ROLE attack_stranger;
SELECT call_reducer('attacked', 'delete_item', '[1]');
RESET ROLE;
SELECT count(*) FROM attacked.item;

SELECT spacetime.drop_module('attacked');
DROP TABLE public.attack_bait;
REVOKE CREATE ON SCHEMA public FROM attack_stranger;
DROP ROLE attack_owner;
DROP ROLE attack_stranger;
