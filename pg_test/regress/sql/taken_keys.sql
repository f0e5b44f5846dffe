-- A row whose key is taken: stored first and taken back, or looked for first, nothing of it is left.
\set VERBOSITY sqlstate
SELECT publish_module('taken', pg_read_binary_file('test_modules/semantics.wasm')) IS NOT NULL AS published;

SELECT taken.insert_labelled(1, 'one', 10), taken.insert_labelled(2, 'two', 20);
-- The first insert of each call: primary key, unique column, both of two rows.
SELECT taken.insert_labelled_if_free(1, 'new', 11);
SELECT taken.insert_labelled_if_free(3, 'two', 30);
SELECT taken.insert_labelled_if_free(2, 'one', 40);
SELECT taken.insert_labelled(1, 'new', 11);
-- The very same row is no violation, and no second row.
SELECT taken.insert_labelled(1, 'one', 10);
SELECT * FROM taken.labelled ORDER BY id;

-- Every index agrees, also after the dead entries were followed, and the keys are free where they should be.
SET enable_seqscan = off;
SELECT number FROM taken.labelled WHERE id = 1;
SELECT number FROM taken.labelled WHERE label = 'one';
SELECT count(*) FROM taken.labelled WHERE id = 3 OR label = 'new';
RESET enable_seqscan;
SELECT taken.insert_labelled(3, 'new', 30);
VACUUM taken.labelled;
REINDEX TABLE taken.labelled;
SELECT * FROM taken.labelled ORDER BY id;

-- Within one transaction, and undone by a savepoint.
BEGIN;
SELECT taken.insert_labelled(4, 'four', 40);
SAVEPOINT before;
SELECT taken.insert_labelled_if_free(4, 'five', 50);
SELECT taken.delete_labelled(4);
SELECT taken.insert_labelled_if_free(4, 'cuatro', 41);
SELECT * FROM taken.labelled WHERE id = 4;
ROLLBACK TO before;
SELECT taken.insert_labelled_if_free(5, 'four', 50);
SELECT * FROM taken.labelled WHERE id >= 4;
COMMIT;

-- An exclusion constraint of an operator raises as in SQL, beside unique keys that do not.
ALTER TABLE taken.labelled ADD CONSTRAINT other_number EXCLUDE USING btree (number WITH =);
SELECT taken.insert_labelled_if_free(6, 'six', 40);
SELECT taken.insert_labelled_if_free(6, 'one', 60);
SELECT taken.insert_labelled_if_free(6, 'six', 60);
SELECT * FROM taken.labelled ORDER BY id;

-- Triggers see the row; AFTER ... EACH ROW only when it stays.
CREATE TABLE seen (what text, id bigint);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.seen VALUES (TG_WHEN, NEW.id); RETURN NEW; END $$;
CREATE TRIGGER before_row BEFORE INSERT ON taken.labelled FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER after_row AFTER INSERT ON taken.labelled FOR EACH ROW EXECUTE FUNCTION note();
SELECT taken.insert_labelled_if_free(7, 'one', 70);
SELECT taken.insert_labelled_if_free(8, 'eight', 80);
SELECT * FROM seen;
DROP FUNCTION note CASCADE;
DROP TABLE seen;

SELECT spacetime.drop_module('taken');
