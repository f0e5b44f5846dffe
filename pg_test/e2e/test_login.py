"""Logging in with tokens of an OpenID provider over HTTP: discovery, rotation, a provider that misbehaves, cancels; and
connections whose user is no superuser."""

import json
import subprocess
import threading
import time
import urllib.request

import psycopg

from harness.cluster import ROOT
from harness.testcase import ClusterTestCase
from harness.tiers import PGRX_RUSTFLAGS


class Provider:
    """The provider of crates/auth/examples, in a process of its own."""

    def __init__(self):
        command = ["cargo", "--config", PGRX_RUSTFLAGS, "run", "--release", "--locked", "--quiet",
                   "-p", "spacetime-auth", "--example", "oidc_provider"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.issuer = json.loads(self.process.stdout.readline())["issuer"]

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.issuer.rstrip("/") + path, data=data, method="GET" if body is None else "POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def token(self, **claims):
        return self.ask("/token", {"aud": "app", **claims})

    def misbehave(self, mode, path="/.well-known/openid-configuration", **more):
        self.ask("/mode", {"path": path, "mode": mode, **more})

    def requests(self):
        """Addresses of documents that were fetched so far."""
        return [entry for entry in json.loads(self.ask("/requests")) if "well-known" in str(entry) or "keys" in str(entry)]


class UnpreloadedTest(ClusterTestCase):
    """Without preloading, the library comes with a session's first use of it."""

    settings = {"shared_preload_libraries": "''"}

    def test_setting_made_before(self):
        """Until then a setting of that name is a placeholder, which anybody can set; what it says is not believed."""
        self.cluster.psql("CREATE ROLE plain LOGIN")
        sender = self.connect(user="plain").execute("SELECT spacetime.sender()").fetchone()
        forged = self.connect(user="plain", options="-c spacetime.session=forged")
        self.assertEqual(forged.execute("SELECT spacetime.sender()").fetchone(), sender)
        forged = self.connect(user="plain")
        forged.execute("SET spacetime.session = 'forged'")
        self.assertEqual(forged.execute("SELECT spacetime.sender()").fetchone(), sender)


class LoginTest(ClusterTestCase):
    def setUp(self):
        self.provider = Provider()
        self.addCleanup(self.provider.close)
        self.admin = self.connect()
        self.trust(self.provider.issuer)

    def trust(self, issuer, **options):
        self.admin.execute(
            "SELECT spacetime.trust_issuer(%s, ARRAY['app', 'https://api.example'], %s)",
            [issuer, json.dumps({"insecure_http": True, "private_addresses": True, **options})],
        )

    def client(self, name):
        self.admin.execute(f"DO $$ BEGIN CREATE ROLE {name} LOGIN IN ROLE spacetime_client; EXCEPTION WHEN duplicate_object THEN END $$")
        return self.connect(user=name)

    def login(self, connection, token):
        return connection.execute("SELECT spacetime.login(%s)", [token]).fetchone()[0]

    def test_discovery_and_rows(self):
        """Two users of one provider, through connections of one role, see their own rows of one table."""
        self.publish(self.admin, "visibility", "oidc")
        first, second = self.client("oidc_app"), self.client("oidc_app")
        ada = self.login(first, self.provider.token(sub="auth0|ada"))
        bob = self.login(second, self.provider.token(sub="auth0|bob"))
        self.assertNotEqual(ada, bob)
        first.execute("SELECT oidc.send(1, %s, 'for bob')", [bob])
        first.execute("SELECT oidc.send(2, %s, 'for herself')", [ada])
        first.execute("SELECT oidc.note_claims(1)")
        rows = "SELECT id FROM oidc.message ORDER BY id"
        self.assertEqual(first.execute(rows).fetchall(), [(1,), (2,)])
        self.assertEqual(second.execute(rows).fetchall(), [(1,)])
        # What the guest read is the token's own text.
        self.assertEqual(
            second.execute("SELECT text FROM oidc.notice").fetchone()[0], f"auth0|ada of {self.provider.issuer}"
        )
        # Keys were fetched once, whoever logged in.
        fetched = len(self.provider.requests())
        for number in range(5):
            self.login(self.client("oidc_app"), self.provider.token(sub=f"user {number}"))
        self.assertEqual(len(self.provider.requests()), fetched)

    def test_auth0_shapes(self):
        """Audiences in a list, namespaced role claims, subjects with a bar, a slash at the end of the issuer."""
        role_claim = "https://app.example/roles"
        self.admin.execute("CREATE ROLE oidc_moderator NOLOGIN IN ROLE spacetime_client")
        connection = self.client("oidc_roles")
        self.admin.execute("GRANT oidc_moderator TO oidc_roles")
        slashed = self.provider.issuer.rstrip("/") + "/"
        for issuer in {self.provider.issuer, slashed}:
            with self.subTest(issuer):
                self.trust(issuer, role_claim=role_claim, role_map={"moderator": "oidc_moderator"})
                token = self.provider.token(
                    iss=issuer, sub="google-oauth2|1", aud=["https://api.example", issuer + "/userinfo"],
                    azp="client", scope="openid profile", **{role_claim: ["moderator"]},
                )
                self.login(connection, token)
                who = connection.execute("SELECT current_user, spacetime.claims() ->> 'iss', encode(spacetime.sender(), 'hex')").fetchone()
                self.assertEqual(who[:2], ("oidc_moderator", issuer))
                connection.execute("SELECT spacetime.logout()")
                self.assertEqual(connection.execute("SELECT current_user").fetchone(), ("oidc_roles",))

    def test_rotation(self):
        connection = self.client("oidc_rotation")
        old = self.provider.token(sub="ada")
        self.login(connection, old)
        self.provider.ask("/rotate", {})
        # An unknown key asks again, but not at once after the last time; nor do made-up tokens make us ask.
        new = self.provider.token(sub="ada")
        before = len(self.provider.requests())
        for _ in range(3):
            self.assert_sqlstate("28000", connection, "SELECT spacetime.login(%s)", [new])
        self.assertEqual(len(self.provider.requests()), before)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.login(connection, new)
                break
            except psycopg.Error as error:
                self.assertEqual(error.sqlstate, "28000")
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.5)
        self.assert_sqlstate("28000", self.connect(), "SELECT spacetime.login(%s)", [old])

    def test_provider_misbehaves(self):
        """A broken provider is an error of the connection's kind, and is not asked again at once."""
        connection = self.client("oidc_broken")
        for mode in ["huge", "close", "garbage", "status"]:
            with self.subTest(mode):
                # Other options, so that nothing is known of its keys.
                self.trust(self.provider.issuer, leeway_seconds=len(mode))
                self.provider.misbehave(mode)
                token = self.provider.token(sub="ada")
                with self.assertRaises(psycopg.Error) as raised:
                    self.login(connection, token)
                self.assertTrue(raised.exception.sqlstate.startswith("08"), raised.exception)
                self.assertNotIn(token.split(".")[2], str(raised.exception))
                before = len(self.provider.requests())
                with self.assertRaises(psycopg.Error):
                    self.login(connection, token)
                self.assertEqual(len(self.provider.requests()), before)
                self.provider.misbehave("good")

    def test_redirect_elsewhere(self):
        """To the metadata service of a cloud: refused, whatever the issuer says."""
        connection = self.client("oidc_redirect")
        self.trust(self.provider.issuer, leeway_seconds=7)
        self.provider.misbehave("redirect", target="http://169.254.169.254/latest/meta-data")
        with self.assertRaises(psycopg.Error) as raised:
            self.login(connection, self.provider.token(sub="ada"))
        self.assertIn(raised.exception.sqlstate, {"42501", "08P01", "08006"})

    def test_cancel_while_fetching(self):
        """A provider that hangs holds nobody: the statement is cancelled, the session goes on."""
        connection = self.client("oidc_hang")
        self.trust(self.provider.issuer, leeway_seconds=11)
        self.provider.misbehave("hang")
        token = self.provider.token(sub="ada")
        asked = threading.Event()

        def cancel_when_asked():
            deadline = time.monotonic() + 60
            seen = len(self.provider.requests())
            asked.set()
            while len(self.provider.requests()) == seen and time.monotonic() < deadline:
                time.sleep(0.05)
            connection.cancel_safe()

        thread = threading.Thread(target=cancel_when_asked)
        thread.start()
        asked.wait()
        self.assert_sqlstate("57014", connection, "SELECT spacetime.login(%s)", [token])
        thread.join()
        self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))
        connection.execute("SET statement_timeout = '300 ms'")
        self.assert_sqlstate("57014", connection, "SELECT spacetime.login(%s)", [token])

    def test_untrusted_is_not_fetched(self):
        connection = self.client("oidc_untrusted")
        self.admin.execute("DELETE FROM spacetime._issuer")
        token = self.provider.token(sub="ada")
        error = self.assert_sqlstate("28000", connection, "SELECT spacetime.login(%s)", [token])
        self.assertIn("spacetime.trust_issuer(", error.diag.message_hint)
        self.assertEqual(self.provider.requests(), [])

    def test_who_connects_counts(self):
        """What SET ROLE in a superuser's session cannot show."""
        connection = self.client("oidc_plain")
        for statement, sqlstate in {
            "SET SESSION AUTHORIZATION postgres": "42501",
            "SET ROLE postgres": "42501",
            "SET session_replication_role = replica": "42501",
            "SET spacetime.session = 'x'": "42501",
            "ALTER ROLE oidc_plain SET spacetime.session = 'x'": "42501",
            "ALTER ROLE oidc_plain BYPASSRLS": "42501",
        }.items():
            self.assert_sqlstate(sqlstate, connection, statement)
        with self.assertRaises(psycopg.OperationalError) as raised:
            self.connect(user="oidc_plain", options="-c spacetime.session=forged")
        self.assertIn('permission denied to set parameter "spacetime.session"', str(raised.exception))
        # Set for the role by a superuser: an error, not an identity.
        self.admin.execute("ALTER ROLE oidc_plain SET spacetime.session = 'forged'")
        self.assert_sqlstate("28000", self.connect(user="oidc_plain"), "SELECT spacetime.sender()")
        self.admin.execute("ALTER ROLE oidc_plain RESET spacetime.session")

    def test_login_ends_with_the_server(self):
        """Values of the setting are worth nothing after a restart; neither is the secret they were made with."""
        token = self.provider.token(sub="ada")
        self.login(self.admin, token)
        value = self.admin.execute("SELECT current_setting('spacetime.session')").fetchone()[0]
        secrets = self.cluster.data / "spacetime" / "secrets"
        before = {path.name: path.read_bytes() for path in secrets.iterdir()}
        self.assertEqual([path.stat().st_mode & 0o777 for path in secrets.iterdir()], [0o600])
        self.assertEqual(secrets.stat().st_mode & 0o777, 0o700)
        self.cluster.stop()
        self.cluster.start()
        connection = self.connect()
        connection.execute("SELECT set_config('spacetime.session', %s, false)", [value])
        self.assert_sqlstate("28000", connection, "SELECT spacetime.sender()")
        after = {path.name: path.read_bytes() for path in secrets.iterdir()}
        self.assertEqual(len(after), 1)
        self.assertFalse(set(before.values()) & set(after.values()))

    def test_tokens_stay_out_of_the_log(self):
        """Tokens passed as parameters are in no line of the server's log, refused ones included."""
        connection = self.client("oidc_logged")
        good, bad = self.provider.token(sub="ada"), self.provider.token(sub="ada", aud="another")
        self.login(connection, good)
        self.assert_sqlstate("28000", connection, "SELECT spacetime.login(%s)", [bad])
        self.assert_sqlstate("22012", connection, "SELECT 1 / 0")
        log = self.cluster.log_text()
        self.assertIn("22012", log)
        for token in [good, bad]:
            self.assertNotIn(token.split(".")[2], log)
