import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';
import { CASES } from './cases.mjs';
import { STRATEGIES } from './strategies.mjs';

// What "rightly" means is written down in README.md beside this file.

const OURS = 'passport-dribbble-oauth2';
/** Milliseconds after which a login that has no answer is a hang. */
const LIMIT = 6000;
const COLUMNS = ['right', 'crash', 'hang', 'wrong login', 'wrong answer'];

const { values: flags } = parseArgs({
  options: { check: { type: 'boolean' }, ours: { type: 'boolean' }, verbose: { type: 'boolean' } },
});
const names = flags.ours ? [OURS] : Object.keys(STRATEGIES);
const child = fileURLToPath(new URL('child.mjs', import.meta.url));

/** One case in a process of its own. */
function run(name, index) {
  return new Promise((resolve) => {
    execFile(process.execPath, [child, name, String(index)], { timeout: LIMIT }, (error, stdout, stderr) => {
      if (error?.killed) resolve(['hang']);
      else if (error) resolve(['crash', stderr.split('\n').find((line) => /Error/.test(line)) ?? stderr]);
      else resolve(judge(CASES[index], JSON.parse(stdout)));
    });
  });
}

function judge({ expected }, { answers, requests, strayed }) {
  const [answer] = answers;
  const logins = answers.filter(({ kind }) => kind === 'login');
  if (logins.length > 0 && expected !== 'login') return ['wrong login'];
  if (logins.some(({ isRight }) => !isRight)) return ['wrong answer', 'a garbled name or id'];
  if (answers.length !== 1) return ['wrong answer', `${answers.length} answers`];
  if (strayed > 0) return ['wrong answer', 'followed the redirect'];
  if (answer.leaks) return ['wrong answer', 'a secret in the error'];
  if (answer.kind === 'error' && !answer.isError) return ['wrong answer', 'an error that is no Error'];
  if (['refusal', 'no login'].includes(expected) && requests > 0)
    return ['wrong answer', 'the provider was asked'];
  const fits = {
    refusal: ['failure', 'error'],
    'no login': ['failure', 'error', 'redirect'],
    denial: ['failure'],
  }[expected] ?? [expected];
  return fits.includes(answer.kind) ? ['right'] : ['wrong answer', answer.kind];
}

const jobs = names.flatMap((name) => CASES.map((_, index) => ({ name, index })));
const counts = Object.fromEntries(
  names.map((name) => [name, Object.fromEntries(COLUMNS.map((column) => [column, 0]))]),
);
const queue = [...jobs];
// They mostly wait, so there are more of them than cores.
await Promise.all(
  Array.from({ length: availableParallelism() * 3 }, async () => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      [job.verdict, job.why] = await run(job.name, job.index);
      counts[job.name][job.verdict]++;
    }
  }),
);

const shown = jobs.filter(({ name, verdict }) => verdict !== 'right' && (flags.verbose || name === OURS));
for (const { name, index, verdict, why } of shown) {
  console.log(`${name}: ${CASES[index].name}: ${verdict}${why ? ` (${why})` : ''}`);
}

const require = createRequire(import.meta.url);
const version = (name) =>
  name === OURS
    ? JSON.parse(readFileSync(new URL('../../package.json', import.meta.url))).version
    : require(`${name}/package.json`).version;
console.log(
  `\n| of ${CASES.length} cases | answered rightly | crashes | hangs | wrong logins | wrong answers |`,
);
console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
for (const name of names) {
  console.log(`| ${name} ${version(name)} | ${COLUMNS.map((column) => counts[name][column]).join(' | ')} |`);
}
console.log(`\nNode ${process.version}, ${new Date().toISOString().slice(0, 10)}`);

if (flags.check && counts[OURS].right !== CASES.length) process.exitCode = 1;
