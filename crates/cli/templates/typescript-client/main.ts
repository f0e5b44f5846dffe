// Needs src/module_bindings, which `npm run generate` makes of the published module.
import { DbConnection } from './module_bindings';

DbConnection.builder()
  .withUri(process.env.SPACETIME_URI ?? 'ws://127.0.0.1:3000')
  .withDatabaseName('{name}')
  .onConnect((connection, identity) => {
    console.log('connected as', identity.toHexString());
    connection.subscriptionBuilder()
      .onApplied(() => console.log('all tables are here and stay up to date'))
      .subscribeToAllTables();
  })
  .onConnectError((_context, error) => console.error('cannot connect:', error))
  .build();
