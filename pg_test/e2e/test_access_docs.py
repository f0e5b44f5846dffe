"""The examples of docs/access-control.md and docs/auth0.md, run as they stand there."""

import re

import psycopg

from harness.cluster import ROOT
from harness.testcase import ClusterTestCase


def blocks(page):
    return re.findall(r"^```sql\n(.*?)^```$", (ROOT / "docs" / page).read_text(), re.M | re.S)


def statements(block):
    """Without comments; none of them has a semicolon in it."""
    return [text.strip() for text in re.sub(r"--.*", "", block).split(";") if text.strip()]


class ExamplesTest(ClusterTestCase):
    def setUp(self):
        self.owner = self.connect()
        self.publish(self.owner, "visibility", "chat")
        self.owner.execute("CREATE ROLE app LOGIN IN ROLE spacetime_client; CREATE ROLE chat_moderator IN ROLE spacetime_client")
        self.addCleanup(self.owner.execute, "DROP OWNED BY app, chat_moderator; DROP ROLE app, chat_moderator")
        self.addCleanup(self.owner.execute, "SELECT spacetime.drop_module('chat')")

    def person(self):
        return self.owner.execute("SELECT identity, token FROM spacetime.anonymous_token()").fetchone()

    def run_block(self, connection, block, *parameters):
        """What each statement gives, in order."""
        cursor = psycopg.RawCursor(connection)
        results = []
        for statement in statements(block):
            cursor.execute(statement, parameters if "$1" in statement else None)
            results.append(cursor.fetchall() if cursor.description else None)
        return results

    def test_logins(self):
        block = next(block for block in blocks("access-control.md") if "login_local" in block)
        identity, token = self.person()
        app = self.connect(user="app")
        trust, block = block.split("\n", 1)
        self.run_block(self.owner, trust)
        login, local, who, out = self.run_block(app, block, token)
        self.assertEqual((login, local, who[0][0]), ([(identity,)], [(identity,)], identity))
        self.assertNotEqual(app.execute("SELECT spacetime.sender()").fetchone()[0], identity)

    def test_roles_from_tokens(self):
        for page in ("access-control.md", "auth0.md"):
            block = next(block for block in blocks(page) if "role_map" in block)
            self.run_block(self.owner, block)
            app = self.connect(user="app")
            app.execute("SET ROLE chat_moderator")

    def test_rows(self):
        block = next(block for block in blocks("access-control.md") if "$ada" in block)
        (ada, ada_token), (bob, bob_token) = self.person(), self.person()
        self.owner.execute("INSERT INTO chat.message VALUES (1, %s, %s, 'to bob'), (2, %s, %s, 'to himself')", (ada, bob, bob, bob))
        app = self.connect(user="app")
        _, of_ada, _, of_bob = [
            app.execute(statement.replace("$ada", f"'{ada_token}'").replace("$bob", f"'{bob_token}'")).fetchall()
            for statement in statements(block)
        ]
        self.assertEqual(of_ada, [(1,)])
        self.assertEqual(sorted(of_bob), [(1,), (2,)])

    def test_reducers(self):
        block = next(block for block in blocks("access-control.md") if "ban_user" in block)
        self.run_block(self.owner, block.replace("ban_user", "send"))
        app = self.connect(user="app")
        call = "SELECT chat.send(7, spacetime.sender(), 'hello')"
        self.assert_sqlstate("42501", app, call)
        self.owner.execute("GRANT chat_moderator TO app")
        app.execute("SET ROLE chat_moderator")
        app.execute(call)
