// Mutation testing: `npm run test:mutation`, or `npm run test:mutation -- lib/callback.ts` for some of it. Changes each
// file of lib/ in one place after another, and runs the tests that reach the place, the file's own ones first. What
// none of them notices is printed, and counted; test/mutation.md says why none can. StrykerJS comes from npm here, not
// by package.json: its runner wants an older mocha than ours, which it finds beside itself.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import install from './install.cjs';

const root = join(import.meta.dirname, '..');
const packages = ['@stryker-mutator/core@9', '@stryker-mutator/mocha-runner@9', 'mocha@11'];
const modules = install('mutation', ...packages);
const settings = join(modules, '../config.json');
const hooks = join(modules, '../hooks.cjs');
// Stryker takes mocha's timeout away, and would wait for minutes for a login that a change lets hang.
writeFileSync(hooks, 'exports.mochaHooks = { beforeEach() { this.currentTest.timeout(5000); } };');
// Nothing happens in index.ts; of the command, each run takes a process of its own.
const NONE = ['lib/index.ts', 'lib/dribbble-sandbox.ts'];
const files = readdirSync(join(root, 'lib'), { recursive: true })
  .map((name) => `lib/${name}`.replace(/\\/g, '/'))
  .filter((name) => name.endsWith('.ts') && !NONE.includes(name));

/** Which tests reach lib/ in their own process, by folder of lib/. */
const TESTS = {
  lib: [
    'test/unit/*.test.ts',
    'test/unit/state/*.test.ts',
    'test/unit/http/connections.test.ts',
    'test/faults/*.test.ts',
  ],
  'lib/http': ['test/unit/http/*.test.ts', 'test/faults/*.test.ts'],
  'lib/state': ['test/unit/state/*.test.ts', 'test/unit/*.test.ts'],
  'lib/sandbox': ['test/unit/sandbox/*.test.ts'],
};
/** Not these: they run a child process, which knows no mutant, or thousands of logins. */
const NOT = ['dribbble-sandbox', 'properties', 'state/model', 'http/process'];

/** Of the changes to a file, how many there were and how many a test noticed. */
function measure(file) {
  const own = file.replace(/^lib/, 'test/unit').replace(/ts$/, 'test.ts');
  const report = join(modules, '../reports', `${file}.json`);
  const config = {
    mutate: [file],
    plugins: ['@stryker-mutator/mocha-runner'],
    testRunner: 'mocha',
    mochaOptions: {
      'no-config': true,
      require: ['./test/support/register.cjs', hooks],
      spec: [own, ...TESTS[dirname(file)]],
      ignore: NOT.map((name) => `test/unit/${name}.test.ts`),
    },
    coverageAnalysis: 'perTest',
    ignorePatterns: ['bench', 'docs', 'example', 'release', 'test/frameworks', 'test/package'],
    reporters: ['clear-text', 'json'],
    jsonReporter: { fileName: report },
    clearTextReporter: { allowColor: false, reportTests: false, reportScoreTable: false },
    // Not in node_modules: tsx leads no name there to lib/.
    tempDirName: '.stryker-tmp',
  };
  writeFileSync(settings, JSON.stringify(config, null, 2));
  const stryker = join(modules, '@stryker-mutator/core/bin/stryker.js');
  const run = () =>
    spawnSync(process.execPath, [stryker, 'run', settings], { cwd: root, stdio: 'inherit' }).status;
  // A test that fails by chance before anything was changed would end the run of all files.
  if (run() !== 0 && run() !== 0) process.exit(1);
  const mutants = Object.values(JSON.parse(readFileSync(report, 'utf8')).files).flatMap((it) => it.mutants);
  const count = (...kinds) => mutants.filter((mutant) => kinds.includes(mutant.status)).length;
  const detected = count('Killed', 'Timeout');
  return { detected, made: detected + count('Survived', 'NoCoverage') };
}

/** @param least per cent, below which the run fails */
function print(name, counts, least = 0) {
  const detected = counts.reduce((sum, count) => sum + count.detected, 0);
  const made = counts.reduce((sum, count) => sum + count.made, 0);
  const share = (100 * detected) / made;
  console.log(`${share.toFixed(1)} % of ${made}: ${name}${share < least ? `, less than ${least} %` : ''}`);
  if (share < least) process.exitCode = 1;
}

const asked = process.argv.slice(2);
const counts = new Map((asked.length > 0 ? asked : files).map((file) => [file, measure(file)]));
for (const [file, count] of counts) print(file, [count]);
const isSandbox = ([file]) => file.startsWith('lib/sandbox/');
const without = [...counts].filter((entry) => !isSandbox(entry)).map(([, count]) => count);
const isWhole = asked.length === 0;
if (without.length > 0) print('without the sandbox', without, isWhole ? 95 : 0);
print('all', [...counts.values()], isWhole ? 90 : 0);
