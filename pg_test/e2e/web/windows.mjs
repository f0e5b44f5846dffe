// Two windows of the chat's web client talk to each other: `node windows.mjs CHROMIUM URL PICTURE`.
//
// Prints a line of JSON when it is the test's turn, goes on when the test has written a line, ends with status 0 if all
// went well. Playwright's `expect` is not in playwright-core; waiting for a locator is the assertion.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [executablePath, url, picture] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'spacetime-web-'));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const windows = [];

/** A browser of its own: nothing is shared with the others, the token least of all. */
async function open(name) {
  const window = await chromium.launchPersistentContext(join(folder, name), {
    executablePath,
    viewport: { width: 900, height: 600 },
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
  windows.push(window);
  const page = window.pages()[0];
  page.setDefaultTimeout(30_000);
  page.on('pageerror', error => console.error(`${name}: ${error.stack}`));
  page.on('console', message => message.type() === 'error' && console.error(`${name}: ${message.text()}`));
  await page.goto(url);
  return page;
}

const seen = (page, selector, hasText) => page.locator(selector, { hasText }).first().waitFor();

async function fill(page, label, text, button) {
  await page.getByLabel(label).fill(text);
  await page.getByRole('button', { name: button, exact: true }).click();
}

async function say(page, text) {
  await page.getByLabel('Message').fill(text);
  await page.getByLabel('Message').press('Enter');
}

/** The test's turn. */
async function ask(turn) {
  console.log(JSON.stringify(turn));
  await lines.next();
}

const storedToken = page => page.evaluate(() => Object.values(localStorage).find(value => value.split('.').length === 3));

const identity = async page => {
  await page.getByText('Account').click();
  return page.getByTitle('Your identity').textContent();
};

async function run() {
  const [alice, bob] = await Promise.all([open('alice'), open('bob')]);

  // A refusal is shown in the reducer's own words.
  await fill(alice, 'Your name', ' ', 'Join');
  await seen(alice, '[role=alert]', 'a name must not be empty');
  await fill(alice, 'Your name', 'Alice', 'Join');
  await fill(bob, 'Your name', 'Bob', 'Join');

  await alice.locator('button.online', { hasText: 'Bob' }).click();
  await bob.locator('button.online', { hasText: 'Alice' }).click();
  await say(alice, 'Hello Bob, are you there?');
  await seen(bob, '.theirs', 'Hello Bob, are you there?');
  await say(bob, 'I am. Each of us is a browser.');
  await seen(alice, '.theirs', 'Each of us is a browser.');
  await say(alice, ' ');
  await seen(alice, '[role=alert]', 'a message must not be empty');

  const who = { alice: await identity(alice), bob: await identity(bob) };
  await ask({ turn: 'insert', ...who });
  await seen(alice, '.mine', 'And I am psql.');
  await seen(bob, '.theirs', 'And I am psql.');

  await fill(bob, 'New name', 'Robert', 'Rename');
  await seen(alice, 'h2', 'Robert');
  await seen(alice, 'button.online', 'Robert');

  await alice.screenshot({ path: picture });

  // Who leaves is offline.
  const bobsToken = await storedToken(bob);
  await bob.context().close();
  await seen(alice, 'button.offline', 'Robert');

  // Logging in: with a token that is none, with Bob's, and at an issuer, which says that this is Alice.
  const other = await open('other');
  await other.getByText('Choose a name to begin.').waitFor();
  await other.getByText('Account').click();
  await fill(other, 'Token', 'secret', 'Use');
  await seen(other, '[role=alert]', 'This is not a token');
  await fill(other, 'Token', bobsToken, 'Use');
  await seen(other, '.me', 'Robert');
  await seen(alice, 'button.online', 'Robert');
  await ask({ turn: 'issue', token: await storedToken(alice) });
  await other.getByText('Account').click();
  await other.getByRole('button', { name: 'Log in' }).click();
  await seen(other, '.me', 'Alice');

  // A token that nobody has signed.
  await other.getByText('Account').click();
  await fill(other, 'Token', `${bobsToken.slice(0, -20)}${'A'.repeat(20)}`, 'Use');
  await seen(other, '.banner.error', 'No connection to');
  // The way out of it is on the same page.
  await other.getByRole('button', { name: 'Be somebody new' }).click();
  await other.getByText('Choose a name to begin.').waitFor();

  await ask({ turn: 'stop' });
  await seen(alice, '.banner', 'Trying again');
  await ask({ turn: 'start' });
  await alice.locator('.banner').waitFor({ state: 'detached' });
  await say(alice, 'Here again.');
  await seen(alice, '.mine', 'Here again.');
}

try {
  await run();
  console.log('done');
} catch (error) {
  console.error(error);
  for (const [at, window] of windows.entries()) {
    if (window.pages().length === 0) continue;
    await window.pages()[0].screenshot({ path: `${picture}.failed-${at}.png` }).catch(() => {});
    console.error(await window.pages()[0].locator('body').innerText().catch(String));
  }
  process.exitCode = 1;
} finally {
  await Promise.allSettled(windows.map(window => window.close()));
  await rm(folder, { recursive: true, force: true });
  process.exit();
}
