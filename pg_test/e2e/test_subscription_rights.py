"""Subscribers get what their role and identity may see, and what that changes to."""

import json

from harness.subscription import SubscriptionTestCase


class RightsTest(SubscriptionTestCase):
    settings = {"spacetime.subscription_timeout_ms": "500"}

    def client(self, name):
        """A session of a role that is a client of all modules."""
        self.connect().execute(f"CREATE ROLE {name} LOGIN IN ROLE spacetime_client")
        return self.connect(user=name)

    def messages(self, subscription, *ids):
        got = lambda: sorted(json.loads(row)["id"] for row in subscription.state())
        subscription.wait_until(lambda: got() == sorted(ids), lambda: f"{got()} is not {ids}")

    def test_visibility_filters(self):
        """One query, two identities, both rows that enter and rows that leave."""
        owner = self.connect()
        self.publish(owner, "visibility")
        ada, bob = self.client("ada"), self.client("bob")
        ada_id, bob_id = (c.execute("SELECT spacetime.sender()").fetchone()[0] for c in (ada, bob))
        query = "SELECT * FROM visibility.message"
        of_ada, of_bob, of_owner = self.subscribe(query, ada), self.subscribe(query, bob), self.subscribe(query)
        self.connect(user="ada").execute("SELECT visibility.send(1, %s, 'ada to bob')", (bob_id,))
        self.connect(user="ada").execute("SELECT visibility.send(2, %s, 'ada to ada')", (ada_id,))
        self.connect(user="bob").execute("SELECT visibility.send(3, %s, 'bob to bob')", (bob_id,))
        self.messages(of_ada, 1, 2)
        self.messages(of_bob, 1, 3)
        self.messages(of_owner, 1, 2, 3)
        owner.execute("UPDATE visibility.message SET sender = %s WHERE id = 2", (bob_id,))
        self.messages(of_bob, 1, 2, 3)
        owner.execute("UPDATE visibility.message SET sender = receiver WHERE id = 2")
        self.messages(of_bob, 1, 3)
        owner.execute("DELETE FROM visibility.message WHERE id = 1")
        self.messages(of_ada, 2)
        self.messages(of_bob, 3)
        # A filter that joins a private table, and one that joins the filtered one.
        posts, reactions = self.subscribe("SELECT * FROM visibility.post", ada), self.subscribe("SELECT * FROM visibility.reaction", ada)
        owner.execute("SELECT visibility.write_post(1, 7, 'in 7'), visibility.write_post(2, 8, 'in 8')")
        self.connect(user="ada").execute("SELECT visibility.join_room(1, 7)")
        self.messages(posts, 1)
        self.messages(reactions, 1)
        owner.execute("UPDATE visibility.membership SET room = 8")
        self.messages(posts, 2)
        self.messages(reactions, 2)
        owner.execute("DELETE FROM visibility.membership")
        self.messages(posts)
        self.messages(reactions)
        self.assert_sqlstate("42501", ada, "SELECT spacetime.subscribe('SELECT * FROM visibility.membership')")
        # What others have is neither shown nor to be ended.
        self.assertEqual(ada.execute("SELECT DISTINCT role::text FROM spacetime.subscriptions").fetchall(), [("ada",)])
        self.assert_sqlstate("55000", ada, "SELECT spacetime.unsubscribe(%s)", (of_bob.id,))
        self.assert_sqlstate("55000", ada, "SELECT spacetime.resume(%s, 0)", (of_bob.id,))
        self.assert_sqlstate("42501", ada, "SELECT channel FROM spacetime._subscription")
        self.assert_sqlstate("42501", ada, "INSERT INTO spacetime._subscription_row VALUES (1, 1, 'x')")

    def test_logins(self):
        """Two identities of one role."""
        owner = self.connect()
        owner.execute("SELECT publish_module('logins', pg_read_binary_file('test_modules/visibility.wasm'))")
        owner.execute("CREATE ROLE gate LOGIN IN ROLE spacetime_client")
        people = []
        for _ in range(2):
            identity, token = owner.execute("SELECT identity, token FROM spacetime.anonymous_token()").fetchone()
            session = self.connect(user="gate")
            session.execute("SELECT spacetime.login(%s)", (token,))
            people.append((identity, self.subscribe("SELECT * FROM logins.message", session)))
        (lin_id, lin), (max_id, max) = people
        lin.connection.execute("SELECT logins.send(1, %s, 'to max')", (max_id,))
        max.connection.execute("SELECT logins.send(2, %s, 'to max himself')", (max_id,))
        self.messages(lin, 1)
        self.messages(max, 1, 2)
        mine = self.subscribe("SELECT * FROM logins.message WHERE sender = :sender", max.connection)
        self.messages(mine, 2)
        mine.connection.execute("SELECT logins.send(3, %s, 'to lin')", (lin_id,))
        mine.wait_until(lambda: len(mine.rows) == 2, lambda: "no message of his own")
        self.messages(lin, 1, 3)
        # Who the session is no longer is told nothing more; the role's own subscriptions come and go with logins, too.
        count = "SELECT count(*) FROM spacetime.subscriptions WHERE query LIKE '%logins.message%'"
        self.assertEqual(owner.execute(count).fetchone()[0], 3)
        max.connection.execute("SELECT spacetime.logout()")
        self.assertEqual(owner.execute(count).fetchone()[0], 1)
        as_role = self.subscribe("SELECT * FROM logins.message", max.connection)
        with max.connection.transaction(force_rollback=True):
            max.connection.execute("SELECT spacetime.login_local(%s)", (token,))
        self.assertEqual(owner.execute(count).fetchone()[0], 2)
        lin.connection.execute("SELECT logins.send(4, %s, 'to max')", (max_id,))
        self.messages(lin, 1, 3, 4)
        self.assertEqual(as_role.state(), [])
        self.assertEqual(max.connection.execute("SELECT count(*) FROM pg_listening_channels()").fetchone()[0], 1)

    def test_policies_of_operators(self):
        """A policy that reads a table of the operator's own; it comes, changes its mind, and goes."""
        owner = self.bank("ruled", accounts=4)
        client = self.client("cleo")
        subscription = self.subscribe("SELECT * FROM ruled.account", client)
        self.messages(subscription, 0, 1, 2, 3)
        owner.execute("CREATE TABLE seen_by (role name, account bigint); GRANT SELECT ON seen_by TO PUBLIC")
        owner.execute(
            "CREATE POLICY seen ON ruled.account AS RESTRICTIVE FOR SELECT"
            " USING (EXISTS (SELECT FROM public.seen_by s WHERE s.role = current_user AND s.account = id))"
        )
        self.messages(subscription)
        owner.execute("INSERT INTO seen_by VALUES ('cleo', 1), ('cleo', 2)")
        self.messages(subscription, 1, 2)
        owner.execute("SELECT ruled.transfer(1, 3, 10)")
        subscription.wait_for([{"id": 1, "balance": 990}, {"id": 2, "balance": 1000}])
        owner.execute("DELETE FROM seen_by WHERE account = 2")
        self.messages(subscription, 1)
        owner.execute("DROP POLICY seen ON ruled.account")
        self.messages(subscription, 0, 1, 2, 3)
        owner.execute("SELECT ruled.transfer(2, 3, 10)")
        subscription.wait_for(self.accounts("ruled"))
        owner.execute("REVOKE SELECT ON ruled.account FROM spacetime_client")
        self.assertEqual(subscription.wait_end().sqlstate, "42501")

    def test_policies_cannot_become_the_notifier(self):
        """Functions in policies run as the subscriber, and cannot leave that."""
        owner = self.bank("trap", accounts=2)
        client = self.client("mallory")
        owner.execute("CREATE TABLE loot (who text, role text); GRANT INSERT, SELECT ON loot TO PUBLIC")
        owner.execute(
            "CREATE FUNCTION spy() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN"
            " IF session_user = current_user THEN RETURN true; END IF;"
            " BEGIN EXECUTE 'RESET ROLE'; RETURN false; EXCEPTION WHEN insufficient_privilege THEN NULL; END;"
            " BEGIN EXECUTE 'SET SESSION AUTHORIZATION DEFAULT'; RETURN false; EXCEPTION WHEN insufficient_privilege THEN NULL; END;"
            " BEGIN EXECUTE 'INSERT INTO public.loot VALUES (1, 2)'; RETURN false; EXCEPTION WHEN read_only_sql_transaction OR feature_not_supported THEN NULL; END;"
            " RETURN current_user = 'mallory' AND spacetime.sender() IS NOT NULL; END $$"
        )
        owner.execute("CREATE POLICY spy ON trap.account AS RESTRICTIVE FOR SELECT USING (public.spy())")
        subscription = self.subscribe("SELECT * FROM trap.account", client)
        self.messages(subscription, 0, 1)
        owner.execute("SELECT trap.transfer(0, 1, 10)")
        subscription.wait_for(self.accounts("trap"))

    def test_tables_that_become_views(self):
        """A view in a table's place would run its owner's functions as a superuser who subscribed to the table."""
        superuser = self.connect()
        superuser.execute("CREATE ROLE crook LOGIN IN ROLE spacetime_admin; GRANT CREATE ON DATABASE postgres TO crook")
        owner = self.connect(user="crook")
        superuser.execute(
            "CREATE FUNCTION wasm() RETURNS bytea LANGUAGE sql SECURITY DEFINER AS"
            " $$ SELECT pg_read_binary_file('test_modules/bank.wasm') $$"
        )
        owner.execute("SELECT publish_module('crooked', wasm())")
        owner.execute("SELECT crooked.seed(2, 10)")
        subscription = self.subscribe("SELECT * FROM crooked.account")
        owner.execute(
            "CREATE FUNCTION crooked.spy() RETURNS boolean LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE LOG 'spied by %', current_user; RETURN true; END $$;"
            "ALTER TABLE crooked.account RENAME TO taken;"
            "CREATE VIEW crooked.account AS SELECT * FROM crooked.taken WHERE crooked.spy();"
            "GRANT SELECT ON crooked.account TO PUBLIC"
        )
        self.assertEqual(subscription.wait_end().sqlstate, "55000")
        self.assertNotIn("spied by postgres", self.cluster.log_text())
        self.assert_sqlstate("55000", superuser, "SELECT spacetime.subscribe('SELECT * FROM crooked.account')")
        self.assertNotIn("spied", self.cluster.log_text())

    def test_a_policy_that_never_ends(self):
        owner = self.bank("endless", accounts=2)
        client, other = self.client("patience"), self.subscribe("SELECT * FROM endless.account")
        owner.execute("CREATE TABLE stalls (yes boolean); GRANT SELECT ON stalls TO PUBLIC")
        owner.execute(
            "CREATE POLICY stalls ON endless.account AS RESTRICTIVE FOR SELECT"
            " USING (CASE WHEN EXISTS (SELECT FROM public.stalls) THEN pg_sleep(100) IS NOT NULL ELSE true END)"
        )
        subscription = self.subscribe("SELECT * FROM endless.account", client)
        owner.execute("INSERT INTO stalls VALUES (true)")
        self.assertEqual(subscription.wait_end().sqlstate, "57014")
        owner.execute("SELECT endless.transfer(0, 1, 10)")
        other.wait_for(self.accounts("endless"))

    def test_a_policy_that_fails(self):
        """Its subscription ends; nobody else notices."""
        owner = self.bank("failing", accounts=2)
        client, other = self.client("unlucky"), self.subscribe("SELECT * FROM failing.account")
        owner.execute("CREATE TABLE breaks (yes boolean); GRANT SELECT ON breaks TO PUBLIC")
        owner.execute(
            "CREATE POLICY breaks ON failing.account AS RESTRICTIVE FOR SELECT"
            " USING (1 / (SELECT 1 - count(*) FROM public.breaks) > 0)"
        )
        subscription = self.subscribe("SELECT * FROM failing.account", client)
        self.assertEqual(len(subscription.rows), 2)
        owner.execute("INSERT INTO breaks VALUES (true)")
        owner.execute("SELECT failing.transfer(0, 1, 10)")
        self.assertEqual(subscription.wait_end().sqlstate, "22012")
        other.wait_for(self.accounts("failing"))
