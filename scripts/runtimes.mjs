// Runs the unit tests of the strategy on Bun and Deno, which come from npm: `npm run test:runtimes`, or
// `npm run test:runtimes -- bun`.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import installRuntime from './install-runtime.cjs';

// The rest of test/unit stays on Node: its child processes are started with Node's --require and IPC, to tell sockets,
// warnings and exits apart; the sandbox and its command are made for a developer's Node.
const FILES = [
  ...['errors', 'hooks', 'oauth2-client', 'options', 'outcome', 'profile', 'state/cookie-store', 'strategy'],
  'verify',
].map((name) => `test/unit/${name}.test.ts`);

/** The tests that can't run there. */
const SKIPPED = {
  bun: [
    'in an error of nock', // nock does not intercept https there
    'after a callback', // nock, too
    'whose fields throw', // Bun does not say whether NODE_DEBUG is set, so they are read
    'of a scope with half a character', // Bun's querystring sends a replacement character, and does not throw
    'if the app state is none that can be kept', // expects the words of V8's JSON.stringify
  ],
  deno: [
    // Its mock timers fire mocha's own timeout with the others.
    'that never calls back',
    'if it has not called back after a minute',
  ],
};

const root = join(import.meta.dirname, '..');
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(SKIPPED)) {
  const { path, flags, version } = installRuntime(name);
  console.log(`\n${name} ${version}`);
  const options = ['--reporter', 'dot', '--grep', SKIPPED[name].join('|'), '--invert'];
  const { status } = spawnSync(path, [...flags, mocha, ...options, ...FILES], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
