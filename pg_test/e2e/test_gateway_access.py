"""Who may do what through the gateway: tokens of the database and of other issuers, publishing, names, locks, statements."""

import base64
import hashlib
import hmac
import json
import time
import urllib.request

from harness.gateway import ROOT, TIMEOUT_S, GatewayTestCase

SECRET = "a secret of more than 32 bytes, shared"
ISSUER = "https://login.example/"


def signed(**claims) -> str:
    """A token of the issuer that shares a secret with the database."""
    encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    claims = {"iss": ISSUER, "sub": "ada", "aud": "app", "iat": int(time.time()), "exp": int(time.time()) + 600, **claims}
    text = b".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return (text + b"." + encode(hmac.digest(SECRET.encode(), text, hashlib.sha256))).decode()


class AccessTest(GatewayTestCase):
    modules = ["chat"]

    def trust(self, **options):
        self.sql.execute(
            "SELECT spacetime.trust_issuer(%s, ARRAY['app'], %s)", (ISSUER, json.dumps({"secret": SECRET, **options}))
        )
        self.addCleanup(lambda: self.connect().execute("DELETE FROM spacetime._issuer"))

    def call(self, reducer, *arguments, token=None, module="chat"):
        path = f"/v1/database/{module}/call/{reducer}"
        return self.http("POST", path, json.dumps(arguments).encode(), token, "application/json")

    def statement(self, text, token=None):
        status, body = self.http("POST", "/v1/database/chat/sql", text.encode(), token)
        return status, json.loads(body)[0] if status == 200 else body

    def owner(self):
        """Token of an identity that owns the module."""
        identity, token = self.new_identity()
        self.sql.execute("SELECT spacetime.set_owner('chat', decode(%s, 'hex'))", (identity,))
        return token

    def test_tokens_count_here_and_in_sql(self):
        identity, token = self.new_identity()
        self.assertEqual(self.connect().execute("SELECT encode(spacetime.login(%s), 'hex')", (token,)).fetchone(), (identity,))
        identity, token = self.sql.execute("SELECT encode(identity, 'hex'), token FROM spacetime.anonymous_token()").fetchone()
        self.assertEqual(self.http("GET", f"/v1/identity/{identity}/verify", token=token)[0], 204)

    def test_other_issuers(self):
        token = signed()
        status, body = self.call("register_user", "Ada", token=token)
        self.assertEqual(status, 401, body)
        self.assertIn("trust_issuer('https://login.example/', ARRAY['app'])", body)
        self.trust()
        self.assertEqual(self.call("register_user", "Ada", token=token), (200, ""))
        identity = self.sql.execute("SELECT encode(id, 'hex') FROM chat.user WHERE name = 'Ada'").fetchone()[0]
        self.assertEqual(self.connect().execute("SELECT encode(spacetime.login(%s), 'hex')", (token,)).fetchone(), (identity,))
        # A token for a WebSocket keeps its issuer, and proves the same identity.
        status, body = self.http("POST", "/v1/identity/websocket-token", token=token)
        self.assertEqual(status, 200, body)
        short = json.loads(body)["token"]
        self.assertEqual(self.client("chat", short).identity, identity)
        self.assertEqual(self.call("register_user", "Eve", token=signed(aud="other"))[0], 401)
        self.assertEqual(self.call("register_user", "Eve", token=signed(exp=1))[0], 401)
        self.sql.execute("SELECT spacetime.distrust_issuer(%s)", (ISSUER,))
        self.assertEqual(self.call("register_user", "Eve", token=token)[0], 401)
        self.assertEqual(self.call("register_user", "Eve", token=short)[0], 401)

    def test_roles_of_tokens(self):
        for role in ("moderator", "visitor"):
            self.sql.execute(f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role}")
            self.addCleanup(lambda role=role: self.connect().execute(f"DROP OWNED BY {role}; DROP ROLE {role}"))
        self.sql.execute(
            "REVOKE EXECUTE ON FUNCTION chat.register_user FROM spacetime_client; "
            "GRANT USAGE ON SCHEMA chat TO moderator, visitor; GRANT EXECUTE ON FUNCTION chat.register_user TO moderator"
        )
        self.trust(role_claim="role", role_map={"moderator": "moderator", "visitor": "visitor"})
        self.assertEqual(self.call("register_user", "Ada", token=signed(role="moderator"))[0], 200)
        self.assertEqual(self.call("register_user", "Ada", token=signed(role="visitor"))[0], 403)
        self.assertEqual(self.call("register_user", "Ada", token=signed())[0], 403)

    def test_roles_of_tokens_see_what_they_may(self):
        """In subscriptions and in queries that are asked once, as in statements."""
        for role in ("premium", "banned"):
            self.sql.execute(f"DROP ROLE IF EXISTS {role}; CREATE ROLE {role}")
            self.addCleanup(lambda role=role: self.connect().execute(f"DROP OWNED BY {role}; DROP ROLE {role}"))
        user = "(decode(repeat('%s', 32), 'hex'), '%s')"
        self.sql.execute(
            "GRANT USAGE ON SCHEMA chat TO premium, banned; GRANT SELECT ON chat.user TO premium; "
            f"INSERT INTO chat.user VALUES {user % ('01', 'for all')}, {user % ('02', 'for some')}; "
            "CREATE POLICY free ON chat.user AS RESTRICTIVE FOR SELECT TO spacetime_client USING (name = 'for all')"
        )
        self.trust(role_claim="role", role_map={"premium": "premium", "banned": "banned"})
        premium, banned = signed(role="premium"), signed(role="banned", sub="eve")
        query = "SELECT * FROM user"
        for token, names in [(premium, ["for all", "for some"]), (None, ["for all"])]:
            self.assertEqual(sorted(row[1] for row in self.statement(query, token)[1]["rows"]), [[0, name] for name in names])
            client = self.client("chat", token)
            self.assertEqual(len(client.rows(client.subscribe(query), "user")), len(names))
            self.assertEqual(len(client.one_off(query)["user"]), len(names))
        client = self.client("chat", banned)
        for refusal in (self.statement(query, banned)[1], client.refusal(query), client.one_off(query)):
            self.assertRegex(refusal, "no such table|permission denied")
        # What is given to a role later, or taken from it, concerns those who have it.
        others = self.client("chat")
        others.subscribe(query)
        seeing = self.client("chat", premium)
        seeing.subscribe(query)
        self.sql.execute("REVOKE SELECT ON chat.user FROM premium")
        with self.assertRaisesRegex(AssertionError, "access rights have changed"):
            seeing.next()
        self.assertIsInstance(others.one_off(query), dict)
        self.sql.execute("GRANT SELECT ON chat.user TO banned")
        self.assertEqual(len(client.rows(client.subscribe(query), "user")), 2)

    def test_names(self):
        token = self.owner()
        _, stranger = self.new_identity()
        names = "/v1/database/chat/names"
        module = self.http("GET", "/v1/database/chat/identity")[1]
        self.assertEqual(self.http("POST", names, b"talk", stranger)[0], 401)
        self.assertEqual(
            json.loads(self.http("POST", names, b"talk", token)[1]),
            {"Success": {"domain": "talk", "database_identity": module}},
        )
        self.assertEqual(json.loads(self.http("GET", names)[1]), {"names": ["chat", "talk"]})
        self.assertEqual(self.http("GET", "/v1/database/talk/identity"), (200, module))
        self.assertEqual(self.http("POST", names, b"not a name", token)[0], 400)
        self.assertEqual(self.http("PUT", names, b'["room"]', stranger)[0], 401)
        self.assertEqual(self.http("PUT", names, b'["room"]', token), (200, '"Success"'))
        self.assertEqual(self.http("GET", names)[0], 404)
        self.assertEqual(self.call("register_user", "Ada", module="room")[0], 200)
        self.assertEqual(self.sql.execute("SELECT count(*) FROM chat.user").fetchone(), (1,))
        # A name is one module's.
        _, other = self.new_identity()
        wasm = (ROOT / "modules" / "build" / "bank.wasm").read_bytes()
        self.assertEqual(self.http("PUT", "/v1/database/bank", wasm, other)[0], 200)
        self.assertEqual(self.http("PUT", "/v1/database/bank/names", b'["room"]', other)[0], 400)
        self.assertEqual(self.http("DELETE", "/v1/database/bank", token=other)[0], 200)
        self.assertEqual(self.http("PUT", f"/v1/database/{module}/names", b'["chat"]', token)[0], 200)

    def test_without_a_name(self):
        _, token = self.new_identity()
        wasm = (ROOT / "modules" / "build" / "bank.wasm").read_bytes()
        self.assertEqual(self.http("POST", "/v1/database", wasm)[0], 401)
        self.assertEqual(self.http("POST", "/v1/database?clear=true", wasm, token)[0], 400)
        status, body = self.http("POST", "/v1/database", wasm, token)
        self.assertEqual(status, 200, body)
        success = json.loads(body)["Success"]
        module = success["database_identity"]
        self.assertEqual((success["domain"], success["op"]), (None, "created"))
        self.assertEqual(json.loads(self.http("GET", f"/v1/database/{module}/names")[1]), {"names": []})
        status, body = self.http("PUT", f"/v1/database/{module}", wasm, token)
        self.assertEqual((status, json.loads(body)["Success"]["op"]), (200, "updated"))
        self.assertEqual(self.http("DELETE", f"/v1/database/{module}", token=token)[0], 200)
        self.assertEqual(self.http("DELETE", f"/v1/database/{module}", token=token)[0], 404)

    def test_locked_and_reset(self):
        token = self.owner()
        _, stranger = self.new_identity()
        self.assertEqual(self.call("register_user", "Ada")[0], 200)
        self.assertEqual(self.http("POST", "/v1/database/chat/lock", token=stranger)[0], 403)
        self.assertEqual(self.http("POST", "/v1/database/chat/lock", token=token), (200, ""))
        status, body = self.http("DELETE", "/v1/database/chat", token=token)
        self.assertEqual(status, 403)
        self.assertTrue(body.startswith("Database is locked and cannot be deleted."), body)
        self.assertEqual(self.http("PUT", "/v1/database/chat/reset", token=token)[0], 400)
        self.assert_sqlstate("55000", self.sql, "SELECT spacetime.drop_module('chat')")
        self.assertEqual(self.http("POST", "/v1/database/chat/unlock", token=token), (200, ""))
        self.assertEqual(self.http("PUT", "/v1/database/chat/reset", token=stranger)[0], 403)
        status, body = self.http("PUT", "/v1/database/chat/reset", token=token)
        self.assertEqual((status, json.loads(body)["Success"]["op"]), (200, "updated"))
        self.assertEqual(self.sql.execute('SELECT count(*) FROM chat."user"').fetchone(), (0,))
        self.assertEqual(json.loads(self.http("GET", "/v1/database/chat/names")[1]), {"names": ["chat"]})
        self.assertEqual(json.loads(self.http("GET", f"/v1/energy/{'0' * 64}")[1]), {"balance": "0"})
        stamp = json.loads(self.http("GET", "/v1/database/chat/unstable/timestamp")[1])
        self.assertGreater(stamp["__timestamp_micros_since_unix_epoch__"], 10**15)

    def test_plan_of_a_publish(self):
        _, token = self.new_identity()
        build = ROOT / "modules" / "build"
        first, second = ((build / f"evolve_{number}.wasm").read_bytes() for number in (1, 2))
        path = "/v1/database/evolve"
        self.assertEqual(self.http("POST", f"{path}/pre_publish", first, token)[0], 404)
        self.assertEqual(self.http("PUT", path, first, token)[0], 200)
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module('evolve')"))
        status, body = self.http("POST", f"{path}/pre_publish?style=NoColor", second, token)
        self.assertEqual(status, 200, body)
        plan = json.loads(body)["AutoMigrate"]
        self.assertIn("item", plan["migrate_plan"])
        self.assertEqual(self.http("PUT", f"{path}?policy=BreakClients", second, token)[0], 400)
        asked = f"{path}?policy=BreakClients&token={plan['token']}"
        # What was looked at, and nothing else.
        self.assertEqual(self.http("PUT", asked, first, token)[0], 400)
        status, body = self.http("PUT", asked, second, token)
        self.assertEqual(status, 200, body)
        status, body = self.http("POST", f"{path}/pre_publish", second, token)
        self.assertEqual((status, json.loads(body)["AutoMigrate"]["break_clients"]), (200, False), body)
        # The way back loses columns: not without a word, but with the token or from scratch.
        status, body = self.http("POST", f"{path}/pre_publish", first, token)
        plan = json.loads(body)["AutoMigrate"]
        self.assertTrue(plan["break_clients"])
        self.assertIn("drop column `item.weight` (disconnects clients)", plan["migrate_plan"])
        self.assertEqual(self.http("PUT", f"{path}?clear=true", first, token)[0], 200)

    def test_statements(self):
        token = self.owner()
        _, stranger = self.new_identity()
        self.assertEqual(self.call("register_user", "Ada", token=stranger)[0], 200)
        status, answer = self.statement("SELECT name AS n FROM user WHERE id <> 0x" + "00" * 32 + " LIMIT 5", stranger)
        self.assertEqual(status, 200, answer)
        self.assertEqual([element["name"] for element in answer["schema"]["elements"]], [{"some": "n"}])
        self.assertEqual(answer["rows"], [[[0, "Ada"]]])
        self.assertEqual(self.statement("SELECT COUNT(*) AS n FROM user")[1]["rows"], [[1]])
        status, body = self.statement("DELETE FROM user", stranger)
        self.assertEqual(status, 400)
        self.assertIn("is not authorized to run SQL DML statements", body)
        self.assertEqual(self.statement("SELECT * FROM nowhere")[0], 400)
        self.assertEqual(self.statement("SELECT * FROM user; DROP TABLE x")[0], 400)
        # What is written is a change like any other.
        client = self.client("chat", token)
        messages = client.subscribe("SELECT * FROM message")
        ada, bob = "c2" * 32, "c3" * 32
        status, answer = self.statement(
            "INSERT INTO message (id, sender, receiver, content, timestamp) VALUES "
            f"(0, 0x{ada}, 0x{bob}, 'one', '2026-01-02T03:04:05Z'), (7, 0x{ada}, 0x{bob}, 'two', '2026-01-02T03:04:05Z')", token
        )
        self.assertEqual((status, status == 200 and answer["stats"]["rows_inserted"]), (200, 2), answer)
        while sum(client.rows(messages, "message").values()) < 2:
            client.next()
        joined = "SELECT m.content FROM message m JOIN user u ON m.sender = u.id"
        self.assertEqual(self.statement(joined, token)[1]["rows"], [])
        status, answer = self.statement("UPDATE message SET content = 'three' WHERE content = 'two'", token)
        self.assertEqual((status, answer["stats"]["rows_updated"]), (200, 1))
        status, answer = self.statement("SELECT id, content FROM message WHERE id >= 7", token)
        self.assertEqual(answer["rows"], [[7, "three"]])
        status, answer = self.statement("DELETE FROM message", token)
        self.assertEqual((status, answer["stats"]["rows_deleted"]), (200, 2))

    def test_row_limit(self):
        token = self.owner()
        self.assertEqual(self.statement("SHOW row_limit", token)[1]["rows"], [])
        for text in ["SHOW row_limit", "SET row_limit = 5"]:
            status, body = self.statement(text)
            self.assertEqual((status, "is not authorized" in body), (400, True), body)
        self.sql.execute(
            "INSERT INTO chat.\"user\" (id, name) "
            "SELECT decode(lpad(to_hex(n), 64, '0'), 'hex'), 'user ' || n FROM generate_series(1, 100) n; ANALYZE chat.\"user\""
        )
        self.assertEqual(self.statement("SET row_limit = 50", token)[0], 200)
        self.assertEqual(self.statement("SHOW row_limit", token)[1]["rows"], [[50]])
        refusal = "Estimated cardinality (100 rows) exceeds limit (50 rows)"
        status, body = self.statement("SELECT * FROM user")
        self.assertEqual((status, refusal in body), (400, True), body)
        client = self.client("chat")
        self.assertIn(refusal, client.one_off("SELECT * FROM user"))
        self.assertIn(refusal, client.refusal("SELECT * FROM user"))
        # What is narrow enough, and what the owner asks, is answered.
        narrow = f"SELECT * FROM user WHERE id = 0x{7:064x}"
        self.assertEqual(len(self.statement(narrow)[1]["rows"]), 1)
        self.assertEqual(len(client.one_off(narrow)["user"]), 1)
        self.assertEqual(sum(client.rows(client.subscribe(narrow), "user").values()), 1)
        self.assertEqual(len(self.statement("SELECT * FROM user", token)[1]["rows"]), 100)
        owner = self.client("chat", token)
        self.assertEqual(sum(owner.rows(owner.subscribe("SELECT * FROM user"), "user").values()), 100)

    def test_log_that_is_followed(self):
        token = self.owner()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/database/chat/logs?follow=true&num_lines=0")
        request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            self.assertEqual(self.call("register_user", "Ada")[0], 200)
            line = json.loads(answer.readline())
            self.assertEqual(line["level"], "Info")
            self.assertTrue(line["message"].endswith("registers as Ada"), line)


class StrictPublishTest(GatewayTestCase):
    options = ["--publish", "nobody"]

    def test_publishing_is_granted(self):
        identity, token = self.new_identity()
        wasm = (ROOT / "modules" / "build" / "bank.wasm").read_bytes()
        status, body = self.http("PUT", "/v1/database/bank", wasm, token)
        self.assertEqual(status, 403)
        self.assertIn(f"spacetime.grant_publish('\\x{identity}')", body)
        self.sql.execute("SELECT spacetime.grant_publish(decode(%s, 'hex'))", (identity,))
        self.assertEqual(self.http("PUT", "/v1/database/bank", wasm, token)[0], 200)
        self.assertEqual(self.http("DELETE", "/v1/database/bank", token=token)[0], 200)
