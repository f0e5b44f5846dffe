// A client that stays while the test restarts and disturbs the server: its rows must follow, exactly.
import { until } from './scenario.mjs';

// The SDK prints, too.
const say = text => console.log(`> ${text}`);

export async function run(connect) {
  const client = await connect();
  await client.subscribe(['SELECT * FROM user', 'SELECT * FROM message']);
  say(client.identity);
  for await (const line of lines()) {
    const { rows, call } = JSON.parse(line);
    const contents = () => client.messages().map(message => message.content).sort();
    await until(`messages ${rows}, not ${contents()}`, () => JSON.stringify(contents()) === JSON.stringify(rows));
    say(call ? await client.call(...call) : 'seen');
  }
  client.close();
  say('done');
  process.exit(0);
}

async function* lines() {
  const { createInterface } = await import('node:readline');
  yield* createInterface({ input: process.stdin });
}
