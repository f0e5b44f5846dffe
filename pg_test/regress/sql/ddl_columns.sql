-- Do reducers keep working when operators add columns, and fail cleanly when they take the module's own away?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
SELECT publish_module('columns', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
SELECT columns.insert_labelled(100, 'before', 1);
-- Added: with a constant default, a volatile one, none, a generated one, an identity. Old rows and new ones.
ALTER TABLE columns.labelled ADD COLUMN plain text, ADD COLUMN constant int NOT NULL DEFAULT 42, ADD COLUMN at timestamptz DEFAULT clock_timestamp(),
    ADD COLUMN twice bigint GENERATED ALWAYS AS (number * 2) STORED, ADD COLUMN serial int GENERATED ALWAYS AS IDENTITY;
SELECT columns.insert_labelled(101, 'after', 2), call_reducer('columns', 'insert_labelled', '[102, "after, too", 3]');
SELECT id, label, number, plain, constant, at IS NOT NULL AS at, twice, serial FROM columns.labelled ORDER BY id;
-- Kept on update; generated ones follow.
UPDATE columns.labelled SET plain = 'mine', constant = 7 WHERE id = 101;
SELECT columns.update_labelled(101, 'updated', 20);
SELECT id, label, number, plain, constant, twice, serial FROM columns.labelled WHERE id = 101;
-- Equal in the module's columns is equal: no violation, nothing changed.
SELECT columns.insert_labelled(101, 'updated', 20);
SELECT id, plain, serial FROM columns.labelled WHERE id = 101;
SELECT columns.delete_labelled(102);
-- The whole module still finds everything as it should be.
ALTER TABLE columns.bag ADD COLUMN extra int DEFAULT 1;
ALTER TABLE columns.entry ADD COLUMN extra text DEFAULT 'x', ADD COLUMN length int GENERATED ALWAYS AS (length(text)) STORED;
ALTER TABLE columns.twice_numbered ADD COLUMN extra uuid DEFAULT gen_random_uuid();
SELECT columns.check_all();
SELECT * FROM spacetime.check_module('columns');
-- The row hash is over the module's columns: a row that differs in an operator's column alone is a duplicate.
SELECT columns.insert_bag('same', 1);
INSERT INTO columns.bag (label, number, extra) VALUES ('same', 1, 2);
SELECT columns.insert_bag('same', 1);
SELECT label, number, extra FROM columns.bag WHERE label = 'same';
-- Columns dropped again, the operator's own.
ALTER TABLE columns.labelled DROP COLUMN constant, DROP COLUMN twice;
ALTER TABLE columns.entry DROP COLUMN extra;
SELECT columns.check_all();
-- NOT NULL without a default: each insert fails with Postgres' error, updates and reads work.
SELECT columns.insert_labelled(200, 'there', 1);
ALTER TABLE columns.labelled ADD COLUMN needed text;
UPDATE columns.labelled SET needed = 'x';
ALTER TABLE columns.labelled ALTER COLUMN needed SET NOT NULL;
SELECT columns.insert_labelled(201, 'new', 1);
SELECT columns.update_labelled(200, 'still', 2), columns.delete_labelled(200);
ALTER TABLE columns.labelled ALTER COLUMN needed SET DEFAULT 'now there';
SELECT columns.insert_labelled(201, 'new', 1);
SELECT id, label, needed FROM columns.labelled WHERE id >= 200;
-- A domain with a CHECK as the type of an operator's column.
CREATE DOMAIN columns.positive AS int DEFAULT -1 CHECK (VALUE > 0);
ALTER TABLE columns.bag ADD COLUMN checked columns.positive;
SELECT columns.insert_bag('domain default', 1);
ALTER TABLE columns.bag ALTER COLUMN checked SET DEFAULT 1;
SELECT columns.insert_bag('domain default', 1);
-- A default that fails, and is gone.
ALTER TABLE columns.bag ADD COLUMN divided int;
ALTER TABLE columns.bag ALTER COLUMN divided SET DEFAULT 1 / (random() * 0)::int;
SELECT columns.insert_bag('failing default', 1);
ALTER TABLE columns.bag ALTER COLUMN divided DROP DEFAULT;
SELECT columns.insert_bag('no default', 1);
ALTER TABLE columns.bag DROP COLUMN divided, DROP COLUMN checked;

-- An Option made NOT NULL: violated by None, honoured otherwise.
DELETE FROM columns.bag;
ALTER TABLE columns.bag ALTER COLUMN number SET NOT NULL;
SELECT columns.insert_bag('none', NULL);
SELECT columns.insert_bag('some', 5);
ALTER TABLE columns.bag ALTER COLUMN number DROP NOT NULL;
-- A column of the module dropped: 55000 for what touches that table, nothing for the rest; check_module says which.
ALTER TABLE columns.bag DROP COLUMN number;
SELECT columns.insert_bag('x', 1);
SELECT columns.insert_bag('x', 1);
SELECT call_reducer('columns', 'clear_bag', '[0]');
SELECT columns.insert_number('another table works'), columns.check_update_by_primary_key();
SELECT object, problem LIKE '%number%' FROM spacetime.check_module('columns');
\set VERBOSITY default
SELECT columns.insert_bag('x', 1);
\set VERBOSITY sqlstate
-- Added again under its name and type: the column is back, the index over the whole row is not. check_module says so.
ALTER TABLE columns.bag ADD COLUMN number int;
SELECT count(*) > 0 FROM spacetime.check_module('columns');
SELECT columns.insert_number('another table works');
-- Renamed: missing under its name. Retyped: refused, back again: works.
ALTER TABLE columns.labelled RENAME COLUMN number TO count;
SELECT columns.insert_labelled(299, 'renamed', 1);
ALTER TABLE columns.labelled RENAME COLUMN count TO number;
SELECT columns.insert_labelled(299, 'renamed back', 1);
ALTER TABLE columns.labelled ALTER COLUMN number TYPE bigint;
SELECT columns.insert_labelled(300, 'retyped', 1);
SELECT columns.delete_labelled(201);
SELECT object, problem LIKE '%number%' FROM spacetime.check_module('columns');
ALTER TABLE columns.labelled ALTER COLUMN number TYPE int;
SELECT columns.insert_labelled(300, 'retyped back', 1), columns.delete_labelled(300);
-- varchar for text, another collation: not the type the module needs.
ALTER TABLE columns.labelled ALTER COLUMN label TYPE varchar(20);
SELECT columns.insert_labelled(300, 'varchar', 1);
ALTER TABLE columns.labelled ALTER COLUMN label TYPE text COLLATE "C";
-- A required column made nullable: NULL is no value for the guest.
ALTER TABLE columns.labelled ALTER COLUMN number DROP NOT NULL;
SELECT columns.insert_labelled(400, 'null', 1);
UPDATE columns.labelled SET number = NULL WHERE id = 400;
SELECT columns.insert_labelled(400, 'null', 1) \g /dev/null
SELECT :'SQLSTATE' IN ('38000', '55000', '22004', '23502', '22P02');
SELECT id, number FROM columns.labelled WHERE id = 400;
SELECT spacetime.drop_module('columns');
