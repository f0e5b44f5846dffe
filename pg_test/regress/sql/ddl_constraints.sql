-- Are constraints and indexes that operators add honoured, with the right error, and are those refused that cannot be?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SET client_min_messages = warning;
SELECT publish_module('constraints', pg_read_binary_file('test_modules/semantics.wasm')) ->> 'created';
-- CHECK.
ALTER TABLE constraints.labelled ADD CONSTRAINT small CHECK (number < 1000);
SELECT constraints.insert_labelled(1, 'one', 1);
SELECT constraints.insert_labelled(2, 'two', 1000);
SELECT constraints.update_labelled(1, 'one', 1000);
SELECT constraints.update_labelled(1, 'one', 999);
SELECT id, number FROM constraints.labelled;
-- A CHECK that fails in the middle, by its own error.
ALTER TABLE constraints.labelled ADD CONSTRAINT divides CHECK (100 / number > -1000);
SELECT constraints.insert_labelled(3, 'zero', 0);
ALTER TABLE constraints.labelled DROP CONSTRAINT divides;
-- NOT VALID: for new rows.
ALTER TABLE constraints.labelled ADD CONSTRAINT later CHECK (number > 1000000) NOT VALID;
SELECT constraints.insert_labelled(3, 'three', 1);
ALTER TABLE constraints.labelled DROP CONSTRAINT later;

-- Unique indexes of operators: to the guest a violation is one (errno 12), try_insert gives an error, update traps.
CREATE UNIQUE INDEX one_number ON constraints.labelled (number);
SELECT constraints.insert_labelled(4, 'four', 4), constraints.insert_labelled(5, 'five', 5);
SELECT constraints.insert_labelled(6, 'six', 4);
SELECT constraints.update_labelled(5, 'five', 4);
SELECT constraints.update_labelled(5, 'five, still', 5), constraints.insert_labelled(5, 'five, still', 5);
DROP INDEX constraints.one_number;
-- Partial, over an expression, over both, with INCLUDE, NULLS NOT DISTINCT, in another order.
CREATE UNIQUE INDEX partial ON constraints.labelled (number) WHERE label LIKE 'p%';
SELECT constraints.insert_labelled(10, 'p10', 10), constraints.insert_labelled(11, 'q11', 10), constraints.insert_labelled(12, 'q12', 10);
SELECT constraints.insert_labelled(13, 'p13', 10);
SELECT constraints.update_labelled(11, 'p11', 10);
SELECT constraints.update_labelled(11, 'p11', 11);
CREATE UNIQUE INDEX expression ON constraints.labelled (lower(label));
SELECT constraints.insert_labelled(14, 'P10', 14);
SELECT constraints.insert_labelled(14, 'P14', 14);
CREATE UNIQUE INDEX several ON constraints.labelled ((number % 7) DESC) INCLUDE (label) WHERE id BETWEEN 20 AND 29;
SELECT constraints.insert_labelled(20, 'a', 21), constraints.insert_labelled(21, 'b', 22);
-- 22 and 29 leave the same remainder.
SELECT constraints.insert_labelled(22, 'c', 29);
DROP INDEX constraints.partial, constraints.expression, constraints.several;
CREATE UNIQUE INDEX nulls ON constraints.bag (number) NULLS NOT DISTINCT;
SELECT constraints.insert_bag('a', NULL);
SELECT constraints.insert_bag('b', NULL);
SELECT constraints.insert_bag('a', NULL);
DROP INDEX constraints.nulls;
CREATE UNIQUE INDEX nulls ON constraints.bag (number);
SELECT constraints.insert_bag('b', NULL), constraints.insert_bag('c', 1);
SELECT constraints.insert_bag('d', 1);
SELECT label, number FROM constraints.bag ORDER BY label;
DROP INDEX constraints.nulls;
-- An expression that fails.
CREATE UNIQUE INDEX failing ON constraints.bag ((100 / number)) WHERE number IS NOT NULL;
SELECT constraints.insert_bag('zero', 0);
DROP INDEX constraints.failing;
-- Other kinds of index, and exclusion constraints.
CREATE INDEX ON constraints.labelled USING hash (label);
CREATE INDEX ON constraints.labelled USING gin (to_tsvector('english', label));
CREATE INDEX ON constraints.labelled USING brin (id);
CREATE INDEX ON constraints.labelled USING spgist (label);
CREATE INDEX ON constraints.labelled (number, label);
SELECT constraints.check_all();
TRUNCATE constraints.labelled;
ALTER TABLE constraints.labelled ADD CONSTRAINT exclusive EXCLUDE USING btree (number WITH =);
SELECT constraints.insert_labelled(30, 'x', 30);
SELECT constraints.insert_labelled(31, 'y', 30) \g /dev/null
SELECT :'SQLSTATE' IN ('23P01', '38000', '0A000');
ALTER TABLE constraints.labelled DROP CONSTRAINT exclusive;

-- Deferrable unique constraints cannot be honoured at once: refused, named by check_module, and gone when dropped.
ALTER TABLE constraints.labelled ADD CONSTRAINT waits UNIQUE (number) DEFERRABLE INITIALLY DEFERRED;
SELECT constraints.insert_labelled(40, 'x40', 40) \g /dev/null
SELECT :'SQLSTATE' IN ('0A000', '55000');
SELECT constraints.insert_bag('another table', 1);
SELECT count(*) > 0 FROM spacetime.check_module('constraints');
ALTER TABLE constraints.labelled DROP CONSTRAINT waits;
SELECT constraints.insert_labelled(40, 'x40', 40);
-- Rules: likewise.
CREATE RULE nothing AS ON INSERT TO constraints.labelled DO INSTEAD NOTHING;
SELECT constraints.insert_labelled(41, 'x', 41) \g /dev/null
SELECT :'SQLSTATE' IN ('0A000', '55000');
SELECT count(*) > 0 FROM spacetime.check_module('constraints');
DROP RULE nothing ON constraints.labelled;
SELECT constraints.insert_labelled(41, 'x41', 41);
SELECT * FROM spacetime.check_module('constraints');

-- A row that many constraints look at, in one transaction with the DDL itself.
BEGIN;
SELECT constraints.insert_labelled(50, 'before', 50);
ALTER TABLE constraints.labelled ADD CONSTRAINT now_small CHECK (number < 60);
CREATE UNIQUE INDEX now_unique ON constraints.labelled (number);
SELECT constraints.insert_labelled(51, 'after', 51);
SAVEPOINT s;
SELECT constraints.insert_labelled(52, 'too large', 60);
ROLLBACK TO s;
SELECT constraints.insert_labelled(52, 'taken', 51);
ROLLBACK;
SELECT constraints.insert_labelled(52, 'neither', 60), constraints.insert_labelled(53, 'nor', 60);
-- The module's own index dropped: found by check_module; what needs it fails cleanly or does without.
DROP INDEX constraints.labelled_number_idx_btree;
SELECT object FROM spacetime.check_module('constraints');
SELECT constraints.check_own_writes();
SELECT constraints.check_update_by_primary_key() \g /dev/null
SELECT :'SQLSTATE' IN ('00000', '55000');
CREATE INDEX labelled_number_idx_btree ON constraints.labelled (number);
SELECT * FROM spacetime.check_module('constraints');
SELECT constraints.check_update_by_primary_key();
-- The index that makes a table a set: without it no call may store duplicates silently, and check_module finds it.
SELECT string_agg(format('DROP INDEX constraints.%I', indexname), ';') AS drop FROM pg_indexes WHERE schemaname = 'constraints' AND tablename = 'bag' \gset
SELECT constraints.insert_bag('twice', 2);
:drop;
SELECT constraints.insert_bag('twice', 2) \g /dev/null
SELECT count(*) FROM constraints.bag WHERE label = 'twice';
SELECT count(*) > 0 FROM spacetime.check_module('constraints');
SELECT spacetime.drop_module('constraints');
