// Procedures with spacetimedb 2.x: `node procedures.mjs <package> <uri>`.
import assert from 'node:assert';
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};
const { WebSocket } = await import('undici');
globalThis.WebSocket ??= WebSocket;
const [name, uri] = process.argv.slice(2);
const { DbConnectionBuilder, DbConnectionImpl, schema, table, t, reducers, procedures, procedureSchema } = await import(name);

const entry = table({ name: 'entry', indexes: [{ accessor: 'id', name: 'entry_id_idx_btree', algorithm: 'btree', columns: ['id'] }], constraints: [] },
  t.row({ id: t.u64().primaryKey(), text: t.string(), at: t.timestamp(), sender: t.identity() }));
const tables = schema({ entry });
const remote = {
  versionInfo: { cliVersion: '2.0.0' },
  tables: tables.schemaType.tables,
  reducers: reducers().reducersType.reducers,
  ...procedures(
    procedureSchema('add', { a: t.u32(), b: t.u32() }, t.u32()),
    procedureSchema('record', { text: t.string() }, t.u64()),
    procedureSchema('record_then_panic', { committed: t.string(), lost: t.string() }, t.u64()),
  ),
};

const connection = await new Promise((resolve, reject) => {
  new DbConnectionBuilder(remote, config => new DbConnectionImpl(config)).withUri(uri).withDatabaseName('procedures')
    .onConnect(resolve)
    .onConnectError((_, error) => reject(error))
    .build();
});
await new Promise((resolve, reject) => {
  connection.subscriptionBuilder().onApplied(resolve).onError((_, error) => reject(error)).subscribe(['SELECT * FROM entry']);
});
const texts = () => [...connection.db.entry.iter()].map(row => row.text).sort();

assert.equal(await connection.procedures.add({ a: 2, b: 3 }), 5);
// Both at once.
const ids = await Promise.all(['one', 'two'].map(text => connection.procedures.record({ text })));
assert.deepEqual(ids.sort(), [1n, 2n]);
// A result comes after the rows that were written for it.
assert.deepEqual(texts(), ['one', 'two']);
await assert.rejects(connection.procedures.recordThenPanic({ committed: 'kept', lost: 'lost' }), /fatal error/);
assert.deepEqual(texts(), ['kept', 'one', 'two']);
connection.disconnect();
console.log('> done');
process.exit(0);
