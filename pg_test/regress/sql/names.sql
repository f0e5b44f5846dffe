-- Do names that are ordinary for SpacetimeDB and hard for SQL work: reserved words, system columns, long, mixed case, not ASCII?
\set VERBOSITY sqlstate
\pset format unaligned
\t on
SELECT publish_module('names', pg_read_binary_file('test_modules/names.wasm')) ->> 'created';
SELECT names.check_all();
SELECT call_reducer('names', 'check_all');
-- The same under both names; only names Postgres cannot take are changed: first 54 bytes, _ and 8 hex digits.
SELECT DISTINCT name, pg_table = name AS same, octet_length(pg_table) <= 63 AS fits FROM spacetime.tables WHERE module = 'names' ORDER BY name;
SELECT name, column_name, CASE WHEN pg_column = column_name THEN 'same' ELSE regexp_replace(pg_column, '_[0-9a-f]{8}$', '_########') END, octet_length(pg_column) <= 63 AS fits
FROM spacetime.tables WHERE module = 'names' AND (name LIKE 'a\_%' OR name IN ('user', 'größe') OR pg_column <> column_name) ORDER BY name, column_number;
SELECT count(*), count(DISTINCT (pg_table, pg_column)) FROM spacetime.tables WHERE module = 'names';
SELECT name, regexp_replace(pg_function, '_[0-9a-f]{8}$', '_########') AS pg_function, regexp_replace(arguments, '_[0-9a-f]{8} ', '_######## ') AS arguments, kind FROM spacetime.reducers WHERE module = 'names' ORDER BY name;
-- Rows by plain SQL.
SELECT "select" IS NOT NULL, "from", "to", "user", "table", "group", "end" FROM names."order" ORDER BY "to";
SELECT color, painted FROM names.color ORDER BY color;
SELECT * FROM names."MixedCase";
SELECT * FROM names.mixedcase;
SELECT * FROM names.größe;
-- An enum and a table of one name: both are there, the enum as a type.
SELECT format_type(atttypid, NULL), atttypid <> 'names.color'::regtype FROM pg_attribute WHERE attrelid = 'names.color'::regclass AND attname = 'color';
-- Typed functions and calls by name.
SELECT names."select"(1, 2, 3), names."select"("user" => 3, "limit" => 2, "from" => 1), names.now(1), names.text(1), names.größe_setzen(1), names.größe_setzen(größe => 1);
SELECT call_reducer('names', 'select', '{"user": 3, "limit": 2, "from": 1}'), call_reducer('names', 'now', '{"current_user": 1}'), call_reducer('names', 'text', '{"array": 1}'), call_reducer('names', 'größe_setzen', '{"größe": 1}');
SELECT call_reducer('names', 'a_reducer_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_it', '{"a_parameter_of_seventy_characters_that_is_longer_than_postgres_permits": 1}');
SELECT call_reducer('names', 'a_reducer_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_it', '[2]');
DO $$ BEGIN EXECUTE (SELECT format('SELECT names.%I(1)', pg_function) FROM spacetime.reducers WHERE module = 'names' AND name LIKE 'a\_reducer%'); END $$;
-- A function called now or text in a schema of the search path takes nothing away from Postgres' own.
SET search_path = names, pg_catalog;
SELECT pg_typeof(now()), pg_typeof(text('x'::varchar)), now() IS NOT NULL;
SELECT public.call_reducer('names', 'check_all');
RESET search_path;
-- Errors under the module's own names.
\set VERBOSITY terse
SELECT names."select"(1, 2, 4);
SELECT names."select"(1, 2, NULL);
SELECT call_reducer('names', 'select', '{"user": 3, "limit": 2}');
SELECT spacetime.check_module('names');
SELECT spacetime.drop_module('names');
