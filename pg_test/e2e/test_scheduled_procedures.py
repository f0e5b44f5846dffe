"""Scheduled procedures: run by a worker of their own, at most once each, while reducers go on."""

import time

from harness.testcase import ClusterTestCase

WORKER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'spacetime procedure scheduler'"
NOTES = "SELECT note FROM {}.done WHERE note <> 'beat' ORDER BY id"


class ScheduledProceduresTest(ClusterTestCase):
    # What an operator may have set for everybody must not stop the worker.
    settings = {"default_transaction_isolation": "serializable"}

    def connect(self, **options):
        connection = super().connect(**options)
        connection.execute("SET default_transaction_isolation = 'read committed'")
        return connection

    def wait_for(self, connection, sql, expected, parameters=None):
        deadline = time.monotonic() + 30
        while (answer := connection.execute(sql, parameters).fetchall()) != expected:
            self.assertLess(time.monotonic(), deadline, f"{sql}: {answer}, not {expected}\n{self.cluster.log_tail()}")
            time.sleep(0.05)

    def start(self, module):
        connection = self.connect()
        self.publish(connection, "tasks", module)
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module(%s)", [module]))
        return connection

    def worker(self, connection):
        self.wait_for(connection, f"SELECT count(*) FROM ({WORKER}) w", [(1,)])
        return connection.execute(WORKER).fetchone()[0]

    def test_once(self):
        """The row is gone before the procedure begins; it is called as the module itself."""
        connection = self.start("once")
        connection.execute("SELECT once.task_in(100, 'a', '')")
        done = "SELECT note, has_row, sender = module, connection_id IS NULL, is_internal FROM once.done"
        self.wait_for(connection, done, [("a", False, True, True, True)])
        self.assertEqual(connection.execute("SELECT count(*) FROM once.task").fetchone(), (0,))
        # Rows of plain SQL, too; and the time of one that is changed counts.
        soon = "jsonb_build_object('Time', jsonb_build_array((extract(epoch FROM clock_timestamp()) * 1000000)::bigint))"
        connection.execute(f"INSERT INTO once.task (at, note, what) VALUES ({soon}, 'b', 'roll back')")
        self.wait_for(connection, NOTES.format("once"), [("a",), ("b",), ('b: Err("not wanted")',)])
        self.assertEqual(connection.execute("SELECT count(*) FROM spacetime.schedules").fetchone(), (0,))

    def test_every(self):
        connection = self.start("every")
        connection.execute("SELECT every.task_every(50, 'x', '')")
        due = "SELECT function, is_procedure, runs >= 3, last_error FROM spacetime.schedules"
        self.wait_for(connection, due, [("run_task", True, True, None)])
        self.assertEqual(connection.execute("SELECT bool_and(has_row) FROM every.done").fetchone(), (True,))
        connection.execute("SELECT every.stop()")

    def test_errors(self):
        """What was committed stays, the rest of the schedule goes on, and the operator can read why."""
        connection = self.start("errors")
        connection.execute("SELECT errors.task_in(0, 'a', 'panic')")
        connection.execute("SELECT errors.task_in(0, 'b', 'panic within')")
        connection.execute("SELECT errors.task_in(200, 'c', '')")
        self.wait_for(connection, NOTES.format("errors"), [("a",), ("b",), ("c",)])
        pid = self.worker(connection)
        logged = "SELECT count(*) FROM spacetime.logs('errors') WHERE level = 'error' AND message LIKE %s"
        for row in [1, 2]:
            message = f'scheduled procedure "run\\_task" failed for row {row} of %'
            self.assertEqual(connection.execute(logged, [message]).fetchone(), (1,))
        self.assertEqual(connection.execute("SELECT count(*) FROM errors.task").fetchone(), (0,))
        connection.execute("SELECT errors.task_every(50, 'd', 'panic')")
        failing = "SELECT runs >= 2 FROM spacetime.schedules WHERE last_error LIKE '%panic%'"
        self.wait_for(connection, failing, [(True,)])
        connection.execute("SELECT errors.stop()")
        self.assertEqual(self.worker(connection), pid, "the worker was started again")

    def test_reducers_do_not_wait(self):
        """A procedure asleep holds nothing; cancelled, it ends, and what waits behind it runs."""
        connection = self.start("asleep")
        connection.execute("SELECT asleep.task_in(0, 'long', '3600000')")
        self.wait_for(connection, NOTES.format("asleep"), [("long",)])
        connection.execute("SELECT asleep.beat_every(20)")
        self.wait_for(connection, "SELECT count(*) > 3 FROM asleep.done WHERE note = 'beat'", [(True,)])
        connection.execute("SELECT asleep.task_in(0, 'behind', '')")
        horizon = "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE pid = %s"
        self.assertEqual(connection.execute(horizon, [self.worker(connection)]).fetchone(), (True,))
        self.assertEqual(connection.execute(NOTES.format("asleep")).fetchall(), [("long",)])
        connection.execute("SELECT pg_cancel_backend(%s)", [self.worker(connection)])
        self.wait_for(connection, NOTES.format("asleep"), [("long",), ("behind",)])
        connection.execute("SELECT asleep.stop()")

    def test_restart(self):
        """A run that the server's end has cut off is not repeated; what was not begun is run."""
        connection = self.start("restart")
        connection.execute("SELECT restart.task_in(0, 'cut off', '3600000')")
        self.wait_for(connection, NOTES.format("restart"), [("cut off",)])
        connection.execute("SELECT restart.task_in(0, 'kept', '')")
        self.cluster.restart("immediate")
        self.cluster.wait_ready()
        connection = self.connect()
        self.wait_for(connection, NOTES.format("restart"), [("cut off",), ("kept",)])
        # So does one that sleeps when its database is dropped, or its server stopped in peace.
        connection.execute("SELECT restart.task_in(0, 'stopped', '3600000')")
        self.wait_for(connection, "SELECT count(*) FROM restart.done WHERE note = 'stopped'", [(1,)])
        self.cluster.restart("fast")
        self.cluster.wait_ready()

    def test_new_version(self):
        """The procedure becomes a reducer, and a table that was scheduled is not any more."""
        connection = self.start("version")
        connection.execute("SELECT version.task_in(3000, 'handed over', '')")
        connection.execute("SELECT version.task_in(3600000, 'later', '')")
        connection.execute("SELECT version.beat_every(3600000)")
        triggers = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'version.beat'::regclass AND tgname LIKE 'spacetime_schedule%' ORDER BY 1"
        self.assertEqual(len(connection.execute(triggers).fetchall()), 2)
        upload = "pg_read_binary_file('test_modules/tasks_2.wasm'), '{\"allow_breaking\": true}'"
        plan = f"SELECT kind, object FROM spacetime.plan_publish('version', {upload}) WHERE kind LIKE '%trigger'"
        self.assertEqual(connection.execute(plan).fetchall(), [("drop_trigger", "table `beat`")])
        connection.execute(f"SELECT publish_module('version', {upload})")
        self.assertEqual(connection.execute(triggers).fetchall(), [])
        # Its row stays, nothing is due because of it, and rows are written as to any table.
        self.assertEqual(connection.execute("SELECT count(*) FROM version.beat").fetchone(), (1,))
        due = "SELECT count(*) FROM spacetime.schedules WHERE \"table\" = 'beat'"
        self.assertEqual(connection.execute(due).fetchone(), (0,))
        connection.execute("INSERT INTO version.beat (at) SELECT at FROM version.beat")
        self.assertEqual(connection.execute(due).fetchone(), (0,))
        self.wait_for(connection, NOTES.format("version"), [("handed over, by a reducer",)])
        # And back: the triggers return, and rows without an entry get one.
        connection.execute(
            "SELECT publish_module('version', pg_read_binary_file('test_modules/tasks.wasm'), '{\"allow_breaking\": true}')"
        )
        self.assertEqual(len(connection.execute(triggers).fetchall()), 2)
        self.wait_for(connection, due, [(2,)])
        connection.execute("SELECT version.stop()")
