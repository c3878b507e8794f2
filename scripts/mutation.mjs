// Mutation testing: `npm run test:mutation`, or `npm run test:mutation -- lib/callback.ts` for some of it. Changes lib/
// in about two thousand places, one after another, and runs the in-process tests that reach the place: what no test
// notices is listed. Takes an hour or two. StrykerJS comes from npm here, not by package.json: its runner wants an
// older mocha than ours, which it finds beside itself.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import install from './install.cjs';

const root = join(import.meta.dirname, '..');
const packages = ['@stryker-mutator/core@9', '@stryker-mutator/mocha-runner@9', 'mocha@11'];
const modules = install('mutation', ...packages);
const asked = process.argv.slice(2);
const config = {
  mutate: asked.length > 0 ? asked : ['lib/**/*.ts', '!lib/dribbble-sandbox.ts'],
  plugins: ['@stryker-mutator/mocha-runner'],
  testRunner: 'mocha',
  mochaOptions: {
    'no-config': true,
    require: ['./test/support/register.cjs'],
    spec: ['test/unit/**/*.test.ts', 'test/faults/**/*.test.ts'],
    // Their subject is a child process, which runs no mutant.
    ignore: [
      'test/unit/debug.test.ts',
      'test/unit/dribbble-sandbox.test.ts',
      'test/unit/http/{agent,connections,environment,proxy}.test.ts',
    ],
  },
  coverageAnalysis: 'perTest',
  // Code that runs once, as a file is loaded: each such mutant would run all tests, for most of the time that all take.
  ignoreStatic: true,
  ignorePatterns: ['bench', 'docs', 'example', 'release', 'test/frameworks', 'test/package'],
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: 'node_modules/.cache/mutation/report.json' },
  clearTextReporter: { allowColor: false, reportTests: false },
  thresholds: { high: 95, low: 95, break: null },
  // Not in node_modules: tsx leads no name there to lib/.
  tempDirName: '.stryker-tmp',
};
const file = join(modules, '../config.json');
writeFileSync(file, JSON.stringify(config, null, 2));
const stryker = join(modules, '@stryker-mutator/core/bin/stryker.js');
const { status } = spawnSync(process.execPath, [stryker, 'run', file], {
  cwd: root,
  stdio: 'inherit',
  // Each mutant runs the random tests that reach it: fewer runs of them.
  env: { FC_RUNS: '60', FC_SEED: '20261124', MODEL_RUNS: '40', ...process.env },
});
process.exitCode = status ?? 1;
