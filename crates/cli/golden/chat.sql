-- Made by `spacetime generate`. The schema is the module's: SET search_path = "my-module";

SELECT id, sender, receiver, content, timestamp FROM message;

SELECT connection, client FROM session;

SELECT id, name FROM "user";

-- reducer
SELECT register_user(name => $1::text);

-- reducer
SELECT send_message("to" => $1::bytea, content => $2::text);

-- reducer
SELECT set_name(name => $1::text);
