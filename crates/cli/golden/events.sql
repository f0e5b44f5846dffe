-- Made by `spacetime generate`. The schema is the module's: SET search_path = "my-module";

SELECT id, before, after FROM seen;

-- reducer
SELECT check_all();

-- reducer
SELECT emit(target => $1::text);

-- reducer
SELECT emit_and_fail();

-- reducer
SELECT emit_without_end();
