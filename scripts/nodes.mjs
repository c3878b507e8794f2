// Runs the unit tests on each Node that the package is for, where a deprecated function of Node's is an error:
// `npm run test:nodes`, or `npm run test:nodes -- 24`.
import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import installNode from './install-node.cjs';

const VERSIONS = ['20', '22', '24', '26'];

const root = join(import.meta.dirname, '..');
const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
const asked = process.argv.slice(2);
const failed = [];
for (const version of asked.length > 0 ? asked : VERSIONS) {
  const node = installNode(version);
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
