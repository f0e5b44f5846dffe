"""A subscriber over LISTEN, as a client of docs/subscriptions.md would write it: rebuilds the rows from messages."""

import json
import time
from collections import Counter
from weakref import WeakValueDictionary

from harness.testcase import ClusterTestCase

# Nothing takes this long unless it never comes.
PATIENCE_S = 30


# Sessions may have several subscriptions, whose messages arrive together.
by_channel = WeakValueDictionary()


class Ended(Exception):
    """The subscription was ended by the server."""

    def __init__(self, message):
        super().__init__(message["ended"])
        self.sqlstate = message["sqlstate"]


def canonical(row) -> str:
    return json.dumps(row, sort_keys=True)


class Subscription:
    """The rows of a query as a session of its own sees them change. Messages must come in order and fit the rows."""

    def __init__(self, connection, query):
        self.connection = connection
        cursor = connection.execute("SELECT id, channel, rows FROM spacetime.subscribe(%s)", (query,))
        self.id, self.channel, rows = cursor.fetchone()
        self.rows = Counter(canonical(row) for row in rows)
        self.seq = 0
        self.parts = 0
        by_channel[self.channel] = self
        # Whole messages, the parts of one put together.
        self.messages = []

    def state(self):
        return sorted(self.rows.elements())

    def receive(self, timeout_s=0.05):
        """Takes what has arrived, waiting a little for the first."""
        # All of them first: what is told by reference is fetched over the same connection.
        arrived = list(self.connection.notifies(timeout=timeout_s, stop_after=1))
        arrived += self.connection.notifies(timeout=0)
        for notification in arrived:
            self.take(notification)

    def take(self, notification):
        subscription = by_channel.get(notification.channel)
        if subscription is not self:
            return subscription and subscription.take(notification)
        message = json.loads(notification.payload)
        assert len(notification.payload.encode()) < 8000
        assert message["sub"] == self.id
        if "ended" in message:
            raise Ended(message)
        if self.parts == 0:
            assert message["seq"] == self.seq + 1 and message["part"] == 1, (self.seq, message)
            self.seq, self.parts = message["seq"], message["parts"]
            self.messages.append(message)
        else:
            whole = self.messages[-1]
            assert (message["seq"], message["part"]) == (self.seq, whole["parts"] - self.parts + 1), message
            whole["changes"] += message["changes"]
        self.parts -= 1
        for change in message["changes"]:
            self.apply(change)

    def apply(self, change):
        if "ref" in change:
            sql = "SELECT spacetime.fetch_change(%s, %s)"
            change["row"] = self.connection.execute(sql, (self.id, change["ref"])).fetchone()[0]
        row = canonical(change["row"])
        if change["op"] == "delete":
            assert self.rows[row] > 0, f"deleted but not there: {row}"
            self.rows[row] -= 1
            if not self.rows[row]:
                del self.rows[row]
        else:
            self.rows[row] += 1

    def wait_until(self, condition, what):
        deadline = time.monotonic() + PATIENCE_S
        while self.parts or not condition():
            self.receive()
            assert time.monotonic() < deadline, f"{what()}\nafter {len(self.messages)} messages, the last {self.messages[-1:]}"

    def wait_for(self, expected):
        """Until the rows are these objects."""
        expected = sorted(canonical(row) for row in expected)
        self.wait_until(lambda: self.state() == expected, lambda: f"{self.state()[:5]} … is not {expected[:5]} …")

    def next_message(self):
        """The next whole message."""
        count = len(self.messages)
        self.wait_until(lambda: len(self.messages) > count, lambda: "no message")
        return self.messages[count]

    def wait_end(self) -> Ended:
        try:
            self.wait_until(lambda: False, lambda: "it goes on")
        except Ended as ended:
            return ended


class SubscriptionTestCase(ClusterTestCase):
    def bank(self, name, accounts=10, options="{}"):
        connection = self.connect()
        connection.execute(
            "SELECT publish_module(%s, pg_read_binary_file('test_modules/bank.wasm'), %s::jsonb)", (name, options)
        )
        connection.execute(f"SELECT {name}.seed({accounts}, 1000)")
        return connection

    def accounts(self, name, where="true"):
        rows = self.connect().execute(f"SELECT id, balance FROM {name}.account WHERE {where}").fetchall()
        return [{"id": row[0], "balance": row[1]} for row in rows]

    def subscribe(self, query, connection=None):
        return Subscription(connection or self.connect(), query)
