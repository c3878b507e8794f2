// 100,000 logins over https, of which one in five goes wrong: what is left of them in memory, sockets and timers. The
// provider is a process of its own. `npm run soak`; `--logins 5000` for fewer.
import { fork, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { Socket, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CookieStateStore, DribbbleStrategy, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { authenticate, expectKind, type FakeRequest } from '../test/support/authenticate';
import { TOKEN, USER } from '../test/support/fake-dribbble';

const CERTIFICATE = join(__dirname, '../test/fixtures/self-signed.pem');
const STEPS = 10;
/** Logins at the same time. */
const AT_ONCE = 16;
/** MiB by which the heap may grow in the second half: the first fills what remembers used states. */
const TOLERANCE = 1;

const FAULTS: ((res: ServerResponse) => unknown)[] = [
  (res) => res.destroy(),
  (res) => res.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'),
  (res) => res.socket?.end('no HTTP'),
  (res) => res.writeHead(500).end('<h1>Oops</h1>'),
  (res) => res.writeHead(401).end('{"error":"invalid_client","message":"Bad credentials."}'),
  (res) => res.writeHead(302, { location: 'https://elsewhere.test/' }).end(),
  (res) => res.end('{}'),
  (res) => res.end('x'.repeat(2 ** 21)),
  // Silence, until the client gives up.
  () => undefined,
];

const [, , role, ...rest] = process.argv;
if (role === 'provider') void provide();
else if (role === 'app') void soak(rest);
else
  start('app', process.argv.slice(2), ['--expose-gc']).once('exit', (code) => (process.exitCode = code ?? 1));

function start(name: string, args: string[] = [], execArgv: string[] = []): ChildProcess {
  return fork(__filename, [name, ...args], {
    execArgv: ['--require', require.resolve('../test/support/register.cjs'), ...execArgv],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: CERTIFICATE },
  });
}

async function provide(): Promise<void> {
  const pem = readFileSync(CERTIFICATE);
  const server = https.createServer({ key: pem, cert: pem }, (req, res) => {
    req.resume().on('end', () => {
      const fault = FAULTS[randomInt(10 * FAULTS.length)];
      if (fault) fault(res);
      else res.end(JSON.stringify(req.method === 'POST' ? TOKEN : USER));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.((server.address() as AddressInfo).port);
}

async function soak(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { logins: { type: 'string', default: '100000' } } });
  const logins = Number(values.logins);
  const provider = start('provider');
  const [port] = (await once(provider, 'message')) as [number];
  const url = `https://127.0.0.1:${String(port)}`;
  const make = (options: Partial<DribbbleStrategyOptions>): DribbbleStrategy =>
    new DribbbleStrategy(
      {
        clientID: 'the-client-id',
        clientSecret: 'the-client-secret',
        authorizationURL: `${url}/authorize`,
        tokenURL: `${url}/token`,
        userProfileURL: `${url}/user`,
        timeout: 500,
        ...options,
      },
      (_accessToken, _refreshToken, profile) => profile,
    );
  const withSession = make({});
  const withCookies = make({ store: new CookieStateStore({ secret: 'x'.repeat(32) }) });

  console.log('| logins | signed in | errors | heap | sockets | timers |');
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: |');
  const outcomes: Record<string, number> = {};
  const heaps: number[] = [];
  for (let step = 1; step <= STEPS; step += 1) {
    let left = logins / STEPS;
    const visitor = async (): Promise<void> => {
      while (left-- > 0) {
        const kind = await logIn(left % 2 ? withSession : withCookies);
        outcomes[kind] = (outcomes[kind] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, visitor));
    await delay(1000); // the last sockets close
    (globalThis as unknown as { gc: () => void }).gc();
    const heap = process.memoryUsage().heapUsed / 1024 / 1024;
    heaps.push(heap);
    const resources = process.getActiveResourcesInfo();
    const count = (name: string): number => resources.filter((resource) => resource === name).length;
    const { success = 0, error = 0 } = outcomes;
    const cells = [(step * logins) / STEPS, success, error, `${heap.toFixed(1)} MiB`];
    console.log(`| ${[...cells, count('TCPSocketWrap'), count('Timeout')].join(' | ')} |`);
  }
  provider.kill();
  console.log(`\nNode ${process.version}, ${new Date().toISOString().slice(0, 10)}`);
  const growth = (heaps.at(-1) ?? 0) - (heaps[STEPS / 2 - 1] ?? 0);
  const isLost = Object.values(outcomes).reduce((sum, count) => sum + count, 0) !== logins;
  process.exit(isLost || growth > TOLERANCE ? 1 : 0);
}

/** Both legs, with a session or with the cookie that the first one set. */
async function logIn(strategy: DribbbleStrategy): Promise<string> {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  const req: FakeRequest = { session: { id: 'the-session' }, res };
  const { url } = expectKind(await authenticate(strategy, req), 'redirect');
  const cookie = String(res.getHeader('set-cookie') ?? '').split(';', 1)[0] ?? '';
  const query = { code: 'the-code', state: url.searchParams.get('state') };
  return (await authenticate(strategy, { ...req, headers: { cookie }, query })).kind;
}
