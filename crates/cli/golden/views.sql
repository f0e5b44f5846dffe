-- Made by `spacetime generate`. The schema is the module's: SET search_path = "my-module";

SELECT id, identity, name, level, mood FROM player;

-- reducer
SELECT join(name => $1::text, level => $2::bigint);

-- reducer
SELECT write_note(text => $1::text, rating => $2::integer);

-- view
SELECT * FROM attempts_to_write();

-- view
SELECT * FROM broken();

-- view
SELECT * FROM endless();

-- view
SELECT * FROM my_notes();

-- view
SELECT * FROM my_player();

-- view
SELECT * FROM note_count();

-- view
SELECT * FROM rank_list();

-- view
SELECT * FROM strong_players();

-- view
SELECT * FROM unstorable();

-- view
SELECT * FROM weak_players();

-- view
SELECT * FROM wild_notes();
