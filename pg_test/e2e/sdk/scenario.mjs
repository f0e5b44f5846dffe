// What every SDK must be able to do with the chat module. The two adapters (v1.mjs, schema.mjs) give it connections of
// one shape: {identity, token, users(), messages(), subscribe(queries), call(reducer, ...args), seen, close()}.
//
// Prints a line for the test when it is the test's turn; ends with status 0 if all went well.

/** Waits until `check` is true; a limit only so that a broken gateway ends the run. */
export async function until(what, check) {
  const end = Date.now() + 30_000;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

const equal = (what, got, wanted) => {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) {
    throw new Error(`${what}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
  }
};

export async function run(connect) {
  const alice = await connect();
  const bob = await connect();
  if (alice.identity === bob.identity) throw new Error('two anonymous clients have one identity');

  const aliceAll = await alice.subscribe(['SELECT * FROM user', 'SELECT * FROM message']);
  await bob.subscribe([`SELECT * FROM user`, `SELECT * FROM message WHERE receiver = 0x${bob.identity}`]);
  equal('rows at the beginning', alice.users().length, 0);

  equal('register_user', await alice.call('register_user', 'Alice'), 'ok');
  equal('register_user', await bob.call('register_user', 'Bob'), 'ok');
  await until('both see both', () => alice.users().length === 2 && bob.users().length === 2);
  equal('names', alice.users().map(user => user.name).sort(), ['Alice', 'Bob']);

  equal('a refusal is the reducer\'s own', await alice.call('register_user', 'Again'),
    'you are registered already; use set_name to change your name');
  equal('set_name', await bob.call('set_name', 'Robert'), 'ok');
  await until('an update of a row with a key', () => alice.seen.some(seen => seen === 'update user Bob Robert'));

  equal('send_message', await alice.call('send_message', bob.identity, 'hello'), 'ok');
  equal('send_message', await bob.call('send_message', alice.identity, 'for Alice only'), 'ok');
  await until('the filtered message', () => bob.messages().length === 1);
  await until('both messages', () => alice.messages().length === 2);
  equal('a filter lets only its rows through', bob.messages().map(message => message.content), ['hello']);

  const refused = await bob.subscribe(['SELECT * FROM nothing']).then(() => 'applied', error => String(error));
  if (!refused.includes('no such table: `nothing`')) throw new Error(`an unknown table: ${refused}`);

  // The test's turn: rows that SQL changes.
  console.log(JSON.stringify({ alice: alice.identity, bob: bob.identity }));
  await until('a row inserted with SQL', () => bob.messages().some(message => message.content === 'from psql'));
  await until('a row deleted with SQL', () => !bob.messages().some(message => message.content === 'hello'));

  const again = await connect(alice.token);
  equal('the identity of a token', again.identity, alice.identity);
  await again.subscribe(['SELECT * FROM user']);
  equal('rows at the beginning of a later client', again.users().map(user => user.name).sort(), ['Alice', 'Robert']);

  await aliceAll.unsubscribe();
  await until('nothing is left after unsubscribing', () => alice.users().length === 0 && alice.messages().length === 0);
  for (const client of [alice, bob, again]) client.close();
  console.log('done');
  process.exit(0);
}
