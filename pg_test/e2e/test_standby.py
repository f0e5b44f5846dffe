"""A hot standby carries the modules along: it refuses reducers like any other write, and runs them once it is promoted."""

import os
import time

from harness.cluster import Cluster, server_user
from harness.testcase import ClusterTestCase


class StandbyTest(ClusterTestCase):
    def standby(self) -> Cluster:
        """A second server, made from a base backup of the first one and following it."""
        standby = Cluster()
        self.addCleanup(standby.remove)
        if os.geteuid() == 0:
            server = server_user()
            os.chown(standby.directory, server.pw_uid, server.pw_gid)
        where = self.cluster.connection()
        standby._server_run(
            "pg_basebackup", "--pgdata", standby.data, "--host", where["PGHOST"], "--port", where["PGPORT"],
            "--username", where["PGUSER"], "--write-recovery-conf", "--checkpoint", "fast", "--no-sync",
        )
        # Later lines win over those copied from the first server.
        standby._server_write(
            standby.data / "postgresql.conf", f"include '{standby.directory}/settings.conf'\n", append=True
        )
        standby.start()
        return standby

    def wait_for(self, cluster, condition):
        deadline = time.monotonic() + 30
        # The table itself may be still on its way.
        while cluster.psql(condition, check=False).stdout != "t\n":
            self.assertLess(time.monotonic(), deadline, cluster.log_tail())
            time.sleep(0.05)

    def test_standby(self):
        primary = self.connect()
        self.publish(primary, "bank")
        primary.execute("SELECT bank.seed(2, 100)")
        self.publish(primary, "views")
        primary.execute("SELECT views.join('ann', 3)")
        self.publish(primary, "procedures")
        standby = self.standby()
        for sql in [
            "SELECT bank.transfer(0, 1, 60)",
            "SELECT call_reducer('bank', 'transfer', '[0, 1, 60]')",
            "SELECT publish_module('chat', pg_read_binary_file('test_modules/chat.wasm'))",
            "SELECT spacetime.drop_module('bank')",
            "CALL procedures.record('one')",
        ]:
            with self.subTest(sql):
                refused = standby.psql(sql, check=False)
                self.assertIn("ERROR:  25006:", refused.stderr)
        self.assertEqual(standby.psql("SELECT name FROM spacetime.modules ORDER BY name").stdout, "bank\nprocedures\nviews\n")
        self.assertEqual(standby.psql("SELECT sum(balance) FROM bank.account").stdout, "200\n")
        sender = primary.execute("SELECT encode(spacetime.sender(), 'hex')").fetchone()[0]
        self.assertEqual(standby.psql("SELECT encode(spacetime.sender(), 'hex')").stdout, sender + "\n")

        # Views only read, those that are queries, too; and a procedure need not write.
        self.assertEqual(standby.psql("SELECT name FROM views.my_player").stdout, "ann\n")
        self.assertEqual(standby.psql("SELECT name FROM views.weak_players").stdout, "ann\n")
        self.assertEqual(standby.psql("CALL procedures.add(1, 2)").stdout, "3\n")

        # Nothing is scheduled on a standby, and everything as soon as it is none any more.
        self.publish(primary, "schedules")
        primary.execute("SELECT schedules.schedule_every(20, 'tick', '')")
        self.wait_for(standby, "SELECT count(*) > 2 FROM schedules.run")
        workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'spacetime %'"
        self.assertEqual(standby.psql(workers).stdout, "0\n")
        self.cluster.stop()

        self.assertEqual(standby.psql("SELECT pg_promote()").stdout, "t\n")
        runs = int(standby.psql("SELECT count(*) FROM schedules.run").stdout)
        self.wait_for(standby, f"SELECT count(*) > {runs + 2} FROM schedules.run")
        standby.psql("SELECT schedules.cancel_all()")
        self.cluster.start()
        standby.psql("SELECT bank.transfer(0, 1, 60)")
        standby.psql(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT sum(balance) FROM bank.account;"
            "SELECT bank.transfer(0, 1, 10); COMMIT"
        )
        balances = "SELECT string_agg(balance::text, ' ' ORDER BY id) FROM bank.account"
        self.assertEqual(standby.psql(balances).stdout, "30 170\n")
        # The first server goes its own way.
        self.assertEqual(self.cluster.psql(balances).stdout, "100 100\n")
