-- Clients that come and go, as a gateway reports them: recorded first, refused by an error, gone in spite of one.
SELECT publish_module('lifecycle', pg_read_binary_file('test_modules/schedules.wasm')) ->> 'created' AS created;
\set alice 'decode(repeat(''a1'', 32), ''hex'')'
\set one 'decode(repeat(''01'', 16), ''hex'')'
\set two 'decode(repeat(''02'', 16), ''hex'')'
\set three 'decode(repeat(''03'', 16), ''hex'')'
\set claims '''{"iss": "https://issuer.example", "sub": "alice"}''::jsonb'
CREATE VIEW clients AS SELECT encode(c.identity, 'hex') = repeat('a1', 32) AS alice, encode(connection_id, 'hex') AS connection, gateway, claims ->> 'sub' AS subject
FROM spacetime._client c JOIN spacetime.modules m ON c.module = decode(m.identity, 'hex') WHERE m.name = 'lifecycle' ORDER BY connection;
CREATE VIEW runs AS SELECT note, is_internal, encode(sender, 'hex') = repeat('a1', 32) AS alice, encode(connection_id, 'hex') AS connection FROM lifecycle.run ORDER BY id;

SELECT spacetime._connect('lifecycle', :alice, :one, 'gateway 1', :claims);
SELECT spacetime._connect('lifecycle', :alice, :two, 'gateway 1', :claims);
SELECT spacetime._connect('lifecycle', :alice, :three, 'gateway 2', :claims);
SELECT * FROM clients;
SELECT * FROM runs;

-- The same connection twice, connection 0, and what is no identity.
\set VERBOSITY sqlstate
SELECT spacetime._connect('lifecycle', :alice, :one, 'gateway 1', :claims);
SELECT spacetime._connect('lifecycle', :alice, decode(repeat('00', 16), 'hex'), 'gateway 1', :claims);
SELECT spacetime._connect('lifecycle', 'a1', :one, 'gateway 1', :claims);
SELECT spacetime._connect('nothing', :alice, :one, 'gateway 1', :claims);

-- client_connected refuses: neither row nor run is left.
SELECT spacetime._disconnect('lifecycle', :alice, :one);
SELECT lifecycle.set_mood('refuse');
SELECT spacetime._connect('lifecycle', :alice, :one, 'gateway 1', :claims);
\set VERBOSITY default
SELECT * FROM clients;
SELECT * FROM runs;

-- client_disconnected traps: what it wrote is undone, the client is gone, the module's log tells.
SELECT lifecycle.set_mood('panic');
SELECT spacetime._disconnect('lifecycle', :alice, :two);
SELECT * FROM clients;
SELECT count(*) FROM runs WHERE note = 'disconnected';
SELECT count(*) FROM spacetime.logs('lifecycle') WHERE message LIKE 'client_disconnected failed; the client is disconnected nevertheless: %';

-- Unknown connections are no error; leftovers of a gateway that crashed go at its next start.
SELECT spacetime._disconnect('lifecycle', :alice, :two);
SELECT lifecycle.set_mood('');
SELECT spacetime._connect('lifecycle', :alice, :one, 'gateway 1', :claims);
SELECT spacetime._disconnect_all('gateway 1'), spacetime._disconnect_all('gateway 1');
SELECT * FROM clients;
SELECT * FROM runs;

-- Nobody's but a gateway's.
CREATE ROLE lifecycle_user;
GRANT USAGE ON SCHEMA lifecycle TO lifecycle_user;
SET ROLE lifecycle_user;
\set VERBOSITY sqlstate
SELECT spacetime._connect('lifecycle', :alice, :one, 'gateway 1', :claims);
SELECT spacetime._disconnect('lifecycle', :alice, :one);
SELECT spacetime._disconnect_all('gateway 2');
SELECT * FROM spacetime._client;
SELECT lifecycle.connected();
\set VERBOSITY default
RESET ROLE;

-- Clients go with their module.
SELECT spacetime.drop_module('lifecycle');
SELECT count(*) FROM clients;
DROP VIEW clients;
DROP ROLE lifecycle_user;
