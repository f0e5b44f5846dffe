"""What a gateway does when Postgres is away or waits, when clients leave in the middle, and beside a second gateway."""

import json
import socket
import struct
import subprocess
import threading
import time

from harness.command import command
from harness.gateway import TIMEOUT_S, Client, GatewayTestCase, text

NOBODY = "nobody"
ID = "connection_id=" + "ab" * 16


class OutagesTest(GatewayTestCase):
    modules = ["chat"]

    def call(self, module, reducer, *arguments):
        path = f"/v1/database/{module}/call/{reducer}"
        return self.http("POST", path, json.dumps(arguments).encode(), kind="application/json")

    def until(self, query, wanted):
        """Asks until the answer is as wanted."""
        deadline = time.monotonic() + TIMEOUT_S
        while (found := self.sql.execute(query).fetchone()) != wanted:
            self.assertLess(time.monotonic(), deadline, f"{query}: {found}, not {wanted}")
            time.sleep(0.02)

    def until_clients(self, count):
        self.until("SELECT count(*) FROM spacetime._client", (count,))

    def in_thread(self, function, *arguments):
        """Its result, in a list, once the thread is joined."""
        results = []
        thread = threading.Thread(target=lambda: results.append(function(*arguments)))
        thread.start()
        self.addCleanup(thread.join)
        return thread, results

    def test_client_that_leaves_while_postgres_is_away(self):
        client, other = self.client("chat"), self.client("chat")
        self.until_clients(2)
        self.cluster.stop()
        client.close()
        # Its disconnection is tried, and fails, before Postgres comes back.
        time.sleep(0.5)
        self.cluster.start()
        self.sql = self.connect()
        self.until_clients(1)
        self.assertEqual(self.sql.execute("SELECT count(*) FROM chat.session").fetchone(), (1,))
        other.close()
        self.until_clients(0)

    def test_request_that_is_given_up(self):
        """Who has sent it goes; what was begun for it ends all the same."""
        blocker = self.connect(autocommit=False)
        blocker.execute("LOCK TABLE chat.spacetime_lock IN ACCESS EXCLUSIVE MODE")
        request = ("POST /v1/database/chat/call/register_user HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   "Content-Length: 7\r\n\r\n[\"Ada\"]")
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            plain.sendall(request.encode())
            self.until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%_connect(%' "
                       "AND wait_event_type = 'Lock'", (1,))
        # The gateway hears of it.
        time.sleep(0.5)
        blocker.rollback()
        self.until('SELECT count(*) FROM chat."user"', (1,))
        self.until_clients(0)
        self.assertEqual(self.sql.execute("SELECT count(*) FROM chat.session").fetchone(), (0,))

    def wait_for_standby(self, name):
        self.sql.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.sql.execute("SELECT pg_reload_conf()")
        while self.connect().execute("SHOW synchronous_standby_names").fetchone() != (name,):
            time.sleep(0.01)

    def test_calls_whose_flush_is_lost_are_done(self):
        client = self.client("chat")
        waiting = "FROM pg_stat_activity WHERE query LIKE '%wait_durable%' AND state = 'active' AND pid <> pg_backend_pid()"
        self.addCleanup(self.wait_for_standby, "")
        self.wait_for_standby(NOBODY)
        thread, answers = self.in_thread(client.call, "register_user", text("Ada"))
        self.until(f"SELECT count(*) > 0 {waiting}", (True,))
        # Others do not wait for it: neither for who they are, nor for what there is.
        self.assertEqual(self.http("GET", "/health")[0], 200)
        self.assertEqual(self.http("POST", "/v1/identity")[0], 200)
        self.sql.execute(f"SELECT pg_terminate_backend(pid) {waiting}")
        self.wait_for_standby("")
        thread.join()
        self.assertIsInstance(answers[0], dict, answers)
        self.assertEqual(self.sql.execute('SELECT name FROM chat."user"').fetchall(), [("Ada",)])

    def test_calls_that_are_never_sent_are_not_done(self):
        client = self.client("chat")
        self.cluster.stop()
        self.addCleanup(lambda: self.cluster.running() or self.cluster.start())
        self.assertIn("the call was not done", client.call("register_user", text("Ada")))
        self.cluster.start()
        self.sql = self.connect()
        self.assertEqual(self.sql.execute('SELECT count(*) FROM chat."user"').fetchone(), (0,))
        self.assertIsInstance(client.call("register_user", text("Ada")), dict)

    def test_delete_that_waits_holds_up_nobody(self):
        self.publish(self.sql, "bank")
        identity, token = self.new_identity()
        self.sql.execute("SELECT spacetime.set_owner('bank', decode(%s, 'hex'))", (identity,))
        table = self.sql.execute("SELECT min(relname) FROM pg_class WHERE relnamespace = 'bank'::regnamespace "
                                 "AND relkind = 'r' AND relname NOT LIKE 'spacetime%'").fetchone()[0]
        blocker = self.connect(autocommit=False)
        blocker.execute(f'SELECT count(*) FROM bank."{table}"')
        thread, answers = self.in_thread(self.http, "DELETE", "/v1/database/bank", None, token)
        self.until("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%drop_module%' "
                   "AND wait_event_type = 'Lock'", (1,))
        client = self.client("chat")
        client.do("register_user", text("Ada"))
        self.assertEqual(self.http("GET", "/health")[0], 200)
        blocker.rollback()
        thread.join()
        self.assertEqual(answers, [(200, "")])
        self.assertEqual(self.http("GET", "/v1/database/bank/identity")[0], 404)

    def test_second_gateway_of_the_same_name(self):
        client = self.client("chat")
        where = self.cluster.connection()
        url = f"host={where['PGHOST']} port={where['PGPORT']} user={where['PGUSER']} dbname={where['PGDATABASE']}"
        gateway = [command(), "gateway", "--database-url", url, "--listen", "127.0.0.1:0"]
        ended = subprocess.run(gateway, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertIn("--name", ended.stderr)
        self.until_clients(1)
        other = subprocess.Popen([*gateway, "--name", "other"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(other.stderr.close)
        self.addCleanup(other.wait, TIMEOUT_S)
        self.addCleanup(other.terminate)
        self.assertTrue(any("listening" in line for line in other.stderr))
        self.until_clients(1)
        client.do("register_user", text("Ada"))

    def test_connection_that_comes_again(self):
        """After a network loss the gateway may not have missed it yet."""
        _, token = self.new_identity()
        first = Client(self.port, "chat", token, ID)
        self.addCleanup(first.close)
        second = Client(self.port, "chat", token, ID)
        self.until_clients(1)
        second.do("register_user", text("Ada"))
        self.assertEqual(self.close_code(first), 1008)
        self.until_clients(1)
        self.assertEqual(self.sql.execute("SELECT count(*) FROM chat.session").fetchone(), (1,))
        second.close()
        self.until_clients(0)

    def close_code(self, client):
        while head := client.stream.read(2):
            length = head[1]
            if length >= 126:
                length = int.from_bytes(client.stream.read(2 if length == 126 else 8), "big")
            payload = client.stream.read(length)
            if head[0] & 15 == 8:
                return int.from_bytes(payload[:2], "big")
        return None

    def test_client_that_floods_a_module_that_waits(self):
        """Nobody is refused for it, and it is not sent away."""
        flooder, other = self.client("chat"), self.client("chat")
        blocker = self.connect(autocommit=False)
        blocker.execute("LOCK TABLE chat.spacetime_lock IN ACCESS EXCLUSIVE MODE")
        name = text("")
        call = struct.pack("<BIB", 3, 1, 0) + text("set_name") + struct.pack("<I", len(name)) + name
        frame = bytes([0x82, 0x80 | len(call)]) + bytes(4) + call
        flood, _ = self.in_thread(flooder.socket.sendall, frame * 20_000)
        # Enough for a queue that takes all there is.
        time.sleep(2)
        thread, answers = self.in_thread(other.call, "register_user", text("Ada"))
        time.sleep(0.5)
        blocker.rollback()
        for _ in range(20_000):
            self.assertEqual(flooder.next()[0], "refused")
        thread.join()
        self.assertIsInstance(answers[0], dict, answers)

    def test_calls_that_are_refused_at_the_commit(self):
        """Each fails alone, and is not run once more for each of the others."""
        calls = 30
        self.publish(self.sql, "misbehave")
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module('misbehave')"))
        self.sql.execute(
            "CREATE SEQUENCE runs; "
            "CREATE FUNCTION count_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
            "$$ BEGIN PERFORM nextval('public.runs'); RETURN new; END $$; "
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$; "
            "CREATE TRIGGER count_run BEFORE INSERT ON misbehave.witness FOR EACH ROW EXECUTE FUNCTION count_run(); "
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON misbehave.witness DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW WHEN (new.note = 'bad') EXECUTE FUNCTION refuse()"
        )
        self.addCleanup(lambda: self.connect().execute(
            "DROP SEQUENCE runs; DROP FUNCTION count_run() CASCADE; DROP FUNCTION refuse() CASCADE"))
        client = self.client("misbehave")
        blocker = self.connect(autocommit=False)
        blocker.execute("LOCK TABLE misbehave.spacetime_lock IN ACCESS EXCLUSIVE MODE")
        for number in range(calls):
            note = text("bad" if number % 2 else "good")
            client.send(struct.pack("<BIB", 3, number, 0) + text("write") + struct.pack("<I", len(note)) + note)
        # All but the first are one batch.
        time.sleep(1)
        blocker.rollback()
        outcomes = [client.next()[0] for _ in range(calls)]
        self.assertEqual(outcomes, ["result", "refused"] * (calls // 2))
        good = self.sql.execute("SELECT count(*) FROM misbehave.witness").fetchone()[0]
        self.assertEqual(good, calls // 2)
        self.assertLessEqual(self.sql.execute("SELECT last_value FROM runs").fetchone()[0], 3 * calls)
