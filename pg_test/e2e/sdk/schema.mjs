// spacetimedb 1.12 and 2.x: `node schema.mjs <package> <1|2> <uri> [scenario]`.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};
const { WebSocket } = await import('undici');
globalThis.WebSocket ??= WebSocket;
const [name, version, uri, scenario = 'scenario'] = process.argv.slice(2);
const { run } = await import(`./${scenario}.mjs`);
const sdk = await import(name);
const { DbConnectionBuilder, DbConnectionImpl, schema, table, t, reducers, reducerSchema, procedures, Identity } = sdk;

const user = table({ name: 'user', indexes: [{ accessor: 'id', name: 'user_id_idx_btree', algorithm: 'btree', columns: ['id'] }], constraints: [] },
  t.row({ id: t.identity().primaryKey(), name: t.option(t.string()) }));
const message = table({ name: 'message', indexes: [{ accessor: 'id', name: 'message_id_idx_btree', algorithm: 'btree', columns: ['id'] }], constraints: [] },
  t.row({ id: t.u64().primaryKey(), sender: t.identity(), receiver: t.identity(), content: t.string(), timestamp: t.timestamp() }));
const tables = version === '1' ? schema(user, message) : schema({ user, message });
const calls = reducers(
  reducerSchema('register_user', { name: t.string() }),
  reducerSchema('set_name', { name: t.string() }),
  reducerSchema('send_message', { to: t.identity(), content: t.string() }),
);
const remote = {
  versionInfo: { cliVersion: version === '1' ? '1.12.0' : '2.0.0' },
  tables: tables.schemaType.tables,
  reducers: calls.reducersType.reducers,
  ...procedures(),
};

const camel = text => text.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

function connect(token) {
  return new Promise((resolve, reject) => {
    const builder = new DbConnectionBuilder(remote, config => new DbConnectionImpl(config)).withUri(uri);
    (builder.withDatabaseName ?? builder.withModuleName).call(builder, 'chat')
      .withToken(token)
      .onConnect((connection, identity, given) => resolve(client(connection, identity.toHexString(), given)))
      .onConnectError((_, error) => reject(error))
      .build();
  });
}

function client(connection, identity, token) {
  const seen = [];
  connection.db.user.onUpdate((_, old, now) => seen.push(`update user ${old.name} ${now.name}`));
  const waiting = {};
  if (version === '1') {
    for (const reducer of ['register_user', 'set_name', 'send_message']) {
      const on = connection.reducers[camel(`on_${reducer}`)];
      on.call(connection.reducers, context => {
        const event = context.event;
        if (event.callerIdentity.toHexString() !== identity) return;
        const status = event.status;
        waiting[reducer]?.(status.tag === 'Committed' ? 'ok' : status.value);
      });
    }
  }
  return {
    identity, token, seen,
    users: () => [...connection.db.user.iter()],
    messages: () => [...connection.db.message.iter()],
    subscribe: queries => new Promise((resolve, reject) => {
      const handle = connection.subscriptionBuilder()
        .onApplied(() => resolve({ unsubscribe: () => new Promise(done => handle.unsubscribeThen(() => done())) }))
        .onError((context, error) => reject(error ?? context?.event))
        .subscribe(queries);
    }),
    call: async (reducer, ...args) => {
      const names = { register_user: ['name'], set_name: ['name'], send_message: ['to', 'content'] }[reducer];
      const given = Object.fromEntries(names.map((name, at) => [name, name === 'to' ? new Identity(args[at]) : args[at]]));
      if (version === '1') {
        return new Promise(resolve => {
          waiting[reducer] = resolve;
          connection.reducers[camel(reducer)](given);
        });
      }
      return connection.reducers[camel(reducer)](given).then(() => 'ok', error => error.message);
    },
    close: () => connection.disconnect(),
  };
}

run(connect).catch(error => { console.error(error); process.exit(1); });
