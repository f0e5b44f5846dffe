-- Made by `spacetime generate`. The schema is the module's: SET search_path = "my-module";

SELECT id, text, at, sender FROM entry;

-- reducer
SELECT add_entry(text => $1::text);

-- procedure, returns u32
CALL add(a => $1::bigint, b => $2::bigint);

-- procedure, returns Vec<u16>
CALL errnos();

-- procedure, returns ok(String) | err(String)
CALL fetch(url => $1::text);

-- procedure, returns u16
CALL leave_open();

-- procedure, returns u64
CALL record(text => $1::text);

-- procedure, returns bool
CALL record_and_sleep(text => $1::text, milliseconds => $2::numeric);

-- procedure, returns ()
CALL record_both(first => $1::text, second => $2::text);

-- procedure, returns Report
CALL record_one_of(first => $1::text, second => $2::text);

-- procedure, returns u64
CALL record_then_panic(committed => $1::text, lost => $2::text);

-- procedure, returns bool
CALL sleep(milliseconds => $1::numeric);

-- procedure, returns i64
CALL sleep_within();

-- procedure, returns ()
CALL spin();

-- procedure, returns Vec<bool>
CALL times();
