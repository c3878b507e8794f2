import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';

/*
 * Many logins at once while the provider does not answer, and then as many while it does. The provider, the app
 * and this file's own part are processes of their own; the app's options are the defaults, and it speaks https.
 */

const LOGINS = 2000;
/** Milliseconds beyond the strategy's timeout in which the last login must be answered. */
const GRACE = 2000;
/** MiB by which the heap, after a collection, may be larger than before: V8's own tables stay grown. */
const TOLERANCE = 4;
const TIMEOUT = 10_000;

const [, file, role] = process.argv;
const certificate = fileURLToPath(new URL('../../test/fixtures/self-signed.pem', import.meta.url));
await { provider, app }[role]?.();
if (role === undefined || role === '--check') await measure();

async function measure() {
  const provider = fork(file, ['provider']);
  const [port] = await once(provider, 'message');
  const app = fork(file, ['app'], {
    execArgv: ['--expose-gc'],
    env: { ...process.env, PORT: String(port), NODE_EXTRA_CA_CERTS: certificate },
  });
  app.once('exit', (code) => {
    if (code !== null) throw new Error(`the app died with ${code}`);
  });
  const ask = async (child, question) => {
    child.send(question);
    const [answer] = await once(child, 'message');
    return answer;
  };

  await ask(app, 200); // so that nothing is loaded, compiled or set up later
  const before = await ask(app, 'memory');
  await ask(provider, 'silent');
  const silent = await ask(app, LOGINS);
  const after = await ask(app, 'memory');
  await ask(provider, 'right');
  const right = await ask(app, LOGINS);
  const last = await ask(app, 'memory');
  app.kill();
  provider.kill();

  console.log('| | answers | slowest | heap before | heap after |');
  console.log('| --- | --- | ---: | ---: | ---: |');
  row(`${LOGINS} logins while the provider is silent`, silent, before, after);
  row(`then ${LOGINS} while it answers`, right, after, last);
  console.log(
    `\nNode ${process.version}, ${new Date().toISOString().slice(0, 10)}; heap in use after a collection`,
  );

  const isGood =
    silent.answers?.['error 504'] === LOGINS &&
    silent.slowest <= TIMEOUT + GRACE &&
    after - before <= TOLERANCE &&
    right.answers?.success === LOGINS &&
    last - before <= TOLERANCE;
  if (process.argv.includes('--check') && !isGood) process.exitCode = 1;
}

function row(what, { answers, slowest }, before, after) {
  const said = Object.entries(answers).map(([kind, count]) => `${count} ${kind}`);
  const mib = (bytes) => `${bytes.toFixed(1)} MiB`;
  console.log(`| ${what} | ${said} | ${(slowest / 1000).toFixed(1)} s | ${mib(before)} | ${mib(after)} |`);
}

async function provider() {
  let isSilent = false;
  const pem = readFileSync(certificate);
  const server = https.createServer({ key: pem, cert: pem }, (req, res) => {
    req.resume();
    req.on('end', () => {
      if (isSilent) return;
      res.end(
        req.method === 'POST' ? '{"access_token":"a","token_type":"bearer"}' : '{"id":1,"login":"maya"}',
      );
    });
  });
  process.on('message', (mode) => {
    isSilent = mode === 'silent';
    process.send(mode);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: LOGINS });
  await once(server, 'listening');
  process.send(server.address().port);
}

async function app() {
  const { DribbbleStrategy } = createRequire(import.meta.url)('../../dist/index.js');
  const url = `https://127.0.0.1:${process.env.PORT}`;
  const strategy = new DribbbleStrategy(
    {
      clientID: 'the-client-id',
      clientSecret: 'the-client-secret',
      authorizationURL: `${url}/authorize`,
      tokenURL: `${url}/token`,
      userProfileURL: `${url}/user`,
    },
    async (_accessToken, _refreshToken, profile) => profile,
  );
  process.on('message', async (question) => {
    process.send(await (question === 'memory' ? memory() : logins(strategy, question)));
  });
}

/** MiB of heap in use, when it no longer falls: the last connections take a moment to close. */
async function memory() {
  let lower = Infinity;
  let heap;
  do {
    heap = lower;
    await delay(500);
    globalThis.gc();
    lower = process.memoryUsage().heapUsed / 1024 / 1024;
  } while (lower < heap - 0.1);
  return lower;
}

async function logins(strategy, count) {
  const begun = performance.now();
  const answers = {};
  await Promise.all(
    Array.from({ length: count }, async () => {
      const session = {};
      const redirect = await authenticate(strategy, { session, query: {} });
      const state = new URL(redirect.url).searchParams.get('state');
      const { kind } = await authenticate(strategy, { session, query: { code: 'c', state } });
      answers[kind] = (answers[kind] ?? 0) + 1;
    }),
  );
  return { answers, slowest: performance.now() - begun };
}

/** As passport does it. */
function authenticate(strategy, request) {
  return new Promise((resolve) => {
    const attempt = Object.assign(Object.create(strategy), {
      success: () => resolve({ kind: 'success' }),
      fail: () => resolve({ kind: 'failure' }),
      redirect: (url) => resolve({ url }),
      error: (error) => resolve({ kind: `error ${error.status}` }),
    });
    attempt.authenticate({ headers: {}, connection: {}, url: '/', ...request }, {});
  });
}
