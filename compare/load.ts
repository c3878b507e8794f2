// Many logins at once while the provider does not respond, and then as many while it does. The provider, the app and
// this file's own part are processes of their own; the app speaks https, and its options are the defaults.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { login } from '../test/support/authenticate';
import { TOKEN, USER } from '../test/support/fake-dribbble';

const LOGINS = 2000;
/** Milliseconds: the strategy's default, and those beyond it in which the last login must have an outcome. */
const TIMEOUT = 10_000;
const GRACE = 2000;
/** MiB by which the heap, after a collection, may be larger than before: V8's own tables stay grown. */
const TOLERANCE = 4;
const CERTIFICATE = join(__dirname, '../test/fixtures/self-signed.pem');

interface Logins {
  outcomes: Record<string, number>;
  slowest: number;
}

async function measure(): Promise<void> {
  const provider = start('provider');
  const [port] = (await once(provider, 'message')) as [number];
  const app = start('app', { PORT: String(port), NODE_EXTRA_CA_CERTS: CERTIFICATE }, ['--expose-gc']);
  app.once('exit', (code) => {
    if (code !== null) throw new Error(`The app died with ${String(code)}`);
  });
  const ask = async <T>(child: ChildProcess, question: string | number): Promise<T> => {
    child.send(question);
    return ((await once(child, 'message')) as [T])[0];
  };

  await ask(app, 200); // so that nothing is loaded, compiled or set up later
  const before = await ask<number>(app, 'memory');
  await ask(provider, 'silent');
  const silent = await ask<Logins>(app, LOGINS);
  const after = await ask<number>(app, 'memory');
  await ask(provider, 'right');
  const right = await ask<Logins>(app, LOGINS);
  const last = await ask<number>(app, 'memory');
  app.kill();
  provider.kill();

  console.log('| | outcomes | slowest | heap before | heap after |');
  console.log('| --- | --- | ---: | ---: | ---: |');
  row(`${String(LOGINS)} logins while the provider is silent`, silent, before, after);
  row(`then ${String(LOGINS)} while it responds`, right, after, last);
  console.log(
    `\nNode ${process.version}, ${new Date().toISOString().slice(0, 10)}; heap in use after a collection`,
  );
  const isGood =
    silent.outcomes['error 504'] === LOGINS &&
    silent.slowest <= TIMEOUT + GRACE &&
    after - before <= TOLERANCE &&
    right.outcomes['success'] === LOGINS &&
    last - before <= TOLERANCE;
  if (process.argv.includes('--check') && !isGood) process.exitCode = 1;
}

function start(role: string, env = {}, execArgv: string[] = []): ChildProcess {
  const register = require.resolve('../test/support/register.cjs');
  return fork(__filename, [role], {
    execArgv: ['--require', register, ...execArgv],
    env: { ...process.env, ...env },
  });
}

function row(what: string, { outcomes, slowest }: Logins, before: number, after: number): void {
  const said = Object.entries(outcomes).map(([kind, count]) => `${String(count)} ${kind}`);
  const [from, to] = [before, after].map((mib) => `${mib.toFixed(1)} MiB`);
  console.log(`| ${[what, said.join(', '), `${(slowest / 1000).toFixed(1)} s`, from, to].join(' | ')} |`);
}

async function provide(): Promise<void> {
  let isSilent = false;
  const pem = readFileSync(CERTIFICATE);
  const server = https.createServer({ key: pem, cert: pem }, (req, res) => {
    req.resume().on('end', () => {
      if (!isSilent) res.end(JSON.stringify(req.method === 'POST' ? TOKEN : USER));
    });
  });
  process.on('message', (mode) => {
    isSilent = mode === 'silent';
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
