"""When clients of a gateway are told what, in which form, and what happens to those who do not listen."""

import json
import socket
import struct
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

from harness.command import command
from harness.gateway import TIMEOUT_S, Client, GatewayTestCase, free_port, text

# A standby that does not exist: nothing is durable while Postgres waits for it.
NOBODY = "nobody"


class DeliveryTest(GatewayTestCase):
    modules = ["subscriptions"]

    def setUp(self):
        super().setUp()
        self.sql.execute("SET search_path = subscriptions, public, spacetime")

    def metric(self, name):
        lines = self.http("GET", "/metrics")[1].splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"spacetime_gateway_{name} ")))

    def wait_for_standby(self, name):
        self.sql.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.sql.execute("SELECT pg_reload_conf()")
        while self.connect().execute("SHOW synchronous_standby_names").fetchone() != (name,):
            time.sleep(0.01)

    def test_unconfirmed_clients_do_not_wait_for_durability(self):
        rows = "SELECT * FROM team"
        early = Client(self.port, "subscriptions", parameters="confirmed=false")
        self.addCleanup(early.close)
        late = self.client("subscriptions")
        of_early, of_late = early.subscribe(rows), late.subscribe(rows)
        player = struct.pack("<IIi", 1, 1, 1)
        both = [early.subscribe("SELECT * FROM player"), late.subscribe("SELECT * FROM player")]
        self.addCleanup(self.wait_for_standby, "")
        self.wait_for_standby(NOBODY)
        # Written, and not durable: the answer and the rows are there all the same.
        self.assertEqual(early.do("set_player", player)[both[0]]["player"][0], {player: 1})
        late.socket.settimeout(1)
        with self.assertRaises(TimeoutError):
            late.socket.recv(1, socket.MSG_PEEK)
        late.socket.settimeout(TIMEOUT_S)
        self.wait_for_standby("")
        late.wait_for(both[1], "player", {player: 1})
        # Both kinds go on, and both see the calls of the other.
        other = struct.pack("<IIi", 2, 1, 1)
        late.do("set_player", other)
        early.wait_for(both[0], "player", {player: 1, other: 1})
        self.assertEqual((early.rows(of_early, "team"), late.rows(of_late, "team")), ({}, {}))
        refused = b"GET /v1/database/subscriptions/subscribe?confirmed=maybe HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n" \
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n" \
            b"Sec-WebSocket-Protocol: v2.bsatn.spacetimedb\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            plain.sendall(refused)
            self.assertIn(b" 400 ", plain.recv(1000))

    def test_a_subscription_is_awaited(self):
        """A call behind it finds it there, however long its rows take; pings and others do not wait for it."""
        client = self.client("subscriptions")
        other = Client(self.port, "subscriptions", parameters="confirmed=false")
        self.addCleanup(other.close)
        self.addCleanup(self.wait_for_standby, "")
        self.wait_for_standby(NOBODY)
        # First rows are durable: they have to wait.
        self.sql.execute("SET synchronous_commit = local; INSERT INTO team VALUES (1, 10)")
        number = client.ask("SELECT * FROM blow", "SELECT * FROM team")
        client.send_call("hit", struct.pack("<Ii", 1, 7))
        client.socket.sendall(b"\x89\x80\0\0\0\0")
        frames = iter(lambda: client.stream.read(2), b"")
        self.assertEqual(next(frame for frame in frames if frame != b"\x89\0"), b"\x8a\0")
        player = struct.pack("<IIi", 1, 1, 1)
        self.assertEqual(other.do("set_player", player), {})
        self.assertEqual(self.sql.execute("SELECT count(*) FROM player").fetchone(), (1,))
        self.wait_for_standby("")
        self.assertEqual(client.next(), ("applied", number))
        self.assertEqual(client.rows(number, "team"), {struct.pack("<II", 1, 10): 1})
        kind, update = client.next()
        self.assertEqual(kind, "result")
        blows = {struct.pack("<Ii", 1, 7): 1, struct.pack("<Ii", 1, 8): 1}
        self.assertEqual(update[number]["blow"][0], blows)

    def test_queries_asked_once_are_answered_in_turn(self):
        """Each answer shows just what the client has been told of, whoever writes meanwhile."""
        self.sql.execute("INSERT INTO team VALUES (1, 1); INSERT INTO player SELECT i, 1, i FROM generate_series(1, 50) i")
        self.sql.execute("CREATE POLICY top ON team AS RESTRICTIVE FOR SELECT USING (id > 0)")
        self.addCleanup(lambda: self.connect().execute("DROP POLICY IF EXISTS top ON subscriptions.team"))
        queries = {
            "SELECT * FROM player": "player",
            "SELECT * FROM player WHERE score > 20": "player",
            "SELECT p.* FROM player p JOIN team t ON p.team = t.id": "player",
            "SELECT w.* FROM winners w JOIN team t ON w.team = t.id": "winners",
            "SELECT * FROM team": "team",
        }
        early = Client(self.port, "subscriptions", parameters="confirmed=false")
        self.addCleanup(early.close)
        clients = [self.client("subscriptions"), early]
        sets = [{query: client.subscribe(query) for query in queries} for client in clients]
        over = threading.Event()

        def write():
            sql = self.connect()
            while not over.is_set():
                sql.execute("UPDATE subscriptions.player SET score = (score + 7) % 50 WHERE id % 5 = 1")
                sql.execute("UPDATE subscriptions.team SET rank = rank + 1")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(20):
                for client, numbers in zip(clients, sets):
                    for query, table in queries.items():
                        answer = client.one_off(query)
                        self.assertEqual(Counter(answer[table]), client.rows(numbers[query], table), query)
        finally:
            over.set()
            writer.join()
        # A query that cannot be kept up to date: of three tables.
        three = "SELECT a.* FROM team a JOIN team b ON a.id = b.id JOIN team c ON b.id = c.id"
        self.assertEqual(len(clients[0].one_off(three)["team"]), 1)
        self.assertIn("no such table: `nothing`", clients[0].one_off("SELECT * FROM nothing"))

    def test_a_client_that_leaves_while_its_subscription_waits(self):
        """What it has called is run, and it is disconnected at once; so are those that stay when the gateway stops."""
        client, stays = self.client("subscriptions"), self.client("subscriptions")
        self.addCleanup(self.wait_for_standby, "")
        self.wait_for_standby(NOBODY)
        self.sql.execute("SET synchronous_commit = local; INSERT INTO team VALUES (1, 10)")
        for waiting in (client, stays):
            waiting.ask("SELECT * FROM team")
        client.send_call("set_player", struct.pack("<IIi", 1, 1, 1))
        client.socket.sendall(b"\x88\x80\0\0\0\0")
        disconnecting = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%._disconnect(%'"
        while self.sql.execute(disconnecting + " AND pid <> pg_backend_pid()").fetchone() != (1,):
            time.sleep(0.01)
        self.wait_for_standby("")
        while self.sql.execute("SELECT count(*) FROM player").fetchone() != (1,):
            time.sleep(0.01)
        stays.until("applied")
        self.wait_for_standby(NOBODY)
        self.sql.execute("INSERT INTO team VALUES (2, 20)")
        stays.ask("SELECT * FROM team WHERE id = 2")
        self.stop_gateway()

    def test_unconfirmed_clients_after_a_crash(self):
        """They keep their connection, and are told the exact difference."""
        early = Client(self.port, "subscriptions", parameters="confirmed=false")
        self.addCleanup(early.close)
        number = early.subscribe("SELECT * FROM team")
        self.sql.execute("INSERT INTO team VALUES (1, 10)")
        early.wait_for(number, "team", {struct.pack("<II", 1, 10): 1})
        self.cluster.restart("immediate")
        self.sql = self.connect()
        self.sql.execute("INSERT INTO subscriptions.team VALUES (2, 20)")
        early.wait_for(number, "team", {struct.pack("<II", 1, 10): 1, struct.pack("<II", 2, 20): 1})

    def test_rights_that_are_taken_away(self):
        """Whoever sees more, or less, than before is disconnected and may come again; others are not."""
        identity, token = self.new_identity()
        self.sql.execute("SELECT spacetime.set_owner('subscriptions', decode(%s, 'hex'))", (identity,))
        self.sql.execute("INSERT INTO team VALUES (1, 10)")
        self.addCleanup(lambda: self.connect().execute("DROP POLICY IF EXISTS top ON subscriptions.player"))
        owner, of_teams = self.client("subscriptions", token), self.client("subscriptions")
        numbers = owner.subscribe("SELECT * FROM player"), of_teams.subscribe("SELECT * FROM team")
        changes = [
            "CREATE POLICY top ON player AS RESTRICTIVE FOR SELECT USING (score > 10)",
            "ALTER POLICY top ON player USING (score > 20)",
            "DROP POLICY top ON player",
            "ALTER TABLE player DISABLE ROW LEVEL SECURITY; CREATE POLICY top ON player AS RESTRICTIVE USING (false)",
            "ALTER TABLE player ENABLE ROW LEVEL SECURITY",
            "DROP POLICY top ON player",
            "REVOKE SELECT ON player FROM spacetime_client",
        ]
        for change in changes:
            client = self.client("subscriptions")
            client.subscribe("SELECT * FROM player")
            self.sql.execute(change)
            code, reason = self.close_frame(client)
            self.assertEqual((code, reason), (1001, "access rights have changed"), change)
        self.assertIn("no such table: `player`", self.client("subscriptions").refusal("SELECT * FROM player"))
        self.sql.execute("GRANT SELECT ON player TO spacetime_client; INSERT INTO player VALUES (1, 1, 1); "
                         "INSERT INTO team VALUES (2, 20)")
        owner.wait_for(numbers[0], "player", {struct.pack("<IIi", 1, 1, 1): 1})
        of_teams.wait_for(numbers[1], "team", {struct.pack("<II", 1, 10): 1, struct.pack("<II", 2, 20): 1})

    def close_frame(self, client):
        while head := client.stream.read(2):
            length = head[1]
            if length >= 126:
                length = int.from_bytes(client.stream.read(2 if length == 126 else 8), "big")
            payload = client.stream.read(length)
            if head[0] & 15 == 8:
                return int.from_bytes(payload[:2], "big"), payload[2:].decode()
        return None, ""

    def test_compressed_messages(self):
        self.sql.execute("INSERT INTO team SELECT i, 7 FROM generate_series(1, 1000) i")
        wanted = {struct.pack("<II", number, 7): 1 for number in range(1, 1001)}
        self.stop_gateway()
        self.options = ["--compression", "asked"]
        self.start_gateway()
        for name, tag in [("None", 0), ("Gzip", 2), ("Brotli", 1)]:
            client = Client(self.port, "subscriptions", parameters=f"compression={name}")
            number = client.subscribe("SELECT * FROM team")
            self.assertEqual(client.rows(number, "team"), wanted, name)
            # Short messages are not worth it.
            self.assertEqual(client.compressions, {0, tag})
            client.close()

    def test_client_that_does_not_read(self):
        """It says that it lives and reads nothing: it is dropped. Others hear everything meanwhile."""
        other, slow = self.client("subscriptions"), self.client("subscriptions")
        slow.subscribe("SELECT * FROM player")
        number = other.subscribe("SELECT * FROM team")
        status = lambda: int(next(
            line.split()[1] for line in Path(f"/proc/{self.gateway.pid}/status").read_text().splitlines()
            if line.startswith("VmRSS")
        ))
        before, top, round = status(), 0, 0
        deadline = time.monotonic() + 2 * TIMEOUT_S
        while self.metric("dropped_clients_total") == 0:
            self.assertLess(time.monotonic(), deadline, "the client that does not read is still there")
            round += 1
            # Each round is a megabyte of updates.
            self.sql.execute("TRUNCATE player, team")
            self.sql.execute("INSERT INTO player SELECT i, 1, %s FROM generate_series(1, 50000) i", (round,))
            self.sql.execute("INSERT INTO team VALUES (1, %s)", (round,))
            other.wait_for(number, "team", {struct.pack("<II", 1, round): 1})
            # An unasked pong.
            try:
                slow.socket.sendall(b"\x8a\x80\0\0\0\0")
            except OSError:
                break
            top = max(top, status())
        print(f"{(top - before) / 1024:.0f} MiB for a client that does not read, after {round} rounds")
        self.assertLess((top - before) / 1024, 256)
        self.assertEqual(other.do("set_player", struct.pack("<IIi", 1, 1, 1)), {})

    def test_messages_in_one_frame(self):
        """Version 3 puts several messages of a client into one frame; a cut one ends the connection."""
        client = Client(self.port, "subscriptions", protocol="v3.bsatn.spacetimedb")
        self.addCleanup(client.close)
        messages, send = [], client.send
        client.send = messages.append
        first = client.ask("SELECT * FROM player")
        for player in (1, 2):
            client.send_call("set_player", struct.pack("<IIi", player, 1, 1))
        second = client.ask("SELECT * FROM player WHERE id = 2")
        client.send = send
        client.send(b"".join(messages))
        self.assertEqual(client.next(), ("applied", first))
        # Calls are not waited for; the rows of the second one are first rows, or come with its answer.
        answers = [client.next() for _ in range(3)]
        self.assertEqual(sorted(kind for kind, _ in answers), ["applied", "result", "result"])
        self.assertIn(("applied", second), answers)
        rows = [struct.pack("<IIi", player, 1, 1) for player in (1, 2)]
        written = [list(update[first]["player"][0]) for kind, update in client.heard if kind == "result"]
        self.assertEqual(written, [[row] for row in rows])
        # Overlapping queries: each has the row, as often as it is there.
        row = rows[1]
        self.assertEqual((client.rows(first, "player"), client.rows(second, "player")), ({rows[0]: 1, row: 1}, {row: 1}))
        # A call that changes nothing is answered, too.
        self.assertEqual(client.do("set_player", row), {})
        # Of a frame that is cut nothing is done.
        client.send(messages[1] + messages[2][:-1])
        self.assertEqual(self.close_frame(client)[0], 1011)

    def test_frames_against_the_protocol(self):
        """Unmasked, of an unknown kind, in pieces without a beginning: 1011 each, and the gateway serves on."""
        for frame in [b"\x82\x01x", b"\x83\x81\0\0\0\0x", b"\x80\x81\0\0\0\0x", b"\xf2\x81\0\0\0\0x"]:
            client = self.client("subscriptions")
            client.socket.sendall(frame)
            self.assertEqual(self.close_frame(client)[0], 1011, frame)
        self.assertEqual(self.client("subscriptions").one_off("SELECT * FROM team"), {"team": []})

    def test_log_in_json_and_ipv6(self):
        self.stop_gateway()
        where = self.cluster.connection()
        url = f"host={where['PGHOST']} port={where['PGPORT']} user={where['PGUSER']} dbname={where['PGDATABASE']}"
        gateway = subprocess.Popen(
            [command(), "gateway", "--database-url", url, "--listen", "[::1]:0", "--log-format", "json"],
            stderr=subprocess.PIPE, text=True,
        )
        try:
            for line in gateway.stderr:
                said = json.loads(line)
                if said["fields"]["message"] == "listening":
                    break
            host, port = said["fields"]["address"].rsplit(":", 1)
            self.assertEqual(host, "[::1]")
            client = Client(int(port), "subscriptions", host="::1")
            self.assertEqual(client.one_off("SELECT * FROM team"), {"team": []})
            client.close()
        finally:
            gateway.terminate()
            rest = gateway.stderr.read()
            gateway.stderr.close()
            self.assertEqual(gateway.wait(TIMEOUT_S), 0)
        for line in rest.splitlines():
            self.assertIn("level", json.loads(line))
