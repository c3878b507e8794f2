// Puts this package and others from npm, or any app, through the faults of test/faults/table.ts. README.md says how it counts.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { judge, logIn, Provider, type Seen } from '../test/faults/login';
import { FAULTS, SECRETS, type Fault } from '../test/faults/table';
import { Visitor } from '../test/support/app';
import installRuntime = require('../scripts/install-runtime.cjs');
import type { Report } from './app';

/** Milliseconds after which a login without a page hangs: an app's own timeout may be ten seconds. */
const PATIENCE = { compared: 6000, app: 30_000 };
/** Milliseconds in which another outcome, or a crash, may still come: the timeout in app.ts, and a little more. */
const AFTERMATH = 1200;
const HEADS = {
  right: 'right',
  crash: 'crashes',
  hang: 'hangs',
  'wrong login': 'wrong logins',
  'wrong response': 'wrong responses',
};
const COLUMNS = Object.keys(HEADS);
interface Runtime {
  path: string;
  flags: string[];
}
type Verdict = [column: keyof typeof HEADS, why?: string];

const { values: flags } = parseArgs({
  options: {
    app: { type: 'string' },
    port: { type: 'string', default: '4600' },
    only: { type: 'string', multiple: true, default: [''] },
    runtimes: { type: 'boolean' },
    verbose: { type: 'boolean' },
  },
});
const wanted = FAULTS.filter(({ id }) => flags.only.some((prefix) => id.startsWith(prefix)));
void (flags.app === undefined ? compare() : tryApp(flags.app, Number(flags.port)));

interface Contestant {
  what: string;
  name: string;
  runtime: Runtime;
  faults: Fault[];
}

async function compare(): Promise<void> {
  const { OURS, STRATEGIES } = await import('../bench/strategies.mjs');
  const { SYSTEMS } = await import('../bench/systems.mjs');
  const node: Runtime = { path: process.execPath, flags: [] };
  const others = wanted.filter(({ only }) => only !== 'Passport');
  const contestants: Contestant[] = [
    ...STRATEGIES.map((name) => ({ name, faults: wanted })),
    ...Object.keys(SYSTEMS).map((name) => ({ name, faults: others })),
  ].map((each) => ({ ...each, what: `${each.name} ${versionOf(each.name)}`, runtime: node }));
  if (flags.runtimes) {
    for (const runtime of ['bun', 'deno']) {
      const installed = installRuntime(runtime);
      const what = `${OURS} on ${runtime} ${installed.version}`;
      contestants.push({ what, name: OURS, runtime: installed, faults: wanted });
    }
  }
  const rows = await Promise.all(
    contestants.map(async (each, index) => {
      // Each begins elsewhere, so that the floods of all do not meet.
      const first = Math.round((index / contestants.length) * each.faults.length);
      const faults = [...each.faults.slice(first), ...each.faults.slice(0, first)];
      return { ...each, faults, verdicts: await tryOut({ ...each, faults }) };
    }),
  );
  for (const { what, name, faults, verdicts } of rows) {
    if (flags.verbose || name === OURS)
      verdicts.forEach((verdict, at) => {
        const fault = faults[at];
        if (fault && verdict[0] !== 'right') print(what, fault, verdict);
      });
  }
  printTable(rows.map(({ what, verdicts }) => [what, verdicts]));
}

function versionOf(name: string): string {
  const folder = name === 'passport-dribbble-oauth2' ? '..' : `../bench/node_modules/${name}`;
  const file = join(__dirname, folder, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** All faults, in a process of its own: a new one after a crash, or a login that hangs. */
async function tryOut({ name, runtime, faults }: Contestant): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let child = start(name, runtime);
  for (const fault of faults) {
    const provider = await Provider.start();
    const verdict = await Promise.race([child.crash, verdictOf(fault, child.process, provider)]);
    await provider.stop();
    verdicts.push(verdict);
    if (verdict[0] !== 'crash' && verdict[0] !== 'hang') continue;
    child.process.kill();
    child = start(name, runtime);
  }
  child.process.kill();
  return verdicts;
}

function start(name: string, { path, flags: execArgv }: Runtime) {
  const child = fork(join(__dirname, 'app.cjs'), [name], {
    execPath: path,
    execArgv,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
  const crash = once(child, 'exit').then((): Verdict => [
    'crash',
    /^(?:\w*Error|UnhandledPromiseRejection): .*$/m.exec(said)?.[0] ?? said,
  ]);
  return { process: child, crash };
}

async function verdictOf(fault: Fault, child: ChildProcess, provider: Provider): Promise<Verdict> {
  child.send({ id: fault.id, endpoints: provider.arrange(fault) });
  const [signIn] = (await once(child, 'message')) as [string];
  const seen = await logIn(fault, signIn, provider, PATIENCE.compared);
  await delay(AFTERMATH);
  if (seen.kind === 'hangs' || seen.kind === 'breaks off') return count(fault, seen);
  child.send('report');
  const [report] = (await once(child, 'message')) as [Report];
  const { loginsBefore = 0, usesBefore = 0 } = fault.arrange;
  const outcomes = report.outcomes.slice(loginsBefore);
  const isSignedIn = outcomes.slice(usesBefore).includes('user');
  if (isSignedIn && fault.expected.outcome !== 'signed in') return ['wrong login'];
  const verdict = count(fault, seen);
  if (verdict[0] !== 'right') return verdict;
  if (outcomes.length > 1 + usesBefore) return ['wrong response', outcomes.join(', ')];
  return report.flaw === undefined ? ['right'] : ['wrong response', report.flaw];
}

function count(fault: Fault, seen: Seen): Verdict {
  const flaw = judge(fault, seen);
  if (flaw === undefined) return ['right'];
  if (seen.kind === 'hangs') return ['hang'];
  if (seen.kind === 'breaks off') return ['crash', flaw];
  if (seen.kind === 'signed in') return ['wrong login'];
  const said = seen.page?.body.replace(/\s+/g, ' ').slice(0, 100) ?? '';
  return ['wrong response', `${flaw}: ${String(seen.page?.status)} ${said}`];
}

/** Any app that is pointed at the provider printed here, and that shows the person's name to whoever is signed in. */
async function tryApp(signIn: string, port: number): Promise<void> {
  const provider = await Provider.start(port);
  const { endpoints } = provider.dribbble;
  console.log(
    'Start the app with these settings of its provider; the comparison begins when its button leads there.\n',
  );
  for (const [name, value] of Object.entries({
    ...endpoints,
    'client ID': 'any',
    'client secret': SECRETS.clientSecret,
  }))
    console.log(`${name}: ${value}`);
  console.log();
  while (!(await leadsTo(endpoints.authorizationURL, signIn))) await delay(500);

  const verdicts: Verdict[] = [];
  for (const fault of wanted.filter(({ only, arrange }) => !only && !arrange.address)) {
    provider.arrange(fault);
    const verdict = await logIn(fault, signIn, provider, PATIENCE.app).then(
      (seen) => count(fault, seen),
      (error: unknown): Verdict => ['crash', String(error)],
    );
    if (verdict[0] !== 'right') print(signIn, fault, verdict);
    verdicts.push(verdict);
  }
  printTable([[signIn, verdicts]]);
  if (verdicts.some(([column]) => column !== 'right')) process.exitCode = 1;
  await provider.stop();
}

async function leadsTo(authorizationURL: string, signIn: string): Promise<boolean> {
  return new Visitor(signIn, authorizationURL).begin().then(
    () => true,
    () => false,
  );
}

function print(name: string, { id, happens, right }: Fault, [column, why]: Verdict): void {
  console.log(`${name}: ${column}${why ? ` (${why})` : ''}, ${id}: ${happens}\n  Right: ${right}`);
}

function printTable(rows: [what: string, verdicts: Verdict[]][]): void {
  console.log(`\n| | ${Object.values(HEADS).join(' | ')} |`);
  console.log(`| --- |${COLUMNS.map(() => ' ---: |').join('')}`);
  for (const [what, verdicts] of rows) {
    const [right, ...others] = COLUMNS.map(
      (column) => verdicts.filter((verdict) => verdict[0] === column).length,
    );
    console.log(`| ${[what, `${String(right)} of ${String(verdicts.length)}`, ...others].join(' | ')} |`);
  }
  console.log(`\nNode ${process.version}, ${new Date().toISOString().slice(0, 10)}`);
}
