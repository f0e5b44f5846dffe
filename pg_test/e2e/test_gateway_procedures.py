"""Procedures through the gateway: over HTTP, and by messages of version 2."""

import json
import struct

from harness.gateway import Client, GatewayTestCase, text


class ProceduresTest(GatewayTestCase):
    modules = ["procedures", "chat"]
    options = ["--procedure-connections", "3"]

    def call(self, function, *arguments, token=None):
        path = f"/v1/database/procedures/call/{function}"
        return self.http("POST", path, json.dumps(arguments).encode(), token, "application/json")

    def ask(self, client, procedure, arguments=b""):
        """Sends CallProcedure; gives the number of the request."""
        client.requests += 1
        head = struct.pack("<BIB", 4, client.requests, 0)
        client.send(head + text(procedure) + struct.pack("<I", len(arguments)) + arguments)
        return client.requests

    def answer(self, client):
        """Number of the request, and what was returned (bytes) or what went wrong (text)."""
        while True:
            kind, message = client.receive()
            if kind == 7:
                status = message.number("B")
                outcome = message.take(message.number("I")) if status == 0 else message.text()
                self.assertGreater(message.number("q"), 0)
                self.assertGreaterEqual(message.number("q"), 0)
                return message.number("I"), outcome
            self.assertEqual(kind, 4)

    def test_over_http(self):
        self.assertEqual(self.call("add", 2, 3), (200, "5"))
        self.assertEqual(self.call("record", "one"), (200, "1"))
        status, body = self.call("record_one_of", "two", "three")
        self.assertEqual(status, 200, body)
        report = json.loads(body)
        self.assertEqual(report["texts"], ["one", "two"])
        self.assertEqual(report["verdict"], {"refused": "three is not wanted"})
        self.assertEqual(report["remark"], {"none": []})
        status, body = self.call("add", "x")
        self.assertEqual(status, 400)
        self.assertTrue(body.startswith("invalid arguments for "), body)
        # Nothing of what a guest broke down with is told; what it has committed stays.
        status, body = self.call("record_then_panic", "kept", "lost")
        self.assertEqual((status, body), (530, "The instance encountered a fatal error."))
        entries = self.sql.execute("SELECT text FROM procedures.entry ORDER BY id").fetchall()
        self.assertEqual([entry[0] for entry in entries], ["one", "two", "kept"])
        # The caller is who the token says.
        identity, token = self.new_identity()
        self.assertEqual(self.call("record", "mine", token=token)[0], 200)
        sender = self.sql.execute("SELECT encode(sender, 'hex') FROM procedures.entry WHERE text = 'mine'")
        self.assertEqual(sender.fetchone(), (identity,))
        self.sql.execute("REVOKE EXECUTE ON PROCEDURE procedures.add FROM spacetime_client")
        self.assertEqual(self.call("add", 2, 3)[0], 403)

    def test_by_messages(self):
        client = self.client("procedures")
        request = self.ask(client, "add", struct.pack("<II", 2, 3))
        self.assertEqual(self.answer(client), (request, struct.pack("<I", 5)))
        request = self.ask(client, "nothing")
        self.assertEqual(self.answer(client), (request, "No such procedure"))
        request = self.ask(client, "add", b"\x01")
        number, problem = self.answer(client)
        self.assertEqual(number, request)
        self.assertIsInstance(problem, str)
        entries = client.subscribe("SELECT * FROM entry")
        self.ask(client, "record", text("seen"))
        while not client.rows(entries, "entry"):
            kind, message = client.receive()
            if kind == 4:
                client.apply(message.update())
        self.assertEqual(self.call("add", 1, 1), (200, "2"))

    def test_results_come_after_the_rows(self):
        """Those of all that the procedure has committed; also for clients that do not wait for the disk, and after a failure."""
        early = Client(self.port, "procedures", parameters="confirmed=false")
        self.addCleanup(early.close)
        for client in (self.client("procedures"), early):
            number = client.subscribe("SELECT * FROM entry")
            before = client.rows(number, "entry").total()
            for count in range(1, 31):
                request = self.ask(client, "record", text("one"))
                self.assertEqual(self.updates_until(client), request)
                self.assertEqual(client.rows(number, "entry").total(), before + count)
            self.ask(client, "record_both", text("two") + text("three"))
            self.updates_until(client)
            self.assertEqual(client.rows(number, "entry").total(), before + 32)
            self.ask(client, "record_then_panic", text("kept") + text("lost"))
            self.updates_until(client)
            self.assertEqual(client.rows(number, "entry").total(), before + 33)

    def test_results_come_through_a_crash(self):
        """The log begins anew: nobody waits for entries of the old one."""
        client = self.client("procedures")
        number = client.subscribe("SELECT * FROM entry")
        asked = self.ask(client, "record_and_sleep", text("before") + struct.pack("<Q", 60_000))
        client.until("update")
        self.cluster.restart("immediate")
        self.assertEqual(self.updates_until(client), asked)
        asked = self.ask(client, "record", text("after"))
        self.assertEqual(self.updates_until(client), asked)
        self.assertEqual(client.rows(number, "entry").total(), 2)

    def updates_until(self, client):
        """Takes in updates up to a procedure's result; gives the number of its request."""
        while True:
            kind, message = client.receive()
            if kind == 7:
                message.take(message.number("I")) if message.number("B") == 0 else message.text()
                message.take(16)
                return message.number("I")
            self.assertEqual(kind, 4)
            client.apply(message.update())

    def test_sleeping_ones_hold_up_nobody(self):
        client = self.client("procedures")
        sleeping = [self.ask(client, "sleep", struct.pack("<Q", 2000)) for _ in range(3)]
        # All connections are taken: the fourth is told so, at once.
        fourth = self.ask(client, "add", struct.pack("<II", 1, 1))
        number, problem = self.answer(client)
        self.assertEqual(number, fourth)
        self.assertIn("3 procedures are running", problem)
        # Reducers of the module and of others go on meanwhile.
        path = "/v1/database/procedures/call/add_entry"
        self.assertEqual(self.http("POST", path, b'["beside"]', kind="application/json"), (200, ""))
        path = "/v1/database/chat/call/register_user"
        self.assertEqual(self.http("POST", path, b'["Ada"]', kind="application/json"), (200, ""))
        self.assertEqual(sorted(self.answer(client)[0] for _ in sleeping), sleeping)
        request = self.ask(client, "add", struct.pack("<II", 1, 1))
        self.assertEqual(self.answer(client)[0], request)
