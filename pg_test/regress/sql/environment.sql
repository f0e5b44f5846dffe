-- Environment variables: declared by the module, set by its owner, read by the guest, hidden from everybody else.
CREATE ROLE environment_owner;
CREATE ROLE environment_other;
GRANT CREATE ON DATABASE :"DBNAME" TO environment_owner;
GRANT EXECUTE ON FUNCTION publish_module, spacetime.drop_module TO environment_owner;
SELECT pg_read_binary_file('test_modules/environment.wasm') AS wasm \gset
SET ROLE environment_owner;
SELECT publish_module('environment', :'wasm') ->> 'created' AS created;
SELECT * FROM spacetime.env('environment');

\set VERBOSITY sqlstate
-- A value that is needed and not there is the module's panic.
SELECT environment.read();
SELECT spacetime.set_env('environment', 'API_KEY', 'secret 1');
SELECT environment.read();
SELECT spacetime.set_env('environment', 'MODE', 'in safety');
SELECT environment.read();
-- Present and empty is not absent.
SELECT spacetime.set_env('environment', 'API_KEY', '');
SELECT environment.read_by_name('API_KEY');
SELECT spacetime.set_env('environment', 'MODE', NULL);
SELECT environment.read_by_name('MODE');
SELECT * FROM environment.answer;
SELECT * FROM spacetime.env('environment');

-- Part of the transaction, as anything.
BEGIN;
SELECT spacetime.set_env('environment', 'API_KEY', 'not to stay');
SELECT environment.read();
SELECT text FROM environment.answer WHERE text LIKE 'not%';
ROLLBACK;
SELECT name, value FROM spacetime.env('environment') ORDER BY 1;

-- What does not fit.
SELECT spacetime.set_env('environment', 'MODE', 'slow');
SELECT spacetime.set_env('environment', 'UNKNOWN', 'x');
SELECT spacetime.set_env('environment', 'API_KEY', repeat('x', 8193));
SELECT spacetime.set_env('environment', 'API_KEY', repeat('x', 8192));
SELECT spacetime.set_env('environment', NULL, 'x');
SELECT spacetime.set_env('no-such-module', 'A', 'x');
-- A name that is not declared is the module's mistake.
SELECT environment.read_by_name('UNKNOWN');
SELECT environment.read_by_name('no name');

-- Nobody else reads or sets them, also not those who may call the reducers.
SELECT spacetime.set_env('environment', 'API_KEY', 'secret 2');
RESET ROLE;
GRANT spacetime_client TO environment_other;
SET ROLE environment_other;
SELECT environment.read();
SELECT * FROM spacetime.env('environment');
SELECT spacetime.set_env('environment', 'API_KEY', 'stolen');
SELECT value FROM spacetime._environment;
SET ROLE environment_owner;
SELECT value FROM spacetime._environment;
BEGIN READ ONLY;
SELECT spacetime.set_env('environment', 'API_KEY', 'x');
ROLLBACK;

-- They stay when the module begins afresh, and go with it. They are not dumped.
SELECT publish_module('environment', :'wasm', '{"delete_data": true}') ->> 'version' AS version;
SELECT name, value FROM spacetime.env('environment') ORDER BY 1;
RESET ROLE;
SELECT count(*) FROM spacetime._environment;
SELECT 'spacetime._environment'::regclass = ANY (extconfig) AS is_dumped FROM pg_extension WHERE extname = 'spacetime';
SET ROLE environment_owner;
SELECT spacetime.drop_module('environment');
RESET ROLE;
SELECT count(*) FROM spacetime._environment;
REVOKE ALL ON DATABASE :"DBNAME" FROM environment_owner;
REVOKE ALL ON FUNCTION publish_module, spacetime.drop_module FROM environment_owner;
DROP ROLE environment_owner, environment_other;
