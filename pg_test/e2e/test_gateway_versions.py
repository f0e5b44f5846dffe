"""New versions of a module while clients are connected."""

import json
import struct

from harness.gateway import ROOT, GatewayTestCase


class VersionsTest(GatewayTestCase):
    def setUp(self):
        super().setUp()
        # Modules are made from a description in JSON, as for the tests of migrations.
        script = (ROOT / "pg_test" / "regress" / "sql" / "migrations.sql").read_text()
        begin, end = script.index("CREATE SCHEMA migrations"), script.index("-- What a module's tables look like")
        self.addCleanup(lambda: self.connect().execute("DROP SCHEMA migrations CASCADE"))
        self.sql.execute(script[begin:end])

    def version(self, colors):
        """A module whose table has an enum before its last column."""
        columns = [["id", "u32"], ["color", 0], ["room", "u32"]]
        table = {"name": "item", "columns": columns, "pk": 0, "unique": [[0]]}
        return "wasm('%s')" % json.dumps({"types": [["Color", {"enum": colors}]], "tables": [table]})

    def test_more_variants_of_an_enum(self):
        """Rows with the new one cannot be read by whoever knows the old version only: clients have to come again."""
        old, new = self.version(["Red", "Green"]), self.version(["Red", "Green", "Blue"])
        self.sql.execute(f"SELECT publish_module('painted', {old})")
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module('painted')"))
        self.sql.execute("INSERT INTO painted.item VALUES (1, 'green', 5)")
        client = self.client("painted")
        query = "SELECT * FROM item WHERE room = 5"
        self.assertEqual(client.rows(client.subscribe(query), "item"), {struct.pack("<IBI", 1, 1, 5): 1})
        plan = f"SELECT kind, breaks_clients, refused_why FROM spacetime.plan_publish('painted', {new})"
        self.assertIn(("change_column", True, None), self.sql.execute(plan).fetchall())
        # No data is lost, so nothing has to be allowed.
        self.sql.execute(f"SELECT publish_module('painted', {new})")
        self.sql.execute("INSERT INTO painted.item VALUES (2, 'blue', 5)")
        with self.assertRaisesRegex(AssertionError, "module exited"):
            client.next()
        again = self.client("painted")
        rows = {struct.pack("<IBI", 1, 1, 5): 1, struct.pack("<IBI", 2, 2, 5): 1}
        self.assertEqual(again.rows(again.subscribe(query), "item"), rows)
