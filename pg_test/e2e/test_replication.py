"""Module tables are ordinary tables for logical replication: another Postgres, without the extension, follows them."""

from harness.cluster import Cluster
from harness.testcase import ClusterTestCase


class ReplicationTest(ClusterTestCase):
    settings = {"wal_level": "logical"}

    def test_subscriber_follows(self):
        connection = self.connect()
        self.publish(connection, "semantics")
        connection.execute("CREATE PUBLICATION labels FOR TABLE semantics.labelled")
        follower = self.enterContext(Cluster(settings={"wal_level": "logical"}))
        where = self.cluster.connection()
        follower.psql(
            "CREATE SCHEMA semantics;"
            "CREATE TABLE semantics.labelled (id bigint PRIMARY KEY, label text UNIQUE, number integer)"
        )
        follower.psql(
            f"CREATE SUBSCRIPTION labels CONNECTION 'host={where['PGHOST']} port={where['PGPORT']}"
            f" user={where['PGUSER']} dbname={where['PGDATABASE']}' PUBLICATION labels"
        )
        insert = "SELECT semantics.insert_labelled_if_free(%s, %s, %s)"
        for row in [
            (1, "one", 10),
            (2, "two", 20),
            # Taken keys: a row that was stored and taken back would stop the subscriber at its own unique key.
            (1, "uno", 11),
            (3, "two", 30),
            (3, "three", 30),
        ]:
            connection.execute(insert, row)
        connection.execute("SELECT semantics.update_labelled(2, 'dos', 21), semantics.delete_labelled(1)")
        wait = (
            "DO $$ BEGIN FOR attempt IN 1..600 LOOP"
            " COMMIT; EXIT WHEN (SELECT string_agg(label, ',' ORDER BY id) FROM semantics.labelled) = 'dos,three';"
            " PERFORM pg_sleep(0.05); END LOOP; END $$"
        )
        follower.psql(wait)
        rows = follower.psql("SELECT id, label, number FROM semantics.labelled ORDER BY id").stdout.split()
        self.assertEqual(rows, ["2|dos|21", "3|three|30"])
        follower.psql("DROP SUBSCRIPTION labels")
