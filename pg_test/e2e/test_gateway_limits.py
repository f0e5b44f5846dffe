"""What a gateway does with clients that ask for too much, and with lost connections; TLS on both sides."""

import json
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from harness.gateway import TIMEOUT_S, Client, GatewayTestCase

MESSAGE_MAX = 32 << 20
IDLE_CLIENTS = 2000


def close_code(stream):
    """Reads frames up to the close frame."""
    while head := stream.read(2):
        length = head[1]
        if length >= 126:
            length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
        payload = stream.read(length)
        if head[0] & 15 == 8:
            return int.from_bytes(payload[:2], "big")
    return None


class LimitsTest(GatewayTestCase):
    modules = ["chat", "bank"]

    def call(self, module, reducer, *arguments):
        path = f"/v1/database/{module}/call/{reducer}"
        return self.http("POST", path, json.dumps(arguments).encode(), kind="application/json")

    def metric(self, name):
        lines = self.http("GET", "/metrics")[1].splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"spacetime_gateway_{name} ")))

    def gateway_kib(self):
        status = Path(f"/proc/{self.gateway.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def test_message_that_is_too_long(self):
        other = self.client("chat")
        client = self.client("chat")
        length = MESSAGE_MAX + 1
        client.socket.sendall(struct.pack("!BBQ", 0x82, 0xFF, length) + bytes(4))
        self.assertEqual(close_code(client.stream), 1009)
        self.assertIsInstance(other.one_off("SELECT * FROM user"), dict)

    def test_heads_of_requests_have_a_time_limit(self):
        """Whoever begins one and goes silent holds no connection for ever."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2 * TIMEOUT_S) as slow:
            slow.sendall(b"GET /v1/ping HTTP/1.1\r\nHost:")
            self.assertIn(slow.recv(1000)[:12], (b"", b"HTTP/1.1 408"))

    def test_large_messages(self):
        """First rows above 64 MiB are refused, and nothing else is; an update may be larger. Who asks for a lot at once still reads."""
        identity, token = self.new_identity()
        row = f"decode(repeat('01', 32), 'hex'), decode('{identity}', 'hex'), repeat('x', 1 << 20), now()"
        self.sql.execute(f"INSERT INTO chat.message SELECT i, {row} FROM generate_series(1, 72) i")
        small = "SELECT * FROM message WHERE id = 1"
        client = self.client("chat", token)
        for refusal in (client.refusal("SELECT * FROM message"), client.one_off("SELECT * FROM message")):
            self.assertIn("use a query that returns fewer rows", refusal)
        halves = ["SELECT * FROM message WHERE id <= 36", "SELECT * FROM message WHERE id > 36"]
        numbers = [client.ask(query) for query in [*halves, *halves, small]]
        other = self.client("chat", token)
        of_other = other.subscribe(small)
        while numbers[-1] not in client.sets:
            client.next()
        self.assertEqual([client.rows(number, "message").total() for number in numbers], [36, 36, 36, 36, 1])
        self.assertEqual(other.rows(of_other, "message").total(), 1)
        self.sql.execute("TRUNCATE chat.message")
        for number in numbers:
            client.wait_for(number, "message", {})
        other.wait_for(of_other, "message", {})
        self.assertEqual(self.metric("dropped_clients_total"), 0)

    def test_idle_connections(self):
        before = self.gateway_kib()
        clients = []
        for _ in range(IDLE_CLIENTS):
            clients.append(Client(self.port, "chat"))
            if len(clients) % 100 == 0:
                # Connecting takes longer than a client may be silent.
                for client in clients:
                    client.socket.sendall(b"\x8a\x80\0\0\0\0")
        self.addCleanup(lambda: [client.close() for client in clients])
        self.assertEqual(self.metric("connections"), IDLE_CLIENTS)
        each = (self.gateway_kib() - before) / IDLE_CLIENTS
        print(f"{each:.1f} KiB for each idle connection")
        self.assertLess(each, 256)
        self.assertEqual(self.call("chat", "register_user", "Ada")[0], 200)

    def test_half_open_connection(self):
        """A client that is gone without a word is forgotten: it answers no ping."""
        client = self.client("chat")
        self.assertEqual(self.metric("connections"), 1)
        # Reads nothing and says nothing: its pongs are what the gateway misses.
        deadline = time.monotonic() + 2 * TIMEOUT_S
        while self.metric("connections") == 1:
            self.assertLess(time.monotonic(), deadline, "the silent client is still there")
            time.sleep(1)
        self.assertEqual(self.sql.execute("SELECT count(*) FROM spacetime._client").fetchone(), (0,))
        client.close()

    def test_module_that_waits_stalls_no_other(self):
        self.sql.autocommit = False
        self.sql.execute("LOCK TABLE chat.spacetime_lock IN ACCESS EXCLUSIVE MODE")
        waiting = threading.Thread(target=self.call, args=("chat", "register_user", "Ada"))
        waiting.start()
        try:
            status, body = self.call("bank", "count_up")
            self.assertEqual(status, 200, body)
        finally:
            self.sql.rollback()
            waiting.join()

    def test_locked_table_stalls_nobody_else(self):
        """Its own rows have to wait, and nothing else: not even who comes to the same module."""
        self.sql.autocommit = False
        self.sql.execute("LOCK TABLE chat.message IN ACCESS EXCLUSIVE MODE")
        early = self.client("chat")
        waiting = early.ask("SELECT * FROM message")
        late = self.client("chat")
        self.assertEqual(late.rows(late.subscribe("SELECT * FROM session"), "session").total(), 2)
        bank = self.client("bank")
        bank.subscribe("SELECT * FROM account")
        self.assertEqual(self.call("bank", "count_up")[0], 200)
        self.sql.rollback()
        self.assertEqual(early.next(), ("applied", waiting))

    def test_killed_backend(self):
        """A call whose connection ends is done or not, and its caller knows which."""
        self.assertEqual(self.call("chat", "register_user", "Ada")[0], 200)
        self.sql.autocommit = False
        self.sql.execute("LOCK TABLE chat.spacetime_lock IN ACCESS EXCLUSIVE MODE")
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(self.call("chat", "register_user", "Bob")))
        waiting.start()
        admin = self.connect()
        kill = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = 'spacetime gateway' AND wait_event_type = 'Lock'"
        )
        while admin.execute(kill).fetchone() == (0,):
            time.sleep(0.01)
        self.sql.rollback()
        waiting.join()
        users = admin.execute("SELECT count(*) FROM chat.\"user\" WHERE name = 'Bob'").fetchone()
        self.assertEqual((answers[0][0] == 200, users), (users == (1,), users), answers)
        self.assertEqual(self.call("chat", "register_user", "Eve")[0], 200)


class TlsTest(GatewayTestCase):
    modules = ["chat"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.certificate, cls.key = Path(folder.name, "tls.crt"), Path(folder.name, "tls.key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", cls.key, "-out", cls.certificate],
            check=True, capture_output=True,
        )
        cls.options = ["--tls-cert", str(cls.certificate), "--tls-key", str(cls.key)]

    def http(self, method, path, body=None, token=None, kind=None):
        request = urllib.request.Request(f"https://localhost:{self.port}{path}", body, method=method)
        context = ssl.create_default_context(cafile=str(self.certificate))
        with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context) as answer:
            return answer.status, answer.read().decode()

    def test_clients_connect_with_tls(self):
        # A handshake that is never finished holds up nobody.
        stalled = socket.create_connection(("127.0.0.1", self.port))
        self.addCleanup(stalled.close)
        self.assertEqual(self.http("GET", "/v1/database/chat/names"), (200, '{"names":["chat"]}'))
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            plain.sendall(b"GET /v1/ping HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertNotIn(b"200", plain.recv(100))
