"""What subscriptions show: joins, client visibility filters, operators' policies, views, event tables."""

import json
import random
import struct
import threading

from harness.gateway import ROOT, GatewayTestCase


def u32(*numbers) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def player(number, team, score) -> bytes:
    return struct.pack("<IIi", number, team, score)


class SubscriptionTest(GatewayTestCase):
    modules = ["subscriptions"]

    def setUp(self):
        super().setUp()
        self.sql.execute("SET search_path = subscriptions, public, spacetime")

    def member(self, number, who, room):
        self.sql.execute("INSERT INTO member VALUES (%s, decode(%s, 'hex'), %s)", (number, who, room))

    def test_joins(self):
        self.sql.execute("INSERT INTO team VALUES (1, 10), (2, 20); INSERT INTO player VALUES (1, 1, 5), (2, 2, 6)")
        client = self.client("subscriptions")
        of_top = client.subscribe("SELECT p.* FROM player p JOIN team t ON p.team = t.id WHERE t.rank = 10")
        teams = client.subscribe("SELECT team.* FROM team JOIN player ON team.id = player.team")
        self.assertEqual(client.rows(of_top, "player"), {player(1, 1, 5): 1})
        self.assertEqual(client.rows(teams, "team"), {u32(1, 10): 1, u32(2, 20): 1})
        # The other table changes.
        self.sql.execute("UPDATE team SET rank = 10 WHERE id = 2")
        client.wait_for(of_top, "player", {player(1, 1, 5): 1, player(2, 2, 6): 1})
        # Both change, in one commit; a team is shown once for each of its players.
        self.sql.execute(
            "WITH a AS (UPDATE player SET team = 3 RETURNING 1), b AS (INSERT INTO team VALUES (3, 10)) SELECT FROM a"
        )
        client.wait_for(teams, "team", {u32(3, 10): 2})
        self.assertEqual(client.rows(of_top, "player"), {player(1, 3, 5): 1, player(2, 3, 6): 1})
        # A later subscriber gets it from the gateway's memory.
        late = self.client("subscriptions")
        number = late.subscribe("SELECT team.* FROM team JOIN player ON team.id = player.team")
        self.assertEqual(late.rows(number, "team"), {u32(3, 10): 2})
        self.sql.execute("TRUNCATE player")
        client.wait_for(teams, "team", {})
        late.wait_for(number, "team", {})

    def test_a_query_twice_in_one_set(self):
        """Its rows come once, and so do their changes: clients count what they are told."""
        self.sql.execute("INSERT INTO team VALUES (1, 10)")
        client = self.client("subscriptions")
        number = client.subscribe("SELECT * FROM team", "SELECT * FROM team")
        self.assertEqual(client.rows(number, "team"), {u32(1, 10): 1})
        self.sql.execute("INSERT INTO team VALUES (2, 20)")
        client.wait_for(number, "team", {u32(1, 10): 1, u32(2, 20): 1})
        self.sql.execute("DELETE FROM team")
        client.wait_for(number, "team", {})

    def test_what_goes_and_comes_again_in_one_call_is_no_change(self):
        client = self.client("subscriptions")
        number = client.subscribe("SELECT p.* FROM player p JOIN team t ON p.team = t.id", "SELECT * FROM player")
        self.sql.execute("INSERT INTO team VALUES (1, 10)")
        client.do("set_player", player(7, 1, 3))
        self.assertEqual(client.rows(number, "player"), {player(7, 1, 3): 2})
        self.assertEqual(client.do("churn", u32(7)), {})
        client.do("set_player", player(7, 1, 4))
        self.assertEqual(client.rows(number, "player"), {player(7, 1, 4): 2})

    def test_refusals(self):
        client = self.client("subscriptions")
        for query, problem in [
            ("SELECT * FROM member", "no such table: `member`. If the table exists, it may be marked private."),
            ("SELECT * FROM nothing", "no such table: `nothing`. If the table exists, it may be marked private."),
            ("SELECT * FROM player WHERE nothing = 1", "`nothing` is not in scope"),
            ("SELECT p.* FROM player p JOIN team t ON p.score = t.id", None),
            ("SELECT p.* FROM player p JOIN team t ON p.id = t.rank",
             "Subscriptions require indexes on join columns: `team`.`rank` has none"),
            ("SELECT a.* FROM team a JOIN team b ON a.id = b.id JOIN team c ON b.id = c.id",
             "Invalid number of tables in subscription: 3"),
            ("SELECT p.* FROM player p JOIN blow b ON p.id = b.player", None),
        ]:
            refused = client.refusal(query)
            self.assertTrue(refused.endswith(f", executing: `{query}`"), refused)
            if problem:
                self.assertEqual(refused, f"{problem}, executing: `{query}`")
        # Nothing of that has ended the connection.
        client.subscribe("SELECT * FROM player")

    def test_visibility_filters(self):
        ann, bob = self.client("subscriptions"), self.client("subscriptions")
        queries = ["SELECT * FROM item", "SELECT * FROM post", "SELECT * FROM reaction"]
        sets = [(client, client.subscribe(*queries)) for client in (ann, bob)]
        self.member(1, ann.identity, 1)
        self.sql.execute("INSERT INTO item VALUES (1, decode(%s, 'hex')), (2, decode(%s, 'hex'))",
                         (ann.identity, bob.identity))
        self.sql.execute("INSERT INTO post VALUES (1, 1), (2, 2)")
        self.sql.execute("INSERT INTO reaction VALUES (1, 1), (2, 2)")
        (_, of_ann), (_, of_bob) = sets
        ann.wait_for(of_ann, "reaction", {u32(1, 1): 1})
        self.assertEqual(ann.rows(of_ann, "post"), {u32(1, 1): 1})
        self.assertEqual(len(ann.rows(of_ann, "item")), 1)
        # Rows enter and leave because of a private table.
        self.member(2, bob.identity, 2)
        bob.wait_for(of_bob, "reaction", {u32(2, 2): 1})
        self.assertEqual(bob.rows(of_bob, "post"), {u32(2, 2): 1})
        self.sql.execute("UPDATE member SET room = 1 WHERE id = 2")
        bob.wait_for(of_bob, "reaction", {u32(1, 1): 1})
        self.assertEqual(bob.rows(of_bob, "post"), {u32(1, 1): 1})
        self.sql.execute("DELETE FROM member WHERE id = 2")
        bob.wait_for(of_bob, "reaction", {})
        self.assertEqual(bob.rows(of_bob, "post"), {})
        self.assertEqual(len(bob.rows(of_bob, "item")), 1)
        # Asked once, too.
        self.assertEqual(ann.one_off("SELECT * FROM post"), {"post": [u32(1, 1)]})
        self.assertEqual(bob.one_off("SELECT * FROM reaction").get("reaction", []), [])

    def test_owners_see_everything(self):
        identity, token = self.new_identity()
        wasm = (ROOT / "modules" / "build" / "subscriptions.wasm").read_bytes()
        status, body = self.http("PUT", "/v1/database/owned", wasm, token)
        self.assertEqual(status, 200, body)
        self.addCleanup(lambda: self.connect().execute("SELECT spacetime.drop_module('owned')"))
        self.sql.execute("INSERT INTO owned.post VALUES (1, 1); "
                         "INSERT INTO owned.member VALUES (1, decode(repeat('01', 32), 'hex'), 5)")
        owner = self.client("owned", token)
        self.assertEqual(owner.identity, identity)
        number = owner.subscribe("SELECT * FROM *")
        self.assertEqual(owner.rows(number, "post"), {u32(1, 1): 1})
        self.assertEqual(len(owner.rows(number, "member")), 1)
        other = self.client("owned")
        number = other.subscribe("SELECT * FROM *")
        self.assertEqual(other.rows(number, "post"), {})
        self.assertNotIn("member", other.sets[number])

    def test_policies_of_operators(self):
        """Only Postgres can say whom they show what: rows are read as each user."""
        self.sql.execute("CREATE TABLE public.hidden (player bigint); GRANT SELECT ON public.hidden TO PUBLIC; "
                         "INSERT INTO player VALUES (1, 1, 1), (2, 1, 2), (3, 2, 3); INSERT INTO team VALUES (1, 1)")
        self.addCleanup(lambda: self.connect().execute("DROP TABLE public.hidden CASCADE"))
        self.sql.execute(
            "CREATE POLICY of_operator ON player AS RESTRICTIVE FOR SELECT USING "
            "(id NOT IN (SELECT h.player FROM public.hidden h) AND (score < 3 OR encode(spacetime.sender(), 'hex') = "
            " (SELECT claims ->> 'sub' FROM spacetime.claims() claims)))"
        )
        client = self.client("subscriptions")
        all_rows = client.subscribe("SELECT * FROM player")
        joined = client.subscribe("SELECT p.* FROM player p JOIN team t ON p.team = t.id WHERE p.score > 1")
        self.assertEqual(client.rows(all_rows, "player"), {player(1, 1, 1): 1, player(2, 1, 2): 1})
        self.assertEqual(client.rows(joined, "player"), {player(2, 1, 2): 1})
        client.do("set_player", player(1, 1, 2))
        self.assertEqual(client.rows(all_rows, "player"), {player(1, 1, 2): 1, player(2, 1, 2): 1})
        self.assertEqual(client.rows(joined, "player"), {player(1, 1, 2): 1, player(2, 1, 2): 1})
        # A table that is no module's is not followed; the next change of one that the policy looks at shows it.
        self.sql.execute("INSERT INTO public.hidden VALUES (2)")
        self.sql.execute("UPDATE player SET score = 9 WHERE id = 3")
        client.wait_for(all_rows, "player", {player(1, 1, 2): 1})
        self.assertEqual(client.rows(joined, "player"), {player(1, 1, 2): 1})
        # Taken from clients altogether.
        self.sql.execute("REVOKE SELECT ON player FROM spacetime_client")
        self.assertIn("no such table: `player`", self.client("subscriptions").refusal("SELECT * FROM player"))

    def test_views(self):
        ann, bob = self.client("subscriptions"), self.client("subscriptions")
        queries = ["SELECT * FROM my_rooms", "SELECT * FROM winners WHERE team = 1", "SELECT * FROM player"]
        of_ann, of_bob = ann.subscribe(*queries), bob.subscribe(*queries)
        ann.do("enter", u32(1, 5))
        self.assertEqual(len(ann.rows(of_ann, "my_rooms")), 1)
        # A view and the table it reads change in one message.
        update = ann.do("set_player", player(1, 1, 5))
        self.assertEqual(set(update[of_ann]), {"winners", "player"})
        bob.wait_for(of_bob, "winners", {player(1, 1, 5): 1})
        self.assertEqual(bob.rows(of_bob, "my_rooms"), {})
        self.assertEqual([set(heard[of_bob]) for _, heard in bob.heard], [{"winners", "player"}])
        self.sql.execute("UPDATE player SET score = -1")
        ann.wait_for(of_ann, "winners", {})
        self.assertEqual(ann.rows(of_ann, "player"), {player(1, 1, -1): 1})
        # Asked once, too; also in a join.
        self.assertEqual(ann.one_off("SELECT * FROM winners"), {"winners": []})
        self.assertEqual(len(ann.one_off("SELECT * FROM my_rooms WHERE room = 5")["my_rooms"]), 1)
        # Views in joins: with a table, and with each other.
        self.sql.execute("INSERT INTO post VALUES (1, 5), (2, 6)")
        with_table = ann.subscribe("SELECT w.* FROM winners w JOIN team t ON w.team = t.id")
        with_view = ann.subscribe("SELECT r.* FROM my_rooms r JOIN winners w ON r.room = w.team")
        self.sql.execute("INSERT INTO team VALUES (5, 1); INSERT INTO player VALUES (2, 5, 9)")
        ann.wait_for(with_table, "winners", {player(2, 5, 9): 1})
        self.assertEqual(len(ann.rows(with_view, "my_rooms")), 1)
        self.sql.execute("DELETE FROM team")
        ann.wait_for(with_table, "winners", {})

    def test_a_new_version_that_breaks_nothing(self):
        client = self.client("subscriptions")
        number = client.subscribe("SELECT * FROM winners", "SELECT * FROM player")
        # A custom section: other bytes, the same code.
        self.sql.execute("SELECT publish_module('subscriptions', "
                         r"pg_read_binary_file('test_modules/subscriptions.wasm') || '\x00020178')")
        client.do("set_player", player(1, 1, 5))
        self.assertEqual(client.rows(number, "winners"), {player(1, 1, 5): 1})
        later = client.subscribe("SELECT w.* FROM winners w JOIN player p ON w.id = p.id")
        self.assertEqual(client.rows(later, "winners"), {player(1, 1, 5): 1})

    def test_a_view_that_traps_ends_its_subscription_only(self):
        client = self.client("subscriptions")
        fragile, players = client.subscribe("SELECT * FROM fragile"), client.subscribe("SELECT * FROM player")
        client.do("set_player", player(1, 1, 5))
        self.assertEqual(client.rows(fragile, "fragile"), {player(1, 1, 5): 1})
        client.do("set_player", player(13, 1, 5))
        while fragile in client.sets:
            client.next()
        self.assertEqual(client.rows(players, "player"), {player(1, 1, 5): 1, player(13, 1, 5): 1})
        self.assertTrue(client.refusal("SELECT * FROM fragile"))
        self.sql.execute("DELETE FROM player WHERE id = 13")
        again = client.subscribe("SELECT * FROM fragile")
        self.assertEqual(client.rows(again, "fragile"), {player(1, 1, 5): 1})

    def test_event_tables(self):
        watcher, caller = self.client("subscriptions"), self.client("subscriptions")
        self.sql.execute("INSERT INTO player VALUES (1, 1, 0)")
        events = watcher.subscribe("SELECT * FROM blow WHERE player = 1")
        joined = watcher.subscribe("SELECT b.* FROM blow b JOIN player p ON b.player = p.id")
        caller.do("hit", struct.pack("<Ii", 2, 1))
        caller.do("hit", struct.pack("<Ii", 1, 7))
        update = watcher.until("update")
        blows = {struct.pack("<Ii", 1, 7): 1, struct.pack("<Ii", 1, 8): 1}
        self.assertEqual({number: tables["blow"][0] for number, tables in update.items()},
                         {events: blows, joined: blows})
        # They are gone already.
        late = watcher.subscribe("SELECT * FROM blow")
        self.assertEqual(watcher.rows(late, "blow"), {})
        self.assertEqual(watcher.one_off("SELECT * FROM blow").get("blow", []), [])

    def test_rows_follow_through_restarts(self):
        client = self.client("subscriptions")
        self.sql.execute("INSERT INTO team VALUES (1, 10); INSERT INTO player VALUES (1, 1, 5)")
        joined = client.subscribe("SELECT p.* FROM player p JOIN team t ON p.team = t.id")
        view = client.subscribe("SELECT * FROM winners")
        for mode in ["fast", "immediate"]:
            self.cluster.restart(mode)
            sql = self.connect()
            sql.execute("UPDATE subscriptions.player SET score = score + 1")
            score = sql.execute("SELECT score FROM subscriptions.player").fetchone()[0]
            client.wait_for(joined, "player", {player(1, 1, score): 1})
            client.wait_for(view, "winners", {player(1, 1, score): 1})

    def test_first_rows_are_read_with_their_condition(self):
        """A subscription to one row of many does not copy the others."""
        self.sql.execute("INSERT INTO player SELECT n, n % 7, n FROM generate_series(1, 1000) n")
        client = self.client("subscriptions")
        number = client.subscribe("SELECT * FROM player WHERE id = 500 AND score > 3 OR team = 100")
        self.assertEqual(client.rows(number, "player"), {player(500, 3, 500): 1})
        for client_sql in ["SELECT spacetime._select('subscriptions', %s)"]:
            everything = json.dumps({"relations": ["player"], "plans": [
                {"relations": [0], "returned": 0, "joins": [], "filter": {"Constant": True}}]})
            pieces = self.sql.execute(client_sql, (everything,)).fetchall()
            self.assertEqual(sum(len(piece) for (piece,) in pieces), 16 * 1000)

    def test_every_message_shows_one_commit(self):
        """Whatever commits meanwhile: after each message the queries of a client agree with each other."""
        self.sql.execute("INSERT INTO team SELECT n, n % 2 FROM generate_series(1, 6) n; "
                         "INSERT INTO player SELECT n, 1 + n % 6, n % 5 - 2 FROM generate_series(1, 30) n")
        stop = threading.Event()
        failures = []

        def write(seed):
            pick = random.Random(seed)
            with self.connect(autocommit=False) as sql:
                sql.execute("SET search_path = subscriptions")
                while not stop.is_set():
                    for _ in range(pick.randint(1, 3)):
                        sql.execute(pick.choice([
                            "UPDATE player SET team = 1 + (team + id) % 6 WHERE id % 7 = {0}",
                            "UPDATE player SET score = score + {0} - 3 WHERE id % 5 = {1}",
                            "UPDATE team SET rank = 1 - rank WHERE id = {0}",
                            "DELETE FROM player WHERE id % 11 = {0}",
                            "INSERT INTO player VALUES ({0} * 5 + {1}, 1 + {1}, {0} - 2) ON CONFLICT DO NOTHING",
                        ]).format(pick.randint(0, 6), pick.randint(0, 4)))
                    # The writer that is rolled back is nobody's business.
                    pick.choice([sql.commit, sql.commit, sql.rollback])()

        def call(client):
            pick = random.Random(3)
            while not stop.is_set():
                client.do("set_player", player(pick.randint(1, 40), pick.randint(1, 6), pick.randint(-3, 3)))

        def guarded(what, *arguments):
            try:
                what(*arguments)
            except Exception as failure:  # noqa: BLE001
                failures.append(failure)

        writers = [threading.Thread(target=guarded, args=(write, seed)) for seed in (1, 2)]
        writers.append(threading.Thread(target=guarded, args=(call, self.client("subscriptions"))))
        for writer in writers:
            writer.start()
        try:
            with self.subTest("subscribers"):
                for round_number in range(4):
                    self.watch(round_number)
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        self.assertEqual(failures, [])

    def watch(self, seed):
        """Subscribes to one thing after the other while everything changes."""
        pick = random.Random(seed)
        client = self.client("subscriptions")
        queries = {
            "players": "SELECT * FROM player",
            "teams": "SELECT * FROM team",
            "top": "SELECT p.* FROM player p JOIN team t ON p.team = t.id WHERE t.rank = 1",
            "winners": "SELECT * FROM winners",
            "of_two": "SELECT * FROM player WHERE team = 2 AND score < 2",
        }
        numbers = {}
        for name in pick.sample(sorted(queries), len(queries)):
            numbers[name] = client.ask(queries[name])
        for _ in range(150):
            client.next()
            rows = {
                name: list(client.rows(number, {"teams": "team", "winners": "winners"}.get(name, "player")).elements())
                for name, number in numbers.items() if number in client.sets
            }
            if "players" not in rows:
                continue
            players = [struct.unpack("<IIi", row) for row in rows["players"]]

            def expect(name, wanted):
                if name in rows:
                    found = sorted(struct.unpack("<IIi", row) for row in rows[name])
                    self.assertEqual(found, sorted(wanted), name)

            expect("winners", [row for row in players if row[2] > 0])
            expect("of_two", [row for row in players if row[1] == 2 and row[2] < 2])
            if "teams" in rows:
                top = {team for team, rank in (struct.unpack("<II", row) for row in rows["teams"]) if rank == 1}
                expect("top", [row for row in players if row[1] in top])
        client.close()
