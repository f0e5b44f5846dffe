-- Do plain SQL writers keep what modules rely on: tables are sets, sequences are drawn, values fit their types?
-- And do reducers cope with what VACUUM, CLUSTER, TRUNCATE, COPY and REINDEX leave?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
SELECT publish_module('writes', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
-- A table without keys: an equal row is refused, NULL equals NULL; a different one is not.
INSERT INTO writes.bag VALUES ('a', 1), ('a', NULL), ('', NULL);
INSERT INTO writes.bag VALUES ('a', 1);
INSERT INTO writes.bag VALUES ('a', NULL);
INSERT INTO writes.bag SELECT 'many', n % 2 FROM generate_series(1, 3) n;
UPDATE writes.bag SET number = NULL WHERE number = 1;
INSERT INTO writes.bag VALUES ('a', 1) ON CONFLICT DO NOTHING;
INSERT INTO writes.bag VALUES ('a', 2) ON CONFLICT DO NOTHING;
SELECT label, number FROM writes.bag ORDER BY label, number;
-- The same rows for the module: equal ones are no-ops, whoever wrote them.
SELECT writes.insert_bag('a', NULL), writes.insert_bag('a', 2), writes.delete_bag('', NULL);
SELECT count(*) FROM writes.bag;
INSERT INTO writes.bag VALUES ('', NULL);
-- Values that differ but look alike under a lesser hash or comparison.
INSERT INTO writes.bag VALUES ('ab', NULL), ('b', NULL), ('a' || chr(1), NULL), ('a ', NULL), ('A', NULL), ('á', NULL), ('a' || chr(769), NULL);
SELECT count(*) FROM writes.bag WHERE number IS NULL;
SELECT writes.clear_bag(11);

-- Sequences: left out it is drawn, for SQL and reducers from one; 0 is 0 in SQL.
SELECT writes.insert_number('reducer');
INSERT INTO writes.big_number (note) VALUES ('sql');
INSERT INTO writes.big_number VALUES (DEFAULT, 'sql default');
SELECT writes.insert_number('reducer again');
INSERT INTO writes.big_number VALUES (0, 'zero');
INSERT INTO writes.big_number VALUES (100, 'given');
SELECT writes.insert_number('not 101');
SELECT id, note FROM writes.big_number ORDER BY id;
INSERT INTO writes.big_number (note) SELECT 'bulk' FROM generate_series(1, 3);
SELECT array_agg(id ORDER BY id) FROM writes.big_number WHERE note = 'bulk';
INSERT INTO writes.twice_numbered (note, flag) VALUES ('two sequences', true) RETURNING serial > 0, id > 0;
-- A sequence set back runs into rows that are there: the guest's error.
SELECT setval(pg_get_serial_sequence('writes.big_number', 'id'), 1, false) IS NOT NULL AS is_owned_by_the_column;
-- Its name or owner aside, ALTER SEQUENCE and TRUNCATE RESTART work as for any table.
TRUNCATE writes.big_number;
SELECT writes.insert_number('after truncate');
SELECT count(*) FROM writes.big_number;

-- COPY, MERGE, UPDATE … FROM, INSERT … ON CONFLICT UPDATE; each seen by the next call.
COPY writes.labelled FROM stdin;
1	one	10
2	two	20
\.
MERGE INTO writes.labelled l USING (VALUES (2, 'zwei'), (3, 'drei')) v(id, label) ON l.id = v.id
WHEN MATCHED THEN UPDATE SET label = v.label WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.label, 30);
INSERT INTO writes.labelled VALUES (1, 'uno', 11) ON CONFLICT (id) DO UPDATE SET label = excluded.label;
SELECT writes.insert_labelled(1, 'uno', 10), writes.update_labelled(2, 'due', 22), writes.delete_labelled(3);
SELECT writes.insert_labelled(4, 'due', 1);
SELECT id, label, number FROM writes.labelled ORDER BY id;
-- In one transaction: SQL, reducer, SQL, with savepoints.
BEGIN;
INSERT INTO writes.labelled VALUES (10, 'ten', 1);
SELECT writes.update_labelled(10, 'ten by reducer', 2);
UPDATE writes.labelled SET number = 3 WHERE id = 10;
SAVEPOINT s;
DELETE FROM writes.labelled WHERE id = 10;
SELECT writes.delete_labelled(10);
ROLLBACK TO s;
SELECT writes.insert_labelled(10, 'ten by reducer', 3), writes.delete_labelled(10);
ROLLBACK;

-- Maintenance between calls, and in the same transaction where Postgres allows it.
SELECT writes.check_own_writes(), writes.check_delete_by_range();
VACUUM FULL writes.entry;
SELECT writes.check_own_writes();
CLUSTER writes.entry USING entry_group_idx_btree;
VACUUM (FULL, ANALYZE) writes.measure;
REINDEX SCHEMA writes;
SELECT writes.check_own_writes(), writes.check_hash_index();
REINDEX TABLE CONCURRENTLY writes.entry;
VACUUM (FREEZE) writes.labelled;
ALTER TABLE writes.entry SET (fillfactor = 50);
ALTER TABLE writes.entry SET UNLOGGED;
SELECT writes.check_all();
ALTER TABLE writes.entry SET LOGGED;
BEGIN;
SELECT writes.insert_labelled(20, 'before', 1);
TRUNCATE writes.labelled;
SELECT writes.insert_labelled(20, 'after truncate', 1);
CLUSTER writes.labelled USING labelled_label_idx_btree;
SELECT writes.insert_labelled(20, 'after truncate', 1), writes.insert_labelled(21, 'after cluster', 1);
REINDEX TABLE writes.labelled;
SELECT writes.update_labelled(21, 'after reindex', 1);
ALTER TABLE writes.labelled ALTER COLUMN label SET STORAGE external;
SELECT writes.delete_labelled(20);
COMMIT;
SELECT id, label FROM writes.labelled;
SELECT * FROM spacetime.check_module('writes');
-- Partitions and inheritance: a child's rows are not the module's.
CREATE TABLE writes.child () INHERITS (writes.labelled);
INSERT INTO writes.child VALUES (500, 'in a child', 1);
SELECT writes.delete_labelled(500);
SELECT writes.check_own_writes(), writes.check_update_by_primary_key();
SELECT count(*) FROM ONLY writes.labelled;
DROP TABLE writes.child;
SELECT spacetime.drop_module('writes');
