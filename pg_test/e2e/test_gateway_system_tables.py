"""System tables `st_…`, over HTTP and WebSockets."""

import json

from harness.gateway import GatewayTestCase, Reader


class SystemTablesTest(GatewayTestCase):
    modules = ["chat"]

    def statement(self, text, token=None, module="chat"):
        status, body = self.http("POST", f"/v1/database/{module}/sql", text.encode(), token)
        return status, json.loads(body)[0] if status == 200 else body

    def rows(self, text, token=None, module="chat"):
        status, answer = self.statement(text, token, module)
        self.assertEqual(status, 200, answer)
        return answer["rows"]

    def test_what_a_module_consists_of(self):
        kinds = {name: kind for _, name, kind, *_ in self.rows("SELECT * FROM st_table")}
        self.assertEqual((kinds["message"], kinds["user"], kinds["st_client"]), ("user", "user", "system"))
        self.assertNotIn("st_connection_credentials", kinds)
        [[table]] = self.rows("SELECT table_id FROM st_table WHERE table_name = 'message'")
        columns = self.rows(f"SELECT col_name, col_type FROM st_column WHERE table_id = {table}")
        self.assertIn(["content", "string"], columns)
        joined = "SELECT c.col_name FROM st_table t JOIN st_column c ON t.table_id = c.table_id WHERE t.table_name = 'message'"
        self.assertEqual(self.rows(joined), [[name] for name, _ in columns])
        self.assertEqual(self.rows(f"SELECT COUNT(*) AS n FROM st_column WHERE table_id = {table}"), [[len(columns)]])
        self.assertEqual(len(self.rows("SELECT * FROM st_table LIMIT 3")), 3)
        sequences = self.rows(f"SELECT col_pos, increment FROM st_sequence WHERE table_id = {table}")
        self.assertEqual(sequences, [[0, 1]])
        # The chat shows messages to those who are part of them by two filters.
        filters = self.rows(f"SELECT sql FROM st_row_level_security WHERE table_id = {table}")
        self.assertEqual(len(filters), 2)
        [[identity, owner, kind, digest]] = self.rows("SELECT * FROM st_module")
        stored = self.sql.execute(
            "SELECT encode(m.owner_identity, 'hex'), encode(m.wasm_sha256, 'hex') FROM spacetime._module m "
            "JOIN spacetime._module_name n USING (identity) WHERE n.name = 'chat'"
        ).fetchone()
        self.assertEqual((kind, digest), ("wasm", stored[1]))
        self.assertIn(stored[0], json.dumps(owner))

    def test_clients_that_are_connected(self):
        identity, token = self.new_identity()
        client = self.client("chat", token)
        connected = "SELECT COUNT(*) AS n FROM st_client"
        # Who asks over HTTP is a client, too, as long as that takes.
        self.assertEqual(self.rows(connected), [[2]])
        [[[key]]] = self.rows("SELECT identity FROM st_client WHERE identity = :sender", token)[:1]
        self.assertIn(identity, key)
        other = self.client("chat")
        self.assertEqual(len(client.one_off("SELECT * FROM st_client")["st_client"]), 2)
        # Rows are an identity and a connection id.
        mine = client.one_off("SELECT * FROM st_client WHERE identity = :sender")["st_client"]
        self.assertEqual([row[:32] for row in mine], [bytes.fromhex(identity)[::-1]])
        self.assertEqual({len(row) for row in mine}, {48})
        other.close()
        self.until(lambda: len(client.one_off("SELECT * FROM st_client")["st_client"]) == 1)

    def until(self, holds):
        while not holds():
            pass

    def test_queries_asked_once(self):
        client = self.client("chat")
        rows = client.one_off("SELECT c.* FROM st_table t JOIN st_column c ON t.table_id = c.table_id WHERE t.table_name = 'user'")
        names = []
        for row in rows["st_column"]:
            reader = Reader(row)
            reader.take(6)
            names.append(reader.text())
        expected = self.rows("SELECT c.col_name FROM st_table t JOIN st_column c ON t.table_id = c.table_id WHERE t.table_name = 'user'")
        self.assertEqual([[name] for name in names], expected)

    def test_refusals(self):
        identity, owner = self.new_identity()
        self.sql.execute("SELECT spacetime.set_owner('chat', decode(%s, 'hex'))", (identity,))
        self.assertIn("cannot be subscribed to", self.client("chat").refusal("SELECT * FROM st_table"))
        for text, token, reason in [
            ("SELECT * FROM st_connection_credentials", owner, "no such table"),
            ("SELECT m.* FROM message m JOIN st_table t", owner, "cannot be joined with `message`"),
            ("DELETE FROM st_client", owner, "cannot be written"),
            ("DELETE FROM st_client", None, "is not authorized to run SQL DML statements"),
            ("SELECT nope FROM st_table", owner, "`nope` is not in scope"),
            ("SELECT COUNT(*) AS n FROM st_column a JOIN st_column b JOIN st_column c JOIN st_column d", None, "combinations"),
        ]:
            status, body = self.statement(text, token)
            self.assertEqual(status, 400, text)
            self.assertIn(reason, body, text)
        # They are not what all tables are.
        client = self.client("chat", owner)
        everything = client.subscribe("SELECT * FROM *")
        self.assertEqual([name for name in client.sets[everything] if name.startswith("st_")], [])
        # Other modules have their own.
        self.publish(self.sql, "views")
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module('views')"))
        views = [name for [name] in self.rows("SELECT view_name FROM st_view", module="views")]
        self.assertTrue(views)
        self.assertEqual(self.rows("SELECT view_name FROM st_view"), [])
