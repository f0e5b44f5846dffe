-- Do foreign keys work in both directions between a module's tables and others?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
SELECT publish_module('keys', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
SELECT keys.insert_labelled(1, 'one', 10), keys.insert_labelled(2, 'two', 20), keys.insert_labelled(3, 'three', 30);
-- Another table refers to the module's, by primary key and by unique column.
CREATE TABLE public.keys_child (id bigint REFERENCES keys.labelled, label text COLLATE "C" REFERENCES keys.labelled (label) ON UPDATE CASCADE ON DELETE SET NULL);
INSERT INTO public.keys_child VALUES (1, 'one'), (NULL, 'two'), (NULL, 'three');
INSERT INTO public.keys_child VALUES (9, 'one');
SELECT keys.delete_labelled(1);
SELECT keys.update_labelled(1, 'uno', 11);
SELECT keys.delete_labelled(2);
SELECT id, label FROM public.keys_child ORDER BY id, label;
SELECT id, label FROM keys.labelled ORDER BY id;
-- Restricted deletes behind a savepoint; the reducer that clears the table fails as a whole.
BEGIN;
SAVEPOINT s;
SELECT keys.delete_labelled(1);
ROLLBACK TO s;
SELECT keys.delete_labelled(3);
COMMIT;
SELECT keys.check_update_by_primary_key();
SELECT count(*) FROM keys.labelled;
-- Cascades.
DROP TABLE public.keys_child;
CREATE TABLE public.keys_child (id bigint REFERENCES keys.labelled ON DELETE CASCADE, n int);
INSERT INTO public.keys_child SELECT 1, n FROM generate_series(1, 1000) n;
SELECT keys.delete_labelled(1);
SELECT count(*) FROM public.keys_child;
SELECT keys.check_all();
DROP TABLE public.keys_child;
-- The module's table refers to another: checked at once, deferred at commit, cascades reach the module's rows.
CREATE TABLE public.keys_parent (label text COLLATE "C" PRIMARY KEY);
INSERT INTO public.keys_parent VALUES ('known'), ('known, too');
TRUNCATE keys.bag;
ALTER TABLE keys.bag ADD CONSTRAINT parent FOREIGN KEY (label) REFERENCES public.keys_parent ON DELETE CASCADE ON UPDATE CASCADE;
SELECT keys.insert_bag('known', 1), keys.insert_bag('known', NULL), keys.insert_bag('known, too', 1);
SELECT keys.insert_bag('unknown', 1);
SELECT keys.write_and_fail('x');
UPDATE public.keys_parent SET label = 'renamed' WHERE label = 'known';
SELECT keys.delete_bag('renamed', NULL);
DELETE FROM public.keys_parent WHERE label = 'renamed';
SELECT label, number FROM keys.bag;
ALTER TABLE keys.bag ALTER CONSTRAINT parent DEFERRABLE INITIALLY DEFERRED;
SELECT keys.insert_bag('deferred', 1);
BEGIN;
SELECT keys.insert_bag('deferred', 1);
INSERT INTO public.keys_parent VALUES ('deferred');
COMMIT;
BEGIN;
SELECT keys.insert_bag('never', 1);
SELECT keys.delete_bag('never', 1);
COMMIT;
BEGIN;
SELECT keys.insert_bag('at commit', 1);
COMMIT;
SELECT label, number FROM keys.bag ORDER BY label;
ALTER TABLE keys.bag DROP CONSTRAINT parent;
-- Between two tables of the module, and of a table with itself.
TRUNCATE keys.bag, keys.labelled;
ALTER TABLE keys.bag ADD FOREIGN KEY (label) REFERENCES keys.labelled (label);
SELECT keys.insert_bag('one', 1);
SELECT keys.insert_labelled(1, 'one', 1), keys.insert_bag('one', 1);
SELECT keys.delete_labelled(1);
ALTER TABLE keys.labelled ADD COLUMN parent bigint DEFAULT 1 REFERENCES keys.labelled;
SELECT keys.insert_labelled(2, 'child of one', 1);
UPDATE keys.labelled SET parent = NULL WHERE id = 1;
SELECT keys.delete_bag('one', 1), keys.delete_labelled(2), keys.delete_labelled(1);
SELECT count(*) FROM keys.labelled;
-- The referenced row is one of the caller's transaction, of the same call's trigger, of a parent the owner may not read.
CREATE ROLE keys_owner;
CREATE TABLE public.keys_private (label text COLLATE "C" PRIMARY KEY);
ALTER TABLE public.keys_private OWNER TO keys_owner;
INSERT INTO public.keys_private VALUES ('private');
ALTER TABLE keys.bag DROP CONSTRAINT bag_label_fkey;
ALTER TABLE keys.bag ADD FOREIGN KEY (label) REFERENCES public.keys_private;
SELECT keys.insert_bag('private', 1);
SELECT keys.insert_bag('not there', 1);
SELECT spacetime.drop_module('keys');
DROP TABLE public.keys_parent, public.keys_private;
DROP ROLE keys_owner;
