"""Version 1 of the protocol, in JSON, message by message (wire.md §2.2-2.4, §3.3, §3.4)."""

import base64
import json
import os
import socket
import struct

from harness.gateway import TIMEOUT_S, GatewayTestCase

FULL_UPDATE, NO_SUCCESS_NOTIFY = 0, 1


class JsonClient:
    def __init__(self, port, module):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /v1/database/{module}/subscribe HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Protocol: v1.json.spacetimedb\r\n\r\n".encode()
        )
        status = self.stream.readline()
        assert b" 101 " in status, status
        while self.stream.readline().strip():
            pass
        assert self.receive()[0] == "IdentityToken"

    def close(self):
        self.stream.close()
        self.socket.close()

    def send(self, kind, **message):
        payload = json.dumps({kind: message}).encode()
        # Masked with zeros.
        self.socket.sendall(struct.pack("!BBH", 0x81, 0xFE, len(payload)) + bytes(4) + payload)

    def receive(self):
        """Kind of the next message, and what it says."""
        while True:
            head = self.stream.read(2)
            assert len(head) == 2, "the connection has ended"
            length = head[1]
            if length >= 126:
                length = int.from_bytes(self.stream.read(2 if length == 126 else 8), "big")
            payload = self.stream.read(length)
            if head[0] & 15 == 1:
                return next(iter(json.loads(payload).items()))
            assert head[0] & 15 == 9, f"a frame of kind {head[0] & 15}: {payload!r}"

    def call(self, reducer, *arguments, flags=FULL_UPDATE):
        self.send("CallReducer", reducer=reducer, args=json.dumps(arguments), request_id=1, flags=flags)

    def status(self):
        """How the next message, of a transaction, says that it ended."""
        kind, message = self.receive()
        assert kind == "TransactionUpdate", (kind, message)
        return next(iter(message["status"].items()))


class Version1Test(GatewayTestCase):
    modules = ["chat"]

    def json_client(self):
        client = JsonClient(self.port, "chat")
        self.addCleanup(client.close)
        return client

    def test_calls_without_notification(self):
        """Their caller is like anybody else, but hears of calls that could not be run at all."""
        client = self.json_client()
        client.send("SubscribeMulti", query_strings=["SELECT * FROM user"], request_id=1, query_id={"id": 1})
        self.assertEqual(client.receive()[0], "SubscribeMultiApplied")
        for call in (("no_such_reducer",), ("register_user", 5)):
            client.call(*call, flags=NO_SUCCESS_NOTIFY)
            self.assertEqual(client.status()[0], "Failed", call)
        client.call("register_user", "Ada", flags=NO_SUCCESS_NOTIFY)
        self.assertEqual(client.receive()[0], "TransactionUpdateLight")
        # Refused by the reducer: nothing is said.
        client.call("register_user", "", flags=NO_SUCCESS_NOTIFY)
        client.call("set_name", "Bea")
        self.assertEqual(client.status()[0], "Committed")

    def test_a_number_that_is_taken(self):
        """An error about the set with that number would end it."""
        client = self.json_client()
        subscription = {"query_strings": ["SELECT * FROM user"], "request_id": 1, "query_id": {"id": 1}}
        client.send("SubscribeMulti", **subscription)
        self.assertEqual(client.receive()[0], "SubscribeMultiApplied")
        client.send("SubscribeMulti", **subscription)
        self.assertEqual(client.status(), ("Failed", "a subscription with this id exists already"))
        client.call("register_user", "Ada")
        kind, update = client.status()
        self.assertEqual((kind, len(update["tables"])), ("Committed", 1))
