// Joins, views and event tables with spacetimedb 2.x: `node subscriptions.mjs <package> <uri>`.
import assert from 'node:assert';
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};
const { WebSocket } = await import('undici');
globalThis.WebSocket ??= WebSocket;
const [name, uri] = process.argv.slice(2);
const { DbConnectionBuilder, DbConnectionImpl, schema, table, t, reducers, reducerSchema, procedures } = await import(name);

const key = name => [{ accessor: 'id', name: `${name}_id_idx_btree`, algorithm: 'btree', columns: ['id'] }];
const player = { id: t.u32().primaryKey(), team: t.u32(), score: t.i32() };
const tables = schema({
  player: table({ name: 'player', indexes: key('player'), constraints: [] }, t.row(player)),
  team: table({ name: 'team', indexes: key('team'), constraints: [] }, t.row({ id: t.u32().primaryKey(), rank: t.u32() })),
  winners: table({ name: 'winners', indexes: [], constraints: [] }, t.row({ id: t.u32(), team: t.u32(), score: t.i32() })),
  my_rooms: table({ name: 'my_rooms', indexes: [], constraints: [] }, t.row({ id: t.u32(), who: t.identity(), room: t.u32() })),
  blow: table({ name: 'blow', indexes: [], constraints: [], event: true }, t.row({ player: t.u32(), force: t.i32() })),
});
const calls = reducers(
  reducerSchema('set_player', { id: t.u32(), team: t.u32(), score: t.i32() }),
  reducerSchema('enter', { id: t.u32(), room: t.u32() }),
  reducerSchema('hit', { player: t.u32(), force: t.i32() }),
);
const remote = {
  versionInfo: { cliVersion: '2.0.0' },
  tables: tables.schemaType.tables,
  reducers: calls.reducersType.reducers,
  ...procedures(),
};

const connect = () => new Promise((resolve, reject) => {
  new DbConnectionBuilder(remote, config => new DbConnectionImpl(config)).withUri(uri).withDatabaseName('subscriptions')
    .onConnect(connection => resolve(connection))
    .onConnectError((_, error) => reject(error))
    .build();
});
const subscribe = (connection, ...queries) => new Promise((resolve, reject) => {
  connection.subscriptionBuilder().onApplied(resolve).onError((context, error) => reject(error ?? context?.event))
    .subscribe(queries);
});
const until = async condition => { while (!condition()) await new Promise(resolve => setTimeout(resolve, 5)); };
const ids = rows => [...rows.iter()].map(row => row.id).sort();

const [one, other] = [await connect(), await connect()];
const blows = [];
one.db.blow.onInsert((_, row) => blows.push(row.force));
await subscribe(one, 'SELECT p.* FROM player p JOIN team t ON p.team = t.id WHERE t.rank = 1', 'SELECT * FROM blow');
await subscribe(one, 'SELECT * FROM winners', 'SELECT * FROM my_rooms');
await subscribe(other, 'SELECT * FROM my_rooms', 'SELECT * FROM team');
assert.deepEqual(ids(one.db.player), [1, 2]);
assert.deepEqual(ids(one.db.winners), [1]);

// A call of one's own, and what its view shows.
await one.reducers.setPlayer({ id: 2, team: 1, score: 5 });
assert.deepEqual(ids(one.db.winners), [1, 2]);
await one.reducers.enter({ id: 1, room: 7 });
assert.deepEqual([...one.db.my_rooms?.iter() ?? one.db.myRooms.iter()].map(row => row.room), [7]);

// Somebody else's events.
await other.reducers.hit({ player: 1, force: 3 });
await until(() => blows.length === 2);
assert.deepEqual(blows, [3, 4]);
assert.equal([...one.db.blow.iter()].length, 0);
assert.equal([...other.db.my_rooms?.iter() ?? other.db.myRooms.iter()].length, 0);

// Plain SQL, once somebody has heard of this line.
console.log('> ready');
await until(() => ids(one.db.player).length === 0);
await until(() => ids(other.db.team).length === 2);
assert.deepEqual(ids(one.db.winners), [1, 2]);
await assert.rejects(subscribe(one, 'SELECT * FROM member'));
one.disconnect();
other.disconnect();
console.log('> done');
process.exit(0);
