-- Made by `spacetime generate`. The schema is the module's: SET search_path = "my-module";

SELECT a_column_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_one, a_column_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_two FROM a_name_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_names;

SELECT id, a_column_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_one FROM a_name_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_others;

SELECT color, painted FROM color;

SELECT "名前", "länge", "𠀀𠀁" FROM "größe";

SELECT id FROM mixedcase;

SELECT the_id, plan_9 FROM "MixedCase";

SELECT "select", "from", "to", "user", "table", "group", "end" FROM "order";

SELECT oid, xmin, xmax, cmin, cmax, ctid, tableoid FROM "user";

-- reducer
SELECT a_reducer_of_eighty_characters_that_is_much_longer_than_a_database_allows_for_it(a_parameter_of_seventy_characters_that_is_longer_than_postgres_permits => $1::bigint);

-- reducer
SELECT check_all();

-- reducer
SELECT "größe_setzen"("größe" => $1::bigint);

-- reducer
SELECT now(current_user => $1::bigint);

-- reducer
SELECT "select"("from" => $1::bigint, "limit" => $2::bigint, "user" => $3::bigint);

-- reducer
SELECT text(array => $1::bigint);
