-- Modules without the official SDK: one in C, one in AssemblyScript.
SELECT publish_module('guestbook', pg_read_binary_file('test_modules/guestbook.wasm')) ->> 'created' AS created;
SELECT column_name, sats_type, sql_type FROM spacetime.tables WHERE module = 'guestbook' ORDER BY column_number;
SELECT guestbook.sign('first'), guestbook.sign('größe 😀');
SELECT id, author = spacetime.sender() AS is_mine, now() - at < interval '1 minute' AS is_now, text FROM guestbook.entry ORDER BY id;
SELECT level, target, file, message FROM spacetime.logs('guestbook');
CREATE ROLE guestbook_other;
GRANT spacetime_client TO guestbook_other;
SET ROLE guestbook_other;
SELECT guestbook.strike(1);
RESET ROLE;
SELECT guestbook.strike(1);
SELECT guestbook.strike(1);
SELECT guestbook.sign('');
SELECT guestbook.sign(repeat('x', 501));
SELECT guestbook.sign(repeat('x', 10000));
SELECT guestbook.sign(repeat('x', 500));
SELECT id, length(text) FROM guestbook.entry ORDER BY id;
SELECT call_reducer('guestbook', 'sign', '{"text": "by name"}');
SELECT text FROM guestbook.entry ORDER BY id DESC LIMIT 1;
SELECT spacetime.drop_module('guestbook');
DROP ROLE guestbook_other;

SELECT publish_module('scores', pg_read_binary_file('test_modules/scores.wasm')) ->> 'created' AS created;
SELECT scores.submit('ann', 10), scores.submit('bob', 7), scores.submit('ann', 30), scores.submit('ann', 20);
SELECT * FROM scores.score ORDER BY player;
SELECT scores.submit('', 1);
-- Rows longer than the guest's first buffer.
SELECT scores.submit(repeat('ö', 1200), n) FROM generate_series(1, 3) n;
SELECT left(player, 3), points FROM scores.score ORDER BY player;
SELECT scores.reset();
SELECT count(*) FROM scores.score;
SELECT message FROM spacetime.logs('scores') WHERE message NOT LIKE '%ö%';
-- Its collector works: many calls of one instance.
SELECT count(scores.submit('player ' || n % 100, n)) FROM generate_series(1, 2000) n;
SELECT count(*), sum(points) FROM scores.score;
SELECT spacetime.drop_module('scores');
