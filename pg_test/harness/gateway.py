"""A gateway beside the test's server, and a client that speaks version 2 of the protocol byte by byte (wire.md §2.5-2.7)."""

import base64
import gzip
import json
import os
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

from harness.command import command
from harness.testcase import ClusterTestCase

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class GatewayTestCase(ClusterTestCase):
    """Each test gets a gateway of its own."""

    # Modules that are published before the gateway starts, and dropped after the test.
    modules: list[str] = []
    # More options of the gateway's command.
    options: list[str] = []

    def setUp(self):
        super().setUp()
        self.sql = self.connect()
        for module in self.modules:
            self.publish(self.sql, module)
            self.addCleanup(lambda name=module: self.connect().execute("SELECT spacetime.drop_module(%s)", (name,)))
        self.port = free_port()
        self.start_gateway()

    def start_gateway(self):
        where = self.cluster.connection()
        url = f"host={where['PGHOST']} port={where['PGPORT']} user={where['PGUSER']} dbname={where['PGDATABASE']}"
        folder = Path(self.cluster.directory)
        self.log = (folder / "gateway.log").open("ab")
        self.addCleanup(self.log.close)
        self.gateway = subprocess.Popen(
            [command(), "gateway", "--database-url", url, "--listen", f"127.0.0.1:{self.port}", *self.options],
            stderr=self.log,
        )
        self.addCleanup(self.stop_gateway)
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                self.assertEqual(self.http("GET", "/v1/ping")[0], 200)
                return
            except urllib.error.URLError:
                self.assertIsNone(self.gateway.poll(), "the gateway has ended; see gateway.log")
                self.assertLess(time.monotonic(), deadline, "the gateway does not listen")
                time.sleep(0.05)

    def stop_gateway(self):
        if self.gateway.poll() is None:
            self.gateway.terminate()
        self.assertEqual(self.gateway.wait(TIMEOUT_S), 0)

    def http(self, method, path, body=None, token=None, kind=None):
        """Status and text of an answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read().decode()

    def new_identity(self):
        status, body = self.http("POST", "/v1/identity")
        self.assertEqual(status, 200)
        body = json.loads(body)
        return body["identity"], body["token"]

    def client(self, module, token=None) -> "Client":
        """A connected client, closed after the test."""
        client = Client(self.port, module, token)
        self.addCleanup(client.close)
        return client


class Reader:
    """BSATN, from front to back."""

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        assert len(piece) == count, "a message ends in the middle"
        self.at += count
        return piece

    def number(self, layout: str) -> int:
        return struct.unpack("<" + layout, self.take(struct.calcsize(layout)))[0]

    def text(self) -> str:
        return self.take(self.number("I")).decode()

    def array(self, read) -> list:
        return [read() for _ in range(self.number("I"))]

    def rows(self) -> list[bytes]:
        if self.number("B") == 0:
            size = self.number("H")
            data = self.take(self.number("I"))
            return [data[at : at + size] for at in range(0, len(data), size)]
        offsets = self.array(lambda: self.number("Q"))
        data = self.take(self.number("I"))
        return [data[start:end] for start, end in zip(offsets, [*offsets[1:], len(data)])]

    def tables(self) -> dict[str, list[bytes]]:
        found: dict[str, list[bytes]] = {}
        for table, rows in self.array(lambda: (self.text(), self.rows())):
            found.setdefault(table, []).extend(rows)
        return found

    def update(self) -> dict[int, dict[str, tuple[Counter, Counter]]]:
        """Inserts and deletes of each table, by query set; events are inserts."""
        sets: dict[int, dict[str, tuple[Counter, Counter]]] = {}

        def rows():
            if self.number("B") == 1:
                return self.rows(), []
            return self.rows(), self.rows()

        def table():
            return self.text(), self.array(rows)

        for number, tables in self.array(lambda: (self.number("I"), self.array(table))):
            for name, pieces in tables:
                inserts, deletes = sets.setdefault(number, {}).setdefault(name, (Counter(), Counter()))
                for new, old in pieces:
                    inserts.update(new)
                    deletes.update(old)
        return sets


def text(value: str) -> bytes:
    return struct.pack("<I", len(value.encode())) + value.encode()


def brotli(data: bytes) -> bytes:
    """Node has it, Python's own library has not."""
    script = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"
    return subprocess.run(["node", "-e", script], input=data, check=True, capture_output=True).stdout


DECOMPRESS = {0: bytes, 1: brotli, 2: gzip.decompress}


class Unavailable(Exception):
    """The gateway runs and cannot reach Postgres."""


class Client:
    """Keeps the rows of each query set as an official client does, and fails when told to delete what it does not have."""

    def __init__(self, port: int, module: str, token: str | None = None, parameters: str = "", host: str = "127.0.0.1",
                 protocol: str = "v2.bsatn.spacetimedb"):
        self.socket = socket.create_connection((host, port), timeout=TIMEOUT_S)
        self.stream = self.socket.makefile("rb")
        header = f"Authorization: Bearer {token}\r\n" if token else ""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /v1/database/{module}/subscribe?{parameters} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{header}"
            f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n".encode()
        )
        status = self.stream.readline()
        if b" 503 " in status:
            # Postgres is away; clients come again.
            raise Unavailable(status.decode())
        assert b" 101 " in status, status
        while self.stream.readline().strip():
            pass
        self.requests = 0
        # How messages were compressed: tags of wire.md §1.5.
        self.compressions: set[int] = set()
        # By query set, then table.
        self.sets: dict[int, dict[str, Counter]] = {}
        # What each message changed, in the order of arrival: ("update" or "result", sets).
        self.heard: list = []
        self.identity = self.token = None
        kind, message = self.receive()
        assert kind == 0, kind
        self.identity = message.take(32)[::-1].hex()
        message.take(16)
        self.token = message.text()

    def close(self):
        self.stream.close()
        self.socket.close()

    def send(self, payload: bytes):
        size = len(payload)
        head = bytes([0x82, 0x80 | size]) if size < 126 else struct.pack("!BBH", 0x82, 0xFE, size)
        # Masked with zeros.
        self.socket.sendall(head + bytes(4) + payload)

    def receive(self) -> tuple[int, Reader]:
        """The next message."""
        while True:
            head = self.stream.read(2)
            assert len(head) == 2, "the connection has ended"
            length = head[1]
            if length >= 126:
                length = int.from_bytes(self.stream.read(2 if length == 126 else 8), "big")
            payload = self.stream.read(length)
            if head[0] & 15 == 2:
                self.compressions.add(payload[0])
                reader = Reader(DECOMPRESS[payload[0]](payload[1:]))
                return reader.number("B"), reader
            assert head[0] & 15 == 9, f"a frame of kind {head[0] & 15}: {payload!r}"

    def apply(self, update):
        for number, tables in update.items():
            for name, (inserts, deletes) in tables.items():
                assert not inserts & deletes, "a row that comes and goes in one message"
                known = self.sets[number].setdefault(name, Counter())
                known.update(inserts)
                known.subtract(deletes)
                assert min(known.values(), default=0) >= 0, f"deleted from {name}, and was not there"
                self.sets[number][name] = +known

    def next(self):
        """Takes in one message; gives its kind and what it says."""
        kind, message = self.receive()
        if kind == 1:
            request, number = message.number("I"), message.number("I")
            self.sets[number] = {name: Counter(rows) for name, rows in message.tables().items()}
            return "applied", number
        if kind == 2:
            message.number("I")
            return "unapplied", message.number("I")
        if kind == 3:
            if message.number("B") == 0:
                message.number("I")
            number = message.number("I")
            self.sets.pop(number, None)
            return "error", message.text()
        if kind == 4:
            update = message.update()
            self.apply(update)
            self.heard.append(("update", update))
            return "update", update
        if kind == 5:
            message.number("I")
            return "rows", message.tables() if message.number("B") == 0 else message.text()
        if kind == 6:
            message.number("I")
            message.number("q")
            outcome = message.number("B")
            if outcome == 0:
                message.take(message.number("I"))
                update = message.update()
                self.apply(update)
                self.heard.append(("result", update))
                return "result", update
            return "refused", message.take(message.number("I")) if outcome == 2 else message.text()
        raise AssertionError(f"a message of kind {kind}")

    def until(self, *kinds):
        """Takes in messages up to the first of these kinds."""
        while True:
            kind, message = self.next()
            if kind in kinds:
                return message

    def subscribe(self, *queries) -> int:
        """Number of the query set, once its rows are there."""
        number = self.ask(*queries)
        while True:
            kind, message = self.next()
            assert kind != "error", message
            if (kind, message) == ("applied", number):
                return number

    def refusal(self, *queries) -> str:
        """Why a subscription is refused."""
        self.ask(*queries)
        return self.until("error")

    def ask(self, *queries) -> int:
        self.requests += 1
        strings = struct.pack("<I", len(queries)) + b"".join(text(query) for query in queries)
        self.send(struct.pack("<BII", 0, self.requests, self.requests) + strings)
        return self.requests

    def one_off(self, query):
        self.requests += 1
        self.send(struct.pack("<BI", 2, self.requests) + text(query))
        return self.until("rows")

    def call(self, reducer, arguments=b""):
        """The rows that came with the answer, or why there is none."""
        self.send_call(reducer, arguments)
        return self.until("result", "refused")

    def send_call(self, reducer, arguments=b""):
        self.requests += 1
        payload = struct.pack("<BIB", 3, self.requests, 0) + text(reducer)
        self.send(payload + struct.pack("<I", len(arguments)) + arguments)

    def do(self, reducer, arguments=b""):
        """As `call`, of one that must not fail."""
        update = self.call(reducer, arguments)
        assert isinstance(update, dict), update
        return update

    def wait_for(self, number, table, rows: dict):
        """Takes in messages until a set has exactly these rows."""
        rows = Counter(rows)
        while self.rows(number, table) != rows:
            self.next()

    def rows(self, number, table) -> Counter:
        return self.sets[number].get(table, Counter())
