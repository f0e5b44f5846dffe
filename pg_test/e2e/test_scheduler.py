"""Scheduled tables while everything around them goes wrong: killed workers, restarts, dropped databases."""

import time

from harness.testcase import ClusterTestCase

WORKERS = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'spacetime scheduler' AND datname = %s"
RUNS = "SELECT count(*), count(DISTINCT job) FROM {}.run"


class SchedulerTestCase(ClusterTestCase):
    def wait_for(self, connection, sql, expected, timeout_s=30, parameters=None):
        """Asks until the answer is there; says the last one if it never comes."""
        deadline = time.monotonic() + timeout_s
        while (answer := connection.execute(sql, parameters).fetchall()) != expected:
            self.assertLess(time.monotonic(), deadline, f"{sql}: {answer}, not {expected}\n{self.cluster.log_tail()}")
            time.sleep(0.05)

    def worker(self, connection, database="postgres"):
        deadline = time.monotonic() + 30
        while not (row := connection.execute(WORKERS, [database]).fetchone()):
            self.assertLess(time.monotonic(), deadline, self.cluster.log_tail())
            time.sleep(0.02)
        return row[0]

    def reconnect(self):
        self.cluster.wait_ready()
        return self.connect()


class ExactlyOnceTest(SchedulerTestCase):
    # As in production: what a crash may lose is what was never committed.
    settings = {"fsync": "on"}

    def test_thousand_rows(self):
        """1,000 rows due over 10 s; the worker is killed and the server restarted in between."""
        connection = self.connect()
        self.publish(connection, "schedules", "many")
        self.publish(connection, "schedules", "others")
        connection.execute("SELECT many.schedule_many(1000, 500, 10000)")
        connection.execute("SELECT others.schedule_many(200, 500, 10000)")
        ran = "SELECT count(*) > %s FROM many.run"
        self.wait_for(connection, ran, [(True,)], parameters=[150])
        self.cluster.kill(self.worker(connection))
        while "all server processes terminated; reinitializing" not in self.cluster.log_text():
            time.sleep(0.02)
        connection = self.reconnect()
        self.wait_for(connection, ran, [(True,)], parameters=[350])
        self.cluster.restart("fast")
        connection = self.reconnect()
        self.wait_for(connection, ran, [(True,)], parameters=[550])
        self.cluster.restart("immediate")
        connection = self.reconnect()
        for module, count in [("many", 1000), ("others", 200)]:
            self.wait_for(connection, f"SELECT count(*) FROM {module}.job", [(0,)], timeout_s=60)
            self.assertEqual(connection.execute(RUNS.format(module)).fetchone(), (count, count))
            in_order = f"SELECT bool_and(note::int >= before) FROM (SELECT note, lag(note::int, 1, 0) OVER (ORDER BY at) AS before FROM {module}.run) r"
            self.assertEqual(connection.execute(in_order).fetchone(), (True,))
        self.assertEqual(connection.execute("SELECT count(*) FROM spacetime.schedules").fetchone(), (0,))


class SchedulerTest(SchedulerTestCase):
    # What an operator may have set for everybody must not stop the worker.
    settings = {"default_transaction_isolation": "serializable"}

    def connect(self, **options):
        """The tests' own calls may come after a run of the worker: they are no part of that setting's test."""
        connection = super().connect(**options)
        connection.execute("SET default_transaction_isolation = 'read committed'")
        if not connection.autocommit:
            connection.commit()
        return connection

    def test_after_downtime(self):
        """One run per overdue row, however many intervals were missed, and the grid of the interval stays."""
        connection = self.connect()
        self.publish(connection, "schedules", "downtime")
        connection.execute("SELECT downtime.schedule_every(1000, 'tick', '')")
        connection.execute("SELECT downtime.schedule_in(1500, 'once', '')")
        first = connection.execute(
            "SELECT extract(epoch FROM next_run) FROM spacetime.schedules WHERE module = 'downtime' AND every IS NOT NULL"
        ).fetchone()[0]
        self.cluster.stop()
        time.sleep(4)
        self.cluster.start()
        connection = self.reconnect()
        self.wait_for(connection, "SELECT count(*) FROM downtime.run WHERE note = 'once'", [(1,)])
        connection.execute("SELECT downtime.cancel_all()")
        runs = connection.execute("SELECT extract(epoch FROM at) FROM downtime.run WHERE note = 'tick' ORDER BY at").fetchall()
        # Each run lies in a second of the grid of its own: nothing was made up for.
        ticks = [int(at - first) for (at,) in runs]
        self.assertEqual(len(ticks), len(set(ticks)), runs)

    def test_no_drift(self):
        connection = self.connect()
        self.publish(connection, "schedules", "drift")
        connection.execute("SELECT drift.schedule_every(100, 'x', 'count')")
        due = "SELECT (extract(epoch FROM next_run) * 1000000)::bigint, runs FROM spacetime.schedules WHERE module = 'drift'"
        first, _ = connection.execute(due).fetchone()
        self.wait_for(connection, "SELECT runs >= 10 FROM spacetime.schedules WHERE module = 'drift'", [(True,)])
        last, _ = connection.execute(due).fetchone()
        self.assertEqual((last - first) % 100_000, 0)
        # The reducer has written to its own row at each run, and nothing was rescheduled by that.
        self.assertEqual(connection.execute("SELECT note LIKE 'xIIIIIIIIII%' FROM drift.job").fetchone(), (True,))
        connection.execute("DELETE FROM drift.job")
        self.wait_for(connection, "SELECT count(*) FROM spacetime.schedules WHERE module = 'drift'", [(0,)])

    def test_failing_reducers(self):
        connection = self.connect()
        self.publish(connection, "schedules", "failing")
        connection.execute("SELECT failing.schedule_in(0, 'a', 'fail')")
        connection.execute("SELECT failing.schedule_in(0, 'b', 'panic')")
        connection.execute("SELECT failing.schedule_every(50, 'c', 'fail')")
        connection.execute("SELECT failing.schedule_in(100, 'd', '')")
        pid = self.worker(connection)
        self.wait_for(connection, "SELECT note FROM failing.run", [("d",)])
        failures = "SELECT runs > 2, last_error FROM spacetime.schedules WHERE module = 'failing'"
        self.wait_for(connection, failures, [(True, "job 3 fails on purpose")])
        self.assertEqual(connection.execute("SELECT note FROM failing.job").fetchall(), [("c",)])
        logged = "SELECT count(*) FROM spacetime.logs('failing') WHERE message LIKE %s"
        for text in ["%run_job% failed for row 1 of \"job\": job 1 fails%", "%run_job% failed for row 2%"]:
            self.assertEqual(connection.execute(logged, [text]).fetchone(), (1,), text)
        self.assertEqual(self.worker(connection), pid, "the worker was started again")
        connection.execute("SELECT failing.cancel_all()")

    def test_rows_that_change_themselves(self):
        """A reducer may delete its row, and give it another time: then it runs again."""
        connection = self.connect()
        self.publish(connection, "schedules", "selves")
        connection.execute("SELECT selves.schedule_in(0, 'a', 'delete itself')")
        connection.execute("SELECT selves.schedule_in(0, 'b', 'again')")
        connection.execute("SELECT selves.schedule_every(10, 'c', 'delete itself')")
        self.wait_for(connection, "SELECT note FROM selves.run ORDER BY note", [("a",), ("b",), ("b again",), ("c",)])
        self.wait_for(connection, "SELECT count(*) FROM selves.job", [(0,)])
        due = "SELECT count(*) FROM spacetime.schedules WHERE module = 'selves'"
        self.assertEqual(connection.execute(due).fetchone(), (0,))
        self.assertEqual(connection.execute("SELECT message FROM spacetime.logs('selves') WHERE level = 'error'").fetchall(), [])

    def test_republish(self):
        """A new version takes over what the old one scheduled, and the worker picks it up."""
        connection = self.connect()
        self.publish(connection, "schedules", "version")
        connection.execute("SELECT version.schedule_every(20, 'x', '')")
        self.wait_for(connection, "SELECT count(*) > 1 FROM version.run", [(True,)])
        connection.execute(
            "SELECT publish_module('version', pg_read_binary_file('test_modules/schedules.wasm') || '\\x00020161'::bytea)"
        )
        runs = connection.execute("SELECT count(*) FROM version.run").fetchone()[0]
        self.wait_for(connection, "SELECT count(*) > %s FROM version.run", [(True,)], parameters=[runs + 2])
        connection.execute("SELECT version.cancel_all()")

    def test_busy_module(self):
        """A module whose lock is held does not keep the others from running."""
        connection = self.connect()
        self.publish(connection, "schedules", "busy")
        self.publish(connection, "schedules", "free")
        holder = self.connect(autocommit=False)
        holder.execute("SELECT busy.note('held')")
        connection.execute("SET spacetime.row_wait_ms = 0")
        holder.execute("SELECT busy.schedule_in(0, 'late', '')")
        other = self.connect()
        other.execute("SELECT free.schedule_every(20, 'x', '')")
        self.wait_for(other, "SELECT count(*) > 5 FROM free.run", [(True,)])
        self.assertEqual(other.execute("SELECT count(*) FROM busy.run").fetchone(), (0,))
        holder.commit()
        self.wait_for(other, "SELECT note FROM busy.run ORDER BY id", [("held",), ("late",)])
        other.execute("SELECT free.cancel_all()")

    def test_spinning_reducer_can_be_cancelled(self):
        """There is no time limit, but an operator."""
        connection = self.connect()
        self.publish(connection, "schedules", "spinning")
        connection.execute("SELECT spinning.schedule_in(0, 'x', 'spin')")
        active = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'spacetime scheduler' AND query LIKE 'running%'"
        self.wait_for(connection, active + " AND state = 'active'", [(1,)])
        # DROP DATABASE waits until every process has answered its signal; this one does, in the middle of the guest.
        connection.execute("CREATE DATABASE unrelated")
        connection.execute("SET statement_timeout = '30s'")
        connection.execute("DROP DATABASE unrelated")
        connection.execute("SELECT pg_cancel_backend(%s)", [self.worker(connection)])
        self.wait_for(connection, "SELECT count(*) FROM spinning.job", [(0,)])
        connection.execute("SELECT spinning.schedule_in(0, 'well', '')")
        self.wait_for(connection, "SELECT note FROM spinning.run", [("well",)])
        # A server that is stopped does not wait for it either.
        connection.execute("SELECT spinning.schedule_in(0, 'x', 'spin')")
        self.wait_for(connection, active + " AND state = 'active'", [(1,)])
        self.cluster.restart("fast")
        connection = self.reconnect()
        self.wait_for(connection, active + " AND state = 'active'", [(1,)])
        connection.execute("SELECT pg_cancel_backend(%s)", [self.worker(connection)])
        self.wait_for(connection, "SELECT count(*) FROM spinning.job", [(0,)])

    def test_plain_sql(self):
        connection = self.connect()
        self.publish(connection, "schedules", "plain")
        soon = "jsonb_build_object('Time', jsonb_build_array((extract(epoch FROM clock_timestamp()) * 1000000)::bigint))"
        far = "jsonb_build_object('Time', jsonb_build_array((extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 50000000))"
        connection.execute(f"INSERT INTO plain.job (at, note, what) VALUES ({soon}, 'soon', ''), ({far}, 'far', '')")
        self.wait_for(connection, "SELECT note FROM plain.run", [("soon",)])
        # The row is put forward, and the worker that sleeps until then is woken.
        connection.execute(f"UPDATE plain.job SET at = {soon}")
        self.wait_for(connection, "SELECT note FROM plain.run ORDER BY id", [("soon",), ("far",)])
        with connection.transaction(force_rollback=True):
            connection.execute(f"INSERT INTO plain.job (at, note, what) VALUES ({soon}, 'never', '')")
        connection.execute(f"INSERT INTO plain.job (at, note, what) VALUES ({far}, 'x', '')")
        connection.execute("TRUNCATE plain.job")
        self.assertEqual(connection.execute("SELECT count(*) FROM spacetime._schedule WHERE module = (SELECT decode(identity, 'hex') FROM spacetime.modules WHERE name = 'plain')").fetchone(), (0,))
        # Rows that came without the trigger are found at the next start.
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"INSERT INTO plain.job (at, note, what) VALUES ({soon}, 'restored', '')")
        self.cluster.restart()
        connection = self.reconnect()
        self.wait_for(connection, "SELECT note FROM plain.run ORDER BY id DESC LIMIT 1", [("restored",)])
        self.assertEqual(connection.execute("SELECT count(*) FROM plain.run").fetchone(), (3,))

    def test_immediate(self):
        connection = self.connect()
        self.publish(connection, "schedules", "immediate")
        with connection.transaction(force_rollback=True):
            connection.execute("SELECT immediate.schedule_now('note', 'rolled back')")
        connection.execute("SELECT immediate.schedule_now('nothing', 'x')")
        connection.execute("SELECT immediate.schedule_now('cancel_all', 'too many arguments')")
        connection.execute("SELECT immediate.schedule_now('note', 'hello')")
        internal = (
            "SELECT r.note, r.is_internal, r.connection_id IS NULL, r.sender = decode(m.identity, 'hex') "
            "FROM immediate.run r, spacetime.modules m WHERE m.name = 'immediate'"
        )
        self.wait_for(connection, internal, [("hello", True, True, True)])
        logged = "SELECT message FROM spacetime.logs('immediate') WHERE level = 'error' ORDER BY at"
        messages = [message for (message,) in connection.execute(logged)]
        self.assertEqual(len(messages), 2, messages)

    def test_drop_database(self):
        """Databases with a worker in them can be dropped, copied and renamed; the server goes on."""
        connection = self.connect()
        for statement in [
            "DROP DATABASE other", "CREATE DATABASE copy TEMPLATE other", "ALTER DATABASE other RENAME TO renamed",
        ]:
            with self.subTest(statement):
                for name in ["other", "copy", "renamed"]:
                    connection.execute(f"DROP DATABASE IF EXISTS {name}")
                connection.execute("CREATE DATABASE other")
                self.cluster.psql(
                    "CREATE EXTENSION spacetime;"
                    "SELECT publish_module('schedules', pg_read_binary_file('test_modules/schedules.wasm'));"
                    "SELECT schedules.schedule_every(10, 'x', '')",
                    database="other",
                )
                self.worker(connection, "other")
                connection.execute(statement)
        self.worker(connection, "renamed")
        connection.execute("DROP DATABASE renamed")
        connection.execute("DROP DATABASE IF EXISTS copy")

    def test_drop_extension(self):
        connection = self.connect()
        connection.execute("CREATE DATABASE without")
        publish = (
            "CREATE EXTENSION spacetime;"
            "SELECT publish_module('schedules', pg_read_binary_file('test_modules/schedules.wasm'));"
            "SELECT schedules.schedule_every(10, 'x', '');"
        )
        self.cluster.psql(publish, database="without")
        self.worker(connection, "without")
        self.cluster.psql("DROP EXTENSION spacetime CASCADE", database="without")
        self.wait_for(connection, WORKERS, [], parameters=["without"])
        self.cluster.psql("DROP SCHEMA schedules CASCADE;" + publish, database="without")
        self.worker(connection, "without")
        connection.execute("DROP DATABASE without")


class NotPreloadedTest(SchedulerTestCase):
    settings = {"shared_preload_libraries": "''"}

    def test_not_preloaded(self):
        connection = self.connect()
        notices = []
        connection.add_notice_handler(lambda notice: notices.append((notice.sqlstate, notice.message_hint)))
        self.publish(connection, "schedules")
        (sqlstate, hint), = notices
        self.assertEqual(sqlstate, "01000")
        self.assertIn("shared_preload_libraries = 'spacetime'", hint)
        connection.execute("SELECT schedules.schedule_now('note', 'x')")
        logged = "SELECT message FROM spacetime.logs('schedules') WHERE level = 'error'"
        self.assertIn("shared_preload_libraries", connection.execute(logged).fetchone()[0])
        # What is scheduled waits for a server that runs it.
        connection.execute("SELECT schedules.schedule_in(0, 'waits', '')")
        due = "SELECT module, \"table\", row_key, function, runs FROM spacetime.schedules"
        self.assertEqual(connection.execute(due).fetchall(), [("schedules", "job", 1, "run_job", 0)])
        self.cluster.settings["shared_preload_libraries"] = "'spacetime'"
        self.cluster.restart()
        connection = self.reconnect()
        self.wait_for(connection, "SELECT note FROM schedules.run", [("waits",)])
