"""Subscriptions over LISTEN and NOTIFY: every change arrives, in order."""

import json

import psycopg

from harness.subscription import SubscriptionTestCase


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

    def test_rows_that_ddl_rewrites(self):
        """No trigger sees them."""
        writer = self.bank("rewritten")
        every = self.subscribe("SELECT * FROM rewritten.account")
        rich = self.subscribe("SELECT * FROM rewritten.account WHERE balance > 1500")
        writer.execute("ALTER TABLE rewritten.account ALTER balance TYPE bigint USING balance * 2")
        every.wait_for(self.accounts("rewritten"))
        rich.wait_for(self.accounts("rewritten", "balance > 1500"))
        self.assertEqual(len(rich.rows), 10)
        with writer.transaction(force_rollback=True):
            writer.execute("ALTER TABLE rewritten.account ALTER balance TYPE bigint USING 0")
        writer.execute("DO $$ BEGIN ALTER TABLE rewritten.account ALTER balance TYPE bigint USING id; END $$")
        every.wait_for(self.accounts("rewritten"))
        rich.wait_for([])

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
        # Too large for the log: what is lost is said to be.
        writer.execute("SET spacetime.change_log_transaction_mb = 1")
        writer.execute("SELECT events.emit(repeat('x', 2000000))")
        message = subscription.next_message()
        self.assertEqual((message.get("lost"), message["changes"]), (True, []))
        writer.execute("SELECT events.emit('ogre')")
        self.assertNotIn("lost", subscription.next_message())

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
