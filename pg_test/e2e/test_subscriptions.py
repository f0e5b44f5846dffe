"""Subscriptions over LISTEN and NOTIFY: rows and their changes, in order, as the subscriber may see them."""

import json

import psycopg

from harness.subscription import Subscription
from harness.testcase import ClusterTestCase

ACCOUNTS = "SELECT * FROM {}.account"


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


class ChangesTest(SubscriptionTestCase):
    def test_every_kind_of_write(self):
        writer = self.bank("writes")
        every = self.subscribe("SELECT * FROM writes.account")
        some = self.subscribe("SELECT * FROM writes.account WHERE balance > 1000 AND id <> 3;")
        self.assertEqual((len(every.rows), len(some.rows)), (10, 0))

        def committed(*statements):
            with writer.transaction():
                for statement in statements:
                    writer.execute(statement)
            every.wait_for(self.accounts("writes"))
            some.wait_for(self.accounts("writes", "balance > 1000 AND id <> 3"))
            return every.messages[-1]

        message = committed("SELECT writes.transfer(1, 2, 30)")
        self.assertEqual(message["reducer"], "transfer")
        self.assertEqual(message["sender"], writer.execute("SELECT encode(spacetime.sender(), 'hex')").fetchone()[0])
        self.assertEqual(
            message["changes"][-1]["table"], "account"
        )
        message = committed("INSERT INTO writes.account VALUES (50, 5000), (51, 5)")
        self.assertNotIn("reducer", message)
        self.assertEqual(len(message["changes"]), 2)
        self.assertGreater(int(message["xid"]), 0)
        committed("UPDATE writes.account SET balance = balance + 1 WHERE id >= 50")
        committed("DELETE FROM writes.account WHERE id = 51")
        committed("MERGE INTO writes.account USING (VALUES (50, 1), (70, 2000)) v(id, balance) ON account.id = v.id"
                  " WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.balance)")
        committed("SELECT writes.transfer(1, 2, 30)", "UPDATE writes.account SET balance = 0 WHERE id = 4")
        committed("TRUNCATE writes.account")
        committed("SELECT writes.seed(5, 2000)")

    def test_rollbacks_and_savepoints(self):
        writer = self.bank("saved")
        subscription = self.subscribe("SELECT * FROM saved.account")
        with self.assertRaises(psycopg.Error), writer.transaction():
            writer.execute("SELECT saved.transfer(1, 2, 5)")
            writer.execute("SELECT 1 / 0")
        with writer.transaction():
            writer.execute("SELECT saved.transfer(1, 2, 1)")
            writer.execute("SAVEPOINT a")
            writer.execute("INSERT INTO saved.account VALUES (77, 1)")
            writer.execute("SAVEPOINT b")
            writer.execute("SELECT saved.transfer(1, 2, 4)")
            writer.execute("ROLLBACK TO a")
            writer.execute("SAVEPOINT c")
            writer.execute("INSERT INTO saved.account VALUES (78, 1)")
            writer.execute("RELEASE c")
        message = subscription.next_message()
        self.assertEqual(message["seq"], 1)
        self.assertNotIn(77, [change["row"]["id"] for change in message["changes"]])
        self.assertEqual(subscription.state(), sorted(json.dumps(row, sort_keys=True) for row in self.accounts("saved")))

    def test_order_of_commits(self):
        """Two writers of one row: whoever commits first is told first, whoever began first."""
        self.bank("ordered", options='{"concurrency": "row", "sql_writers": "free"}')
        subscription = self.subscribe("SELECT * FROM ordered.account WHERE id = 1")
        early, late = self.connect(autocommit=False), self.connect()
        early.execute("INSERT INTO ordered.account VALUES (100, 1)")
        for balance in range(20):
            late.execute("UPDATE ordered.account SET balance = %s WHERE id = 1", (balance,))
        early.execute("UPDATE ordered.account SET balance = -1 WHERE id = 1")
        early.commit()
        subscription.wait_for([{"id": 1, "balance": -1}])
        told = [message["changes"][-1]["row"]["balance"] for message in subscription.messages]
        self.assertEqual(told, [*range(20), -1])

    def test_in_the_middle_of_a_transaction(self):
        self.bank("middle", accounts=1)
        for level in ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
            with self.subTest(level):
                self.connect().execute("SELECT middle.seed(1, 1000)")
                session, other = self.connect(), self.connect()
                with session.transaction():
                    session.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
                    session.execute("INSERT INTO middle.account VALUES (10, 1)")
                    # The module's lock is this transaction's: nobody else writes it meanwhile.
                    subscription = self.subscribe("SELECT * FROM middle.account", session)
                    # Its own writes are not committed yet: they come as a change.
                    self.assertEqual(subscription.state(), ['{"balance": 1000, "id": 0}'])
                    session.execute("INSERT INTO middle.account VALUES (11, 1)")
                subscription.wait_for(self.accounts("middle"))
                other.execute("SELECT middle.transfer(0, 10, 5)")
                subscription.wait_for(self.accounts("middle"))
                session.execute("SELECT spacetime.unsubscribe(%s)", (subscription.id,))

    def test_old_snapshots(self):
        """The rows are those of now, whatever the transaction itself still sees."""
        self.bank("old", accounts=1)
        session = self.connect()
        with session.transaction():
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            session.execute("SELECT 1 FROM old.account")
            self.connect().execute("INSERT INTO old.account VALUES (5, 5)")
            subscription = self.subscribe("SELECT * FROM old.account", session)
            self.assertEqual(len(subscription.rows), 2)
            self.connect().execute("INSERT INTO old.account VALUES (6, 6)")
        subscription.wait_for(self.accounts("old"))

    def test_transactions_that_began_before_anybody_subscribed(self):
        self.bank("before", options='{"sql_writers": "free"}')
        writer = self.connect(autocommit=False)
        writer.execute("INSERT INTO before.account VALUES (100, 1)")
        writer.execute("DELETE FROM before.account WHERE id = 3")
        subscription = self.subscribe("SELECT * FROM before.account")
        self.assertEqual(len(subscription.rows), 10)
        self.connect().execute("INSERT INTO before.account VALUES (101, 1)")
        subscription.wait_until(lambda: len(subscription.rows) == 11, lambda: "no insert")
        writer.execute("INSERT INTO before.account VALUES (102, 1)")
        writer.commit()
        subscription.wait_for(self.accounts("before"))

    def test_subscribing_is_undone_with_its_transaction(self):
        self.bank("undone")
        session = self.connect(autocommit=False)
        session.execute("SELECT spacetime.subscribe('SELECT * FROM undone.account')")
        session.rollback()
        count = "SELECT count(*) FROM spacetime.subscriptions WHERE query ~ 'undone'"
        self.assertEqual(session.execute(count).fetchone()[0], 0)
        self.assertEqual(session.execute("SELECT count(*) FROM pg_listening_channels()").fetchone()[0], 0)
        subscription = self.subscribe("SELECT * FROM undone.account", session)
        session.execute("SELECT spacetime.unsubscribe(%s)", (subscription.id,))
        session.rollback()

    def test_ending_it(self):
        writer = self.bank("ended")
        session = self.connect()
        subscription, other = self.subscribe("SELECT * FROM ended.account", session), self.subscribe("SELECT * FROM ended.account")
        session.execute("SELECT spacetime.unsubscribe(%s)", (subscription.id,))
        self.assertEqual(session.execute("SELECT count(*) FROM pg_listening_channels()").fetchone()[0], 0)
        writer.execute("SELECT ended.transfer(1, 2, 5)")
        other.wait_for(self.accounts("ended"))
        subscription.receive()
        self.assertEqual(subscription.messages, [])
        self.assert_sqlstate("55000", session, "SELECT spacetime.unsubscribe(%s)", (subscription.id,))

    def test_joins(self):
        """A row of one table that appears with a row of another, in every order, and in one transaction."""
        writer = self.connect()
        self.publish(writer, "visibility")
        subscription = self.subscribe(
            "SELECT m.* FROM visibility.message m JOIN visibility.membership k ON m.sender = k.who WHERE k.room = 7"
        )
        a, b = "\\x" + "0a" * 32, "\\x" + "0b" * 32

        def committed(*statements):
            with writer.transaction():
                for statement in statements:
                    writer.execute(statement.replace("$a", f"'{a}'").replace("$b", f"'{b}'"))
            expected = writer.execute(
                "SELECT m.id FROM visibility.message m JOIN visibility.membership k ON m.sender = k.who WHERE k.room = 7"
            ).fetchall()
            expected = sorted(id for id, in expected)
            ids = lambda: sorted(json.loads(row)["id"] for row in subscription.state())
            subscription.wait_until(lambda: ids() == expected, lambda: f"{ids()} is not {expected}")

        committed("INSERT INTO visibility.message VALUES (1, $a, $b, 'a'), (2, $b, $a, 'b'), (3, $a, $b, 'c')")
        self.assertEqual(subscription.messages, [])
        committed("INSERT INTO visibility.membership VALUES (1, $a, 7)")
        committed("INSERT INTO visibility.membership VALUES (2, $b, 8), (3, $a, 7)")
        committed("UPDATE visibility.membership SET room = 7 WHERE id = 2", "DELETE FROM visibility.message WHERE id = 1")
        committed("UPDATE visibility.message SET sender = $b")
        committed("DELETE FROM visibility.membership", "INSERT INTO visibility.message VALUES (9, $a, $a, 'x')")
        committed("INSERT INTO visibility.message VALUES (10, $a, $a, 'y')", "INSERT INTO visibility.membership VALUES (5, $a, 7)")
        committed("TRUNCATE visibility.message")

    def test_event_tables(self):
        writer = self.connect()
        self.publish(writer, "events")
        subscription = self.subscribe("SELECT * FROM events.damage WHERE target = 'ogre'")
        self.assertEqual(subscription.state(), [])
        writer.execute("SELECT events.emit('elf')")
        writer.execute("SELECT events.emit('ogre')")
        message = subscription.next_message()
        self.assertEqual(message["reducer"], "emit")
        self.assertEqual({change["op"] for change in message["changes"]}, {"insert"})
        self.assertEqual({change["row"]["target"] for change in message["changes"]}, {"ogre"})

    def test_views(self):
        """What views read can be subscribed to; they themselves cannot, and say so."""
        writer = self.connect()
        self.publish(writer, "views")
        error = self.assert_sqlstate("0A000", writer, "SELECT spacetime.subscribe('SELECT * FROM views.strong_players')")
        self.assertIn("Subscribe to the tables", error.diag.message_hint)

    def test_new_versions(self):
        writer = self.connect()
        writer.execute("SELECT publish_module('stock', pg_read_binary_file('test_modules/evolve_1.wasm'))")
        writer.execute("SELECT stock.add_item('bolt', 5)")
        subscription = self.subscribe("SELECT * FROM stock.item")
        self.assertEqual(len(subscription.rows), 1)
        writer.execute("SELECT publish_module('stock', pg_read_binary_file('test_modules/evolve_1.wasm'))")
        writer.execute("SELECT stock.add_item('nut', 6)")
        subscription.wait_until(lambda: len(subscription.rows) == 2, lambda: "no insert")
        # Other columns: the rows are others.
        writer.execute("SELECT publish_module('stock', pg_read_binary_file('test_modules/evolve_2.wasm'))")
        self.assertEqual(subscription.wait_end().sqlstate, "55000")
        subscription = self.subscribe("SELECT * FROM stock.item")
        writer.execute("SELECT spacetime.drop_module('stock')")
        self.assertEqual(subscription.wait_end().sqlstate, "42704")


class SizesTest(SubscriptionTestCase):
    def test_a_hundred_thousand_rows(self):
        writer = self.bank("large", accounts=0)
        subscription = self.subscribe("SELECT * FROM large.account")
        with writer.cursor().copy("COPY large.account FROM STDIN") as copy:
            for id in range(100_000):
                copy.write_row((id, id))
        subscription.wait_until(lambda: len(subscription.rows) == 100_000, lambda: f"{len(subscription.rows)} rows")
        self.assertEqual(subscription.seq, 1)
        self.assertGreater(subscription.messages[0]["parts"], 100)
        late = self.subscribe("SELECT * FROM large.account")
        self.assertEqual(late.rows, subscription.rows)
        writer.execute("DELETE FROM large.account WHERE id >= 10")
        for subscriber in (subscription, late):
            subscriber.wait_for([{"id": id, "balance": id} for id in range(10)])

    def test_rows_of_a_megabyte(self):
        writer = self.connect()
        self.publish(writer, "visibility")
        subscription = self.subscribe("SELECT * FROM visibility.notice")
        stranger = self.connect()
        stranger.execute("CREATE ROLE stranger; SET ROLE stranger")
        for id in range(3):
            writer.execute("INSERT INTO visibility.notice VALUES (%s, repeat(%s, 1000000))", (id, chr(ord("a") + id)))
        writer.execute("INSERT INTO visibility.notice VALUES (3, 'é\"\\\u0001' || repeat('é', 3400))")
        writer.execute("INSERT INTO visibility.notice VALUES (4, 'small')")
        writer.execute("DELETE FROM visibility.notice WHERE id = 1")
        rows = writer.execute("SELECT to_jsonb(n) FROM visibility.notice n").fetchall()
        subscription.wait_for([row for row, in rows])
        large = [change for message in subscription.messages for change in message["changes"] if "ref" in change]
        self.assertGreaterEqual(len(large), 4)
        fetch = "SELECT spacetime.fetch_change(%s, %s)"
        self.assert_sqlstate("55000", stranger, fetch, (subscription.id, large[0]["ref"]))
        self.assert_sqlstate("55000", subscription.connection, fetch, (subscription.id, 12345))


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


class SessionsTest(SubscriptionTestCase):
    settings = {"spacetime.resume_window_kb": "4"}

    def test_resuming(self):
        writer = self.bank("lost")
        subscription = self.subscribe("SELECT * FROM lost.account")
        writer.execute("SELECT lost.transfer(1, 2, 1)")
        subscription.next_message()
        pid = subscription.connection.info.backend_pid
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
        writer.execute("SELECT lost.transfer(1, 2, 2)")
        subscription.connection = self.connect()
        row = subscription.connection.execute("SELECT spacetime.resume(%s, %s)", (subscription.id, subscription.seq)).fetchone()
        self.assertEqual(row[0], subscription.channel)
        writer.execute("SELECT lost.transfer(1, 2, 4)")
        subscription.wait_for(self.accounts("lost"))
        # Also once the notifier has noticed.
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (subscription.connection.info.backend_pid,))
        writer.execute("SELECT lost.transfer(1, 2, 8)")
        where = "SELECT resumable_from FROM spacetime._subscription WHERE id = %s"
        while writer.execute(where, (subscription.id,)).fetchone()[0] is None:
            pass
        pids = writer.execute("SELECT pid FROM spacetime.subscriptions WHERE id = %s", (subscription.id,)).fetchall()
        self.assertEqual(pids, [(None,)])
        subscription.connection = self.connect()
        subscription.connection.execute("SELECT spacetime.resume(%s, %s)", (subscription.id, subscription.seq))
        writer.execute("SELECT lost.transfer(1, 2, 16)")
        subscription.wait_for(self.accounts("lost"))

    def test_too_late(self):
        writer = self.bank("late")
        subscription = self.subscribe("SELECT * FROM late.account")
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (subscription.connection.info.backend_pid,))
        for _ in range(100):
            writer.execute("SELECT late.transfer(1, 2, 1)")
        where = "SELECT resumable_from FROM spacetime._subscription WHERE id = %s"
        while (writer.execute(where, (subscription.id,)).fetchone()[0] or 0) < 2:
            pass
        error = self.assert_sqlstate("55000", self.connect(), "SELECT spacetime.resume(%s, 0)", (subscription.id,))
        self.assertIn("anew", error.diag.message_hint)
        # A number that was never sent.
        subscription.connection = self.connect()
        subscription.connection.execute("SELECT spacetime.resume(%s, 12345)", (subscription.id,))
        self.assertEqual(subscription.wait_end().sqlstate, "55000")
        self.assert_sqlstate("55000", self.connect(), "SELECT spacetime.resume(%s, 0)", (subscription.id,))
        self.assert_sqlstate("55000", self.connect(), "SELECT spacetime.resume(%s, 0)", (98765,))


class ForgottenTest(SubscriptionTestCase):
    settings = {"spacetime.resume_window_s": "1"}

    def test_sessions_that_stay_away(self):
        writer = self.bank("forgotten")
        subscription = self.subscribe("SELECT * FROM forgotten.account")
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (subscription.connection.info.backend_pid,))
        while writer.execute("SELECT count(*) FROM spacetime.subscriptions").fetchone()[0]:
            pass
        self.assert_sqlstate("55000", self.connect(), "SELECT spacetime.resume(%s, 0)", (subscription.id,))
        # With the last subscription the notifier goes, and nothing is captured any more.
        while writer.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'spacetime notifier'").fetchone()[0]:
            pass
        again = self.subscribe("SELECT * FROM forgotten.account")
        writer.execute("SELECT forgotten.transfer(1, 2, 3)")
        again.wait_for(self.accounts("forgotten"))


class LaggardTest(SubscriptionTestCase):
    # A thousandth of a percent of 8 GB is 80 kB.
    settings = {"spacetime.notify_queue_percent": "0.001"}

    def test_a_session_that_does_not_read(self):
        writer = self.bank("lagging", accounts=0)
        diligent, laggard = self.subscribe(ACCOUNTS.format("lagging")), self.subscribe(ACCOUNTS.format("lagging"))
        laggard.connection.execute("BEGIN")
        rounds = 0
        while laggard.connection.execute("SELECT count(*) FROM spacetime.subscriptions").fetchone()[0] == 2:
            rounds += 1
            start = rounds * 1000
            writer.execute("INSERT INTO lagging.account SELECT i, i FROM generate_series(%s::int, %s::int) i", (start, start + 999))
            diligent.wait_until(lambda: len(diligent.rows) == rounds * 1000, lambda: f"{len(diligent.rows)} rows")
        laggard.connection.execute("COMMIT")
        self.assertEqual(laggard.wait_end().sqlstate, "53400")
        writer.execute("DELETE FROM lagging.account WHERE id > 2000")
        diligent.wait_for(self.accounts("lagging"))


class MemoryTest(SubscriptionTestCase):
    settings = {"spacetime.subscription_memory_mb": "1"}

    def test_too_many_rows(self):
        """Queries with too many rows are refused, and end when they get too many; others go on."""
        writer = self.bank("huge", accounts=20_000)
        error = self.assert_sqlstate("53400", self.connect(), "SELECT spacetime.subscribe('SELECT * FROM huge.account')")
        self.assertIn("spacetime.subscription_memory_mb", error.diag.message_hint)
        small = self.subscribe("SELECT * FROM huge.account WHERE id < 10")
        # Many subscribers share the rows of one query, also if they all come at once.
        grows = "SELECT * FROM huge.account WHERE id >= 15000"
        growing = [self.subscribe(grows) for _ in range(8)]
        writer.execute("SELECT huge.transfer(1, 15000, 1)")
        for subscription in [small, growing[0], growing[-1]]:
            subscription.next_message()
        writer.execute("INSERT INTO huge.account SELECT i, 1 FROM generate_series(20001, 40000) i")
        for subscription in growing:
            self.assertEqual(subscription.wait_end().sqlstate, "53400")
        writer.execute("SELECT huge.transfer(1, 2, 1)")
        small.wait_for(self.accounts("huge", "id < 10"))


class FailuresTest(SubscriptionTestCase):
    def notifier(self, connection):
        row = connection.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'spacetime notifier'").fetchone()
        return row and row[0]

    def check(self, name):
        subscription = self.subscribe(f"SELECT * FROM {name}.account")
        self.connect().execute(f"SELECT {name}.transfer(1, 2, 3)")
        subscription.wait_for(self.accounts(name))
        return subscription

    def test_ends_of_processes(self):
        writer = self.bank("deadly")
        subscription = self.check("deadly")
        # The notifier is told to go: it alone knows what its subscribers hold.
        writer.execute("SELECT pg_terminate_backend(%s, 10000)", (self.notifier(writer),))
        self.assertEqual(subscription.wait_end().sqlstate, "55000")
        self.check("deadly")
        # A crash of a process is one of the server: subscriptions are gone with their sessions.
        for victim in ("notifier", "writer"):
            with self.subTest(victim):
                victim = self.notifier(writer) if victim == "notifier" else self.connect().info.backend_pid
                self.cluster.kill(victim)
                self.wait_for_crash()
                writer = self.connect()
                self.assertEqual(writer.execute("SELECT count(*) FROM spacetime.subscriptions").fetchone()[0], 0)
                self.check("deadly")
        for mode in ("fast", "immediate"):
            with self.subTest(mode):
                self.cluster.restart(mode)
                subscription = self.check("deadly")
                self.assertEqual(subscription.seq, 1)

    def wait_for_crash(self):
        while True:
            try:
                connection = self.connect()
                connection.execute("SELECT FROM pg_stat_activity")
                if "was terminated by signal 9" in self.cluster.log_text() and self.cluster.log_text().count(
                    "all server processes terminated; reinitializing"
                ) > getattr(self, "crashes", 0):
                    self.crashes = getattr(self, "crashes", 0) + 1
                    return
            except psycopg.OperationalError:
                pass


class WithoutPreloadTest(ClusterTestCase):
    settings = {"shared_preload_libraries": "''"}

    def test_it_says_what_to_do(self):
        connection = self.connect()
        self.publish(connection, "bank")
        for call in ("subscribe('SELECT * FROM bank.account')", "resume(1, 0)"):
            error = self.assert_sqlstate("55000", connection, f"SELECT spacetime.{call}")
            self.assertIn("shared_preload_libraries = 'spacetime'", error.diag.message_hint)
