"""pg_upgrade carries modules along, here from one cluster to another of the same version; nothing runs meanwhile."""

import time

from harness.cluster import Cluster
from harness.testcase import ClusterTestCase

IDENTITIES = "SELECT encode(spacetime.sender(), 'hex'), identity, version FROM spacetime.modules ORDER BY schema"


class UpgradeTest(ClusterTestCase):
    settings = {"shared_preload_libraries": "'spacetime'"}

    def wait_for(self, cluster, condition):
        deadline = time.monotonic() + 60
        while cluster.psql(condition).stdout != "t\n":
            self.assertLess(time.monotonic(), deadline, cluster.log_tail())
            time.sleep(0.05)

    def test_pg_upgrade(self):
        old = self.connect()
        for module in ["chat", "schedules", "tasks"]:
            self.publish(old, module)
        for sql in [
            "SELECT chat.register_user('ann')",
            "SELECT schedules.schedule_every(20, 'tick', '')",
            "SELECT tasks.task_every(20, 'tick', '')",
            "SELECT spacetime.allow_http('tasks', 'api.example.com')",
        ]:
            old.execute(sql)
        runs = "(SELECT count(*) FROM schedules.run) > {0} AND (SELECT count(*) FROM tasks.done) > {0}"
        self.wait_for(self.cluster, f"SELECT {runs.format(2)}")
        expected = self.cluster.psql(IDENTITIES).stdout
        old.close()
        self.cluster.stop()
        stopped = time.time()

        new = Cluster(settings={"shared_preload_libraries": "'spacetime'"})
        self.addCleanup(new.remove)
        new.create()
        new.upgrade_from(self.cluster)
        new.settings.clear()
        new.start()
        last = "SELECT extract(epoch FROM greatest((SELECT max(at) FROM schedules.run), (SELECT max(at) FROM tasks.done)))"
        self.assertLess(float(new.psql(last).stdout), stopped)
        self.assertEqual(new.psql(IDENTITIES).stdout, expected)
        for module in ["chat", "schedules", "tasks"]:
            self.assertEqual(new.psql(f"SELECT * FROM spacetime.check_module('{module}')").stdout, "")
        self.assertEqual(new.psql("SELECT module, host FROM spacetime.http_hosts").stdout, "tasks|api.example.com\n")
        # The user who registered is known again by identity.
        new.psql("SELECT chat.set_name('anna')")
        self.assertEqual(new.psql("SELECT name FROM chat.\"user\"").stdout, "anna\n")

        new.settings.update(self.settings)
        counts = new.psql("SELECT greatest((SELECT count(*) FROM schedules.run), (SELECT count(*) FROM tasks.done))").stdout
        new.restart()
        self.wait_for(new, f"SELECT {runs.format(int(counts) + 2)}")
