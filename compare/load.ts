// Many logins at once while the provider does not respond, as many while it sends a body without end in chunks of one
// byte, and as many while it does what it should. The provider, the app and this file's own part are processes of their
// own; the app speaks https, and its options are the defaults.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { login } from '../test/support/authenticate';
import { TOKEN, USER } from '../test/support/fake-dribbble';

const LOGINS = 2000;
/** Milliseconds: the strategy's default, and those beyond it that 2,000 TLS handshakes and pages take by themselves. */
const TIMEOUT = 10_000;
const GRACE = 4000;
/** MiB of heap that the app is given. */
const HEAP = 256;
/** MiB by which the heap, after a collection, may be larger than before: V8's own tables stay grown. */
const TOLERANCE = 4;
const CERTIFICATE = join(__dirname, '../test/fixtures/self-signed.pem');

interface Logins {
  outcomes: Record<string, number>;
  /** Milliseconds until the last one ended. */
  slowest: number;
}
interface Row extends Logins {
  what: string;
  /** How each of them should end. */
  expected: string;
  /** MiB. */
  heapBefore: number;
  heapAfter: number;
}

async function measure(): Promise<void> {
  const provider = start('provider');
  const [port] = (await once(provider, 'message')) as [number];
  const env = { PORT: String(port), NODE_EXTRA_CA_CERTS: CERTIFICATE };
  const app = start('app', env, ['--expose-gc', `--max-old-space-size=${String(HEAP)}`]);
  app.once('exit', (code) => {
    if (code !== null) throw new Error(`The app died with ${String(code)}`);
  });
  const ask = async <T>(child: ChildProcess, question: string | number): Promise<T> => {
    child.send(question);
    return ((await once(child, 'message')) as [T])[0];
  };

  await ask(app, 200); // so that nothing is loaded, compiled or set up later
  const before = await ask<number>(app, 'memory');
  const rows: Row[] = [];
  let heapBefore = before;
  for (const [mode, what, expected] of [
    ['silent', 'while the provider is silent', 'error 504'],
    ['dripping', 'while it drips, a byte at a time', 'error 504'],
    ['right', 'while it responds', 'success'],
  ] as const) {
    await ask(provider, mode);
    const logins = await ask<Logins>(app, LOGINS);
    const heapAfter = await ask<number>(app, 'memory');
    rows.push({ what: `${String(LOGINS)} logins ${what}`, expected, ...logins, heapBefore, heapAfter });
    heapBefore = heapAfter;
  }
  app.kill();
  provider.kill();

  console.log('| | outcomes | slowest | heap before | heap after |');
  console.log('| --- | --- | ---: | ---: | ---: |');
  rows.forEach(print);
  console.log(
    `\nNode ${process.version}, ${new Date().toISOString().slice(0, 10)}; heap in use after a collection, of ${String(HEAP)} MiB`,
  );
  const isGood = rows.every(
    ({ outcomes, expected, slowest, heapAfter }) =>
      outcomes[expected] === LOGINS && slowest <= TIMEOUT + GRACE && heapAfter - before <= TOLERANCE,
  );
  if (process.argv.includes('--check') && !isGood) process.exitCode = 1;
}

function start(role: string, env = {}, execArgv: string[] = []): ChildProcess {
  const register = require.resolve('../test/support/register.cjs');
  return fork(__filename, [role], {
    execArgv: ['--require', register, ...execArgv],
    env: { ...process.env, ...env },
  });
}

function print({ what, outcomes, slowest, heapBefore, heapAfter }: Row): void {
  const said = Object.entries(outcomes).map(([kind, count]) => `${String(count)} ${kind}`);
  const [from, to] = [heapBefore, heapAfter].map((mib) => `${mib.toFixed(1)} MiB`);
  console.log(`| ${[what, said.join(', '), `${(slowest / 1000).toFixed(1)} s`, from, to].join(' | ')} |`);
}

async function provide(): Promise<void> {
  let mode = 'right';
  const dripping = new Set<ServerResponse>();
  setInterval(() => {
    for (const res of dripping) res.write(' ');
  }, 100);
  const pem = readFileSync(CERTIFICATE);
  const server = https.createServer({ key: pem, cert: pem }, (req, res) => {
    req.resume().on('end', () => {
      if (mode === 'right') res.end(JSON.stringify(req.method === 'POST' ? TOKEN : USER));
      else if (mode === 'dripping') dripping.add(res);
    });
    res.on('close', () => dripping.delete(res));
  });
  process.on('message', (next: string) => {
    mode = next;
    process.send?.(mode);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: LOGINS });
  await once(server, 'listening');
  process.send?.((server.address() as AddressInfo).port);
}

function serve(): void {
  const url = `https://127.0.0.1:${process.env['PORT'] ?? ''}`;
  const strategy = new DribbbleStrategy(
    {
      clientID: 'the-client-id',
      clientSecret: 'the-client-secret',
      authorizationURL: `${url}/authorize`,
      tokenURL: `${url}/token`,
      userProfileURL: `${url}/user`,
    },
    (_accessToken, _refreshToken, profile) => profile,
  );
  process.on('message', (question: 'memory' | number) => {
    void (question === 'memory' ? memory() : logIn(strategy, question)).then((reply) =>
      process.send?.(reply),
    );
  });
}

/** MiB of heap in use, when it no longer falls: the last connections take a moment to close. */
async function memory(): Promise<number> {
  let lower = Infinity;
  let heap;
  do {
    heap = lower;
    await delay(500);
    (globalThis as unknown as { gc: () => void }).gc();
    lower = process.memoryUsage().heapUsed / 1024 / 1024;
  } while (lower < heap - 0.1);
  return lower;
}

async function logIn(strategy: DribbbleStrategy, count: number): Promise<Logins> {
  const begun = performance.now();
  const outcomes: Logins['outcomes'] = {};
  await Promise.all(
    Array.from({ length: count }, async () => {
      const outcome = await login(strategy);
      const kind = outcome.kind === 'error' ? `error ${String(outcome.error['status'])}` : outcome.kind;
      outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    }),
  );
  return { outcomes, slowest: performance.now() - begun };
}

const role = process.argv[2];
if (role === 'app') serve();
else void (role === 'provider' ? provide() : measure());
