"""The change log: what it says, in which order, and what it says when it cannot."""

import random
import struct
import threading

import psycopg

from harness.change_log import Reader
from harness.testcase import ClusterTestCase

ACCOUNTS = "SELECT id, balance FROM {}.account"


class Follower:
    """What the log makes of a bank's accounts. Rows are a u32 and an i64."""

    def __init__(self, rows=()):
        self.rows = sorted(rows)

    def apply(self, entry):
        table = entry.tables.get("account")
        if table:
            # Within an entry inserts and deletes have no order: a row may be deleted that the same entry inserts.
            self.rows += [struct.unpack("<Iq", row) for row in table.inserts]
            for row in table.deletes:
                self.rows.remove(struct.unpack("<Iq", row))
            self.rows.sort()


class Snapshot:
    """Rows as of one moment, and which transactions they contain."""

    def __init__(self, connection, sql):
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            self.rows = connection.execute(sql).fetchall()
            self.text = connection.execute("SELECT pg_current_snapshot()::text").fetchone()[0]

    def sees(self, connection, xid):
        sql = "SELECT pg_visible_in_snapshot(%s::text::xid8, %s::pg_snapshot)"
        return connection.execute(sql, (xid, self.text)).fetchone()[0]


class ChangeLogTestCase(ClusterTestCase):
    def bank(self, name, accounts=10, options="{}"):
        connection = self.connect()
        connection.execute(
            "SELECT publish_module(%s, pg_read_binary_file('test_modules/bank.wasm'), %s::jsonb)", (name, options)
        )
        connection.execute(f"SELECT {name}.seed({accounts}, 1000)")
        return connection

    def rows(self, connection, name):
        return sorted(connection.execute(ACCOUNTS.format(name)).fetchall())


class ContentsTest(ChangeLogTestCase):
    def test_what_it_says(self):
        writer = self.bank("contents")
        reader = Reader(self.connect())
        follower = Follower(self.rows(writer, "contents"))

        def committed(*statements):
            """The one entry that a transaction of these statements makes."""
            with writer.transaction():
                for statement in statements:
                    writer.execute(statement)
            answer = reader.next()
            self.assertFalse(answer.is_resync)
            entry, = answer.entries
            follower.apply(entry)
            self.assertEqual(follower.rows, self.rows(writer, "contents"), statements)
            return entry

        entry = committed("SELECT contents.transfer(1, 2, 30)")
        call, = entry.calls
        self.assertEqual((call.reducer, call.arguments), ("transfer", struct.pack("<IIq", 1, 2, 30)))
        self.assertEqual(call.sender[::-1], writer.execute("SELECT spacetime.sender()").fetchone()[0])
        self.assertEqual(call.connection_id[::-1], writer.execute("SELECT spacetime.connection_id()").fetchone()[0])
        entry = committed("INSERT INTO contents.account VALUES (50, 5), (51, 5)")
        self.assertEqual(entry.calls, [])
        committed("UPDATE contents.account SET balance = balance + 1 WHERE id >= 50")
        committed("DELETE FROM contents.account WHERE id = 51")
        committed("INSERT INTO contents.account SELECT i, 1 FROM generate_series(100, 5000) i")
        # Savepoints: what is undone is not said; what is released is.
        entry = committed(
            "SELECT contents.transfer(1, 2, 1)",
            "SAVEPOINT a", "SELECT contents.transfer(1, 2, 2)", "INSERT INTO contents.account VALUES (60, 1)",
            "SAVEPOINT b", "SELECT contents.transfer(1, 2, 4)", "RELEASE b", "ROLLBACK TO a",
            "SELECT contents.transfer(1, 2, 8)",
            "SAVEPOINT c", "SAVEPOINT d", "SELECT contents.transfer(1, 2, 16)", "RELEASE d", "RELEASE c",
        )
        self.assertEqual([struct.unpack("<IIq", call.arguments)[2] for call in entry.calls], [1, 8, 16])
        # A trigger of an operator changes what is stored; a cascade deletes what nobody named.
        writer.execute(
            "CREATE FUNCTION round_up() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN NEW.balance := NEW.balance + 7; RETURN NEW; END $$;"
            "CREATE TRIGGER round_up BEFORE UPDATE ON contents.account FOR EACH ROW EXECUTE FUNCTION round_up()"
        )
        committed("SELECT contents.transfer(3, 4, 1)")
        committed("UPDATE contents.account SET balance = 0 WHERE id = 5")
        writer.execute("DROP TRIGGER round_up ON contents.account")
        writer.execute(
            "CREATE TABLE owner (id bigint PRIMARY KEY); INSERT INTO owner SELECT id FROM contents.account;"
            "ALTER TABLE contents.account ADD FOREIGN KEY (id) REFERENCES owner ON DELETE CASCADE ON UPDATE CASCADE"
        )
        committed("DELETE FROM owner WHERE id > 200")
        committed("UPDATE owner SET id = 7000 WHERE id = 6")
        committed("SELECT contents.transfer(3, 4, 1)")
        committed("TRUNCATE contents.account")
        self.assertEqual(follower.rows, [])

    def test_nothing_to_say(self):
        writer = self.bank("silent")
        reader = Reader(self.connect())
        writer.execute("SELECT silent.transfer(1, 2, 1)")
        first = reader.next().entries[0]
        with self.assertRaises(psycopg.Error), writer.transaction():
            writer.execute("SELECT silent.transfer(1, 2, 1)")
            writer.execute("SELECT 1/0")
        self.assert_sqlstate("38000", writer, "SELECT silent.transfer(1, 1, 1)")
        writer.execute("UPDATE silent.account SET balance = balance WHERE id = 1")
        writer.execute("CREATE TABLE other (a int); INSERT INTO other VALUES (1)")
        writer.execute("SELECT silent.transfer(2, 1, 1)")
        entry, = [entry for entry in reader.next().entries if entry.tables]
        self.assertEqual(entry.calls[0].arguments, struct.pack("<IIq", 2, 1, 1))
        self.assertGreater(entry.lsn, first.lsn)

    def test_publishing(self):
        reader = Reader(self.connect())
        writer = self.bank("published")
        entries = reader.next().entries
        self.assertEqual([(entry.kind, entry.version) for entry in entries][0], ("published", 1))
        writer.execute("SELECT spacetime.drop_module('published')")
        kinds = [(entry.kind, entry.version, entry.breaks_clients) for entry in reader.next().entries]
        self.assertEqual(kinds[-1], ("published", 0, True))

    def test_event_rows(self):
        writer = self.connect()
        self.publish(writer, "events")
        reader = Reader(self.connect())
        writer.execute("SELECT events.emit('hello')")
        entry, = reader.next().entries
        table, = [table for table in entry.tables.values() if table.is_event]
        self.assertIn(b"hello", table.inserts[0])
        self.assertEqual(table.deletes, [])

    def test_who_may_read(self):
        self.connect().execute("CREATE ROLE nosy LOGIN")
        nosy = self.connect(user="nosy")
        for sql in ["SELECT spacetime.changes(NULL)", "SELECT * FROM spacetime.change_log"]:
            self.assert_sqlstate("42501", nosy, sql)
        session = self.connect()
        for sql in [
            "SELECT spacetime.changes('\\x00')",
            "SELECT spacetime.changes(NULL, 0)",
            "SELECT spacetime.changes(NULL, 1, -1)",
        ]:
            self.assert_sqlstate("22023", session, sql)


class OrderTest(ChangeLogTestCase):
    def test_many_writers(self):
        """Reducers and SQL, some rolled back: readers that begin at any time end with the table."""
        self.bank("busy", accounts=50, options='{"concurrency": "row"}')
        reader, session = Reader(self.connect()), self.connect()
        snapshots = [(Snapshot(session, ACCOUNTS.format("busy")), Follower())]

        def write(seed):
            choose = random.Random(seed)
            with self.connect() as writer:
                for _ in range(120):
                    source, target = choose.sample(range(50), 2)
                    try:
                        with writer.transaction():
                            writer.execute("SELECT busy.transfer(%s, %s, 1)", (source, target))
                            if choose.random() < 0.3:
                                writer.execute("SAVEPOINT a")
                                writer.execute("UPDATE busy.account SET balance = balance + 1 WHERE id = %s", (source,))
                                writer.execute("ROLLBACK TO a" if choose.random() < 0.5 else "RELEASE a")
                            if choose.random() < 0.2:
                                raise psycopg.Rollback
                    except psycopg.errors.OperationalError:
                        # 40001, 40P01, 55P03: rivals.
                        pass

        writers = [threading.Thread(target=write, args=(seed,)) for seed in range(6)]
        for thread in writers:
            thread.start()
        entries = []
        while any(thread.is_alive() for thread in writers) or not entries:
            answer = reader.next(wait_ms=50)
            self.assertFalse(answer.is_resync)
            entries += answer.entries
            snapshots.append((Snapshot(session, ACCOUNTS.format("busy")), Follower()))
        entries += reader.next(wait_ms=0).entries
        self.assertEqual([entry.seq for entry in entries], list(range(entries[0].seq, entries[0].seq + len(entries))))
        self.assertEqual([entry.lsn for entry in entries], sorted(entry.lsn for entry in entries))
        self.assertGreater(len(entries), 100)
        expected = self.rows(session, "busy")
        for snapshot, follower in snapshots[:: max(1, len(snapshots) // 12)]:
            follower.rows = sorted(snapshot.rows)
            for entry in entries:
                if not snapshot.sees(session, entry.xid):
                    follower.apply(entry)
            self.assertEqual(follower.rows, expected)

    def test_waiting(self):
        """A commit wakes the reader; a cancel does, too."""
        writer = self.bank("waited")
        reader = Reader(self.connect())
        answers = []
        thread = threading.Thread(target=lambda: answers.append(reader.next(wait_ms=600_000)))
        thread.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Extension'"
        while not writer.execute(waiting, (reader.connection.info.backend_pid,)).fetchone()[0]:
            pass
        writer.execute("SELECT waited.transfer(1, 2, 3)")
        thread.join()
        self.assertEqual(len(answers[0].entries), 1)
        session = self.connect()
        thread = threading.Thread(
            target=lambda: self.assert_sqlstate("57014", session, "SELECT spacetime.changes(%s, 1, 600000)", (reader.cursor,))
        )
        thread.start()
        while not writer.execute(waiting, (session.info.backend_pid,)).fetchone()[0]:
            pass
        writer.execute("SELECT pg_cancel_backend(%s)", (session.info.backend_pid,))
        thread.join()

    def test_written_before_watched(self):
        writer = self.bank("early")
        with writer.transaction():
            writer.execute("SELECT early.transfer(1, 2, 1)")
            reader = Reader(self.connect())
            writer.execute("SELECT early.transfer(1, 2, 2)")
        entry, = reader.next().entries
        self.assertEqual(entry.kind, "resync")
        identity = writer.execute("SELECT identity FROM spacetime.modules WHERE name = 'early'").fetchone()[0]
        self.assertEqual(entry.module, identity)


class LimitsTest(ChangeLogTestCase):
    settings = {"spacetime.change_log_mb": 1, "spacetime.change_log_transaction_mb": 2}

    def files(self):
        return list((self.cluster.data / "spacetime").glob("*/changes/*"))

    def test_reader_that_lags(self):
        writer = self.bank("lagging", accounts=3000)
        reader, other = Reader(self.connect()), Reader(self.connect())
        for _ in range(40):
            writer.execute("UPDATE lagging.account SET balance = balance + 1")
            self.assertFalse(other.next().is_resync)
        self.assertTrue(reader.next().is_resync)
        # From then on it is in step again.
        writer.execute("SELECT lagging.transfer(1, 2, 1)")
        answer = reader.next()
        self.assertFalse(answer.is_resync)
        self.assertEqual(len(answer.entries), 1)
        last, lag = writer.execute("SELECT last_seq, max(reader_lag) FROM spacetime.change_log GROUP BY 1").fetchone()
        self.assertEqual((last, lag), (answer.entries[0].seq, 1))

    def test_large_transaction(self):
        """More than the log holds goes through a file, which goes when the log has moved on."""
        writer = self.bank("large", accounts=20_000)
        reader = Reader(self.connect())
        follower = Follower(self.rows(writer, "large"))
        writer.execute("UPDATE large.account SET balance = balance + id")
        self.assertEqual(len(self.files()), 1)
        entry, = reader.next(max_bytes=1).entries
        follower.apply(entry)
        self.assertEqual(follower.rows, self.rows(writer, "large"))
        for _ in range(60):
            writer.execute("UPDATE large.account SET balance = balance + 1 WHERE id < 1500")
        self.assertEqual(self.files(), [])
        # Too large even for that: the reader is told to look.
        reader = Reader(self.connect())
        writer.execute("INSERT INTO large.account SELECT i, i FROM generate_series(100000, 300000) i")
        entry, = reader.next().entries
        self.assertEqual(entry.kind, "resync")


    def test_commit_that_hangs(self):
        """One that waits for a standby keeps later ones from being numbered; nobody waits for it but readers."""
        writer = self.bank("hung", accounts=20_000, options='{"concurrency": "row", "sql_writers": "free"}')
        reader = Reader(self.connect())
        log = "SELECT epoch, waiting_for_order FROM spacetime.change_log LIMIT 1"
        epoch, _ = writer.execute(log).fetchone()
        writer.execute("SET synchronous_commit = local")
        writer.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        writer.execute("SELECT pg_reload_conf()")
        hanging = self.connect()
        waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event = 'SyncRep'"
        thread = threading.Thread(target=lambda: hanging.execute("UPDATE hung.account SET balance = 5 WHERE id = 5"))
        while True:
            # Until the server has read its settings again commits do not wait.
            thread.start()
            while thread.is_alive() and not writer.execute(waits, (hanging.info.backend_pid,)).fetchone()[0]:
                pass
            if thread.is_alive():
                break
            thread = threading.Thread(target=lambda: hanging.execute("UPDATE hung.account SET balance = 5 WHERE id = 5"))
        try:
            reader.next(wait_ms=0)
            writer.execute("UPDATE hung.account SET balance = balance + 1 WHERE id > 5")
            self.assertEqual((reader.next(wait_ms=0).entries, len(self.files())), ([], 1))
            while writer.execute(log).fetchone()[0] == epoch:
                writer.execute("UPDATE hung.account SET balance = balance + 1 WHERE id BETWEEN 100 AND 1500")
            # The log was forgotten, and what it had put aside with it.
            self.assertEqual(self.files(), [])
        finally:
            writer.execute("ALTER SYSTEM RESET synchronous_standby_names")
            writer.execute("SELECT pg_reload_conf()")
            thread.join()
        self.assertTrue(reader.next().is_resync)
        follower = Follower(self.rows(writer, "hung"))
        writer.execute("SELECT hung.transfer(1, 2, 1)")
        for entry in reader.next().entries:
            follower.apply(entry)
        self.assertEqual(follower.rows, self.rows(writer, "hung"))


class PreparedTest(ChangeLogTestCase):
    settings = {"max_prepared_transactions": 2}

    def test_prepared_transactions(self):
        """What the log cannot follow is refused: it would be told with whatever the session commits next."""
        writer = self.bank("prepared")
        reader = Reader(self.connect())
        for statement in [
            "SELECT prepared.transfer(1, 2, 1)",
            "UPDATE prepared.account SET balance = 1 WHERE id = 1",
            "TRUNCATE prepared.account",
            "SELECT publish_module('other', pg_read_binary_file('test_modules/bank.wasm'))",
            "SELECT spacetime.drop_module('prepared')",
        ]:
            with self.subTest(statement):
                writer.execute("BEGIN")
                writer.execute(statement)
                self.assert_sqlstate("0A000", writer, "PREPARE TRANSACTION 'p'")
                writer.execute("ROLLBACK")
        writer.execute("SELECT prepared.transfer(2, 1, 1)")
        entry, = reader.next().entries
        self.assertEqual((entry.kind, len(entry.calls)), ("changes", 1))


class RestartTest(ChangeLogTestCase):
    def test_new_epoch(self):
        writer = self.bank("restarted")
        reader = Reader(self.connect())
        writer.execute("SELECT restarted.transfer(1, 2, 1)")
        self.cluster.restart("fast")
        reader.connection = self.connect()
        self.assertTrue(reader.next().is_resync)
        writer = self.connect()
        writer.execute("SELECT restarted.transfer(1, 2, 1)")
        self.assertEqual(len(reader.next().entries), 1)
        # A killed writer takes every session with it, and the memory.
        writer.execute("BEGIN")
        writer.execute("SELECT restarted.transfer(1, 2, 1)")
        before = self.cluster.log_text().count("all server processes terminated; reinitializing")
        self.cluster.kill(writer.info.backend_pid)
        while self.cluster.log_text().count("all server processes terminated; reinitializing") == before:
            pass
        self.cluster.wait_ready()
        reader.connection = self.connect()
        self.assertTrue(reader.next().is_resync)

    def test_nobody_was_reading(self):
        writer = self.bank("unread")
        reader = Reader(self.connect())
        reader.connection.close()
        gone = "SELECT count(*) FROM spacetime.change_log WHERE reader_pid IS NOT NULL"
        while writer.execute(gone).fetchone()[0]:
            pass
        writer.execute("SELECT unread.transfer(1, 2, 1)")
        reader.connection = self.connect()
        self.assertTrue(reader.next().is_resync)


class WithoutPreloadTest(ClusterTestCase):
    settings = {"shared_preload_libraries": "''"}

    def test_refused(self):
        error = self.assert_sqlstate("55000", self.connect(), "SELECT spacetime.changes(NULL)")
        self.assertIn("shared_preload_libraries = 'spacetime'", error.diag.message_hint)
