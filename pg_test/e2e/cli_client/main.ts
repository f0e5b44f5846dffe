// A client of the module that `spacetime init` makes, written as its users write one: `tsx main.ts <uri> <module>`.
import { WebSocket } from 'undici';
import { DbConnection, tables, type Person } from './bindings/hello';

// Node 20 lacks what browsers and Node 22 have.
Object.assign(globalThis, { WebSocket: globalThis.WebSocket ?? WebSocket });
Promise.withResolvers ??= function withResolvers<T>() {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
};

const [uri, module] = process.argv.slice(2);
const connection = await new Promise<DbConnection>((resolve, reject) => {
  DbConnection.builder()
    .withUri(uri)
    .withDatabaseName(module)
    .onConnect(connected => resolve(connected))
    .onConnectError((_context, error) => reject(error))
    .build();
});
const inserted: string[] = [];
connection.db.person.onInsert((_context, person: Person) => inserted.push(person.name));
await new Promise<void>(resolve => {
  connection.subscriptionBuilder()
    .onApplied(() => resolve())
    .subscribe(tables.person.where(row => row.name.ne('nobody')));
});
await connection.reducers.add({ name: 'Grace' });
const refusal = await connection.reducers.add({ name: '' }).then(() => 'accepted', error => error.message);
const grace = [...connection.db.person.iter()].find(person => person.name === 'Grace');
console.log(JSON.stringify({
  inserted, refusal, found: grace && connection.db.person.id.find(grace.id)?.name,
}));
process.exit(0);
