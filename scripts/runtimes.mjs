// Runs the unit tests of the strategy on Bun and Deno, which come from npm: `npm run test:runtimes`, or
// `npm run test:runtimes -- bun`.
import { execSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// The rest of test/unit stays on Node: its child processes are started with Node's --require and IPC, to tell sockets,
// warnings and exits apart; the sandbox and its command are made for a developer's Node.
const FILES = [
  'errors',
  'fastify',
  'hooks',
  'options',
  'outcome',
  'profile',
  'state/cookie-store',
  'strategy',
]
  .concat(['throwing-hooks', 'token', 'verify'])
  .map((name) => `test/unit/${name}.test.ts`);

/** Each with the tests that can't run there. */
const RUNTIMES = {
  bun: {
    command: ['bun'],
    skip: [
      'in an error of nock', // nock does not intercept https there
      'after a callback', // nock, too
      'of a scope with half a character', // Bun's querystring sends a replacement character, and does not throw
      'if the app state is none that can be kept', // expects the words of V8's JSON.stringify
    ],
  },
  deno: {
    command: ['deno', 'run', '--allow-all', '--no-lock', '--node-modules-dir=manual'],
    skip: [
      // Its mock timers fire mocha's own timeout with the others.
      'that never calls back',
      'if it has not called back after a minute',
    ],
  },
};

const root = join(import.meta.dirname, '..');
const folder = join(root, 'node_modules/.cache/runtimes');
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{ "private": true }');

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(RUNTIMES)) {
  // A shell, which Windows needs to find npm.
  execSync(`npm install --no-save --no-package-lock ${Object.keys(RUNTIMES).join(' ')}`, { cwd: folder });
  const { command, skip } = RUNTIMES[name];
  const [binary, ...flags] = command;
  const path = join(folder, 'node_modules/.bin', binary);
  console.log(`\n${name} ${execSync(`${path} --version`, { encoding: 'utf8' })}`);
  const options = ['--reporter', 'dot', '--grep', skip.join('|'), '--invert'];
  const { status } = spawnSync(path, [...flags, mocha, ...options, ...FILES], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}
