"""Base of the end-to-end tests: a cluster with the extension per class, and connections that close themselves."""

import unittest

import psycopg

from harness.cluster import Cluster


class ClusterTestCase(unittest.TestCase):
    """Each subclass gets a server of its own, which it may kill."""

    # What the server is started with, as in postgresql.conf; for subclasses to say.
    settings: dict = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = cls.enterClassContext(Cluster(settings=cls.settings))
        cls.cluster.psql("CREATE EXTENSION spacetime")

    def connect(self, user=None, autocommit=True, **options) -> psycopg.Connection:
        """A session of its own, closed after the test even if the test or the server broke it."""
        where = self.cluster.connection()
        connection = psycopg.connect(
            host=where["PGHOST"], port=where["PGPORT"], user=user or where["PGUSER"], dbname=where["PGDATABASE"],
            autocommit=autocommit, **options,
        )
        self.addCleanup(connection.close)
        return connection

    def publish(self, connection: psycopg.Connection, module: str, name: str | None = None):
        """Publishes modules/build/<module>.wasm, under its own name unless told another."""
        connection.execute(
            "SELECT publish_module(%s, pg_read_binary_file(%s))", (name or module, f"test_modules/{module}.wasm")
        )

    def assert_sqlstate(self, sqlstate: str, connection: psycopg.Connection, sql: str, parameters=None) -> psycopg.Error:
        """The statement must fail with this SQLSTATE; gives the error, for its detail and hint."""
        with self.assertRaises(psycopg.Error) as raised:
            connection.execute(sql, parameters)
        self.assertEqual(raised.exception.sqlstate, sqlstate, raised.exception)
        return raised.exception
