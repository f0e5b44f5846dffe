// @clockworklabs/spacetimedb-sdk 1.0 and 1.3: `node v1.mjs <package> <uri>`.
const { WebSocket } = await import('undici');
globalThis.WebSocket ??= WebSocket;
const { run } = await import('./scenario.mjs');
const [name, uri] = process.argv.slice(2);
const { AlgebraicType, ProductTypeElement, DbConnectionBuilder, BinaryWriter, Identity } = await import(name);

const product = fields => AlgebraicType.createProductType(
  Object.entries(fields).map(([name, type]) => new ProductTypeElement(name, type)));
const string = AlgebraicType.createStringType();
const identity = AlgebraicType.createIdentityType();
const user = product({ id: identity, name: AlgebraicType.createOptionType(string) });
const message = product({
  id: AlgebraicType.createU64Type(), sender: identity, receiver: identity, content: string,
  timestamp: AlgebraicType.createTimestampType(),
});
const tableOf = (tableName, rowType, colType) =>
  ({ tableName, rowType, primaryKey: 'id', primaryKeyInfo: { colName: 'id', colType } });
const parameters = {
  register_user: product({ name: string }),
  set_name: product({ name: string }),
  send_message: product({ to: identity, content: string }),
};
const remote = {
  versionInfo: { cliVersion: '1.3.0' },
  tables: { user: tableOf('user', user, identity), message: tableOf('message', message, AlgebraicType.createU64Type()) },
  reducers: Object.fromEntries(
    Object.entries(parameters).map(([reducerName, argsType]) => [reducerName, { reducerName, argsType }])),
  eventContextConstructor: (imp, event) => ({ imp, event }),
  dbViewConstructor: () => ({}),
  reducersConstructor: () => ({}),
  setReducerFlagsConstructor: () => ({}),
};

function connect(token) {
  return new Promise((resolve, reject) => {
    new DbConnectionBuilder(remote, imp => imp).withUri(uri).withModuleName('chat').withToken(token)
      .onConnect((connection, own, given) => resolve(client(connection, own.toHexString(), given)))
      .onConnectError((_, error) => reject(error))
      .build();
  });
}

function client(connection, own, token) {
  const seen = [];
  const table = name => connection.clientCache.getOrCreateTable(remote.tables[name]);
  table('user').onUpdate((_, old, now) => seen.push(`update user ${old.name} ${now.name}`));
  table('message');
  const waiting = {};
  for (const reducer of Object.keys(parameters)) {
    connection.onReducer(reducer, context => {
      if (context.event.callerIdentity.toHexString() !== own) return;
      const status = context.event.status;
      waiting[reducer]?.(status.tag === 'Committed' ? 'ok' : status.value);
    });
  }
  return {
    identity: own, token, seen,
    users: () => [...table('user').iter()],
    messages: () => [...table('message').iter()],
    subscribe: queries => new Promise((resolve, reject) => {
      const handle = connection.subscriptionBuilder()
        .onApplied(() => resolve({ unsubscribe: () => new Promise(done => handle.unsubscribeThen(() => done())) }))
        .onError((context, error) => reject(error ?? context?.event))
        .subscribe(queries);
    }),
    call: (reducer, ...args) => new Promise(resolve => {
      waiting[reducer] = resolve;
      const writer = new BinaryWriter(64);
      if (reducer === 'send_message') {
        writer.writeU256(new Identity(args[0]).data);
        writer.writeString(args[1]);
      } else {
        writer.writeString(args[0]);
      }
      connection.callReducer(reducer, writer.getBuffer(), 'FullUpdate');
    }),
    close: () => connection.disconnect(),
  };
}

run(connect).catch(error => { console.error(error); process.exit(1); });
