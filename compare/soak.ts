// 100,000 logins over https, of which one in five goes wrong: what is left of them in memory, sockets and timers.
// `npm run soak`; `--logins 5000` for fewer.
import { randomInt } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CookieStateStore, type DribbbleStrategy } from 'passport-dribbble-oauth2';
import { authenticate, expectKind, type FakeRequest } from '../test/support/authenticate';
import { conditions, heapInUse, run, strategyAt, type Fault } from './processes';

const STEPS = 10;
/** Logins at the same time. */
const AT_ONCE = 16;
/** MiB by which the heap may grow in the second half: the first fills what remembers used states. */
const TOLERANCE = 1;

const FAULTS: Fault[] = [
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

async function soak(provider: string): Promise<void> {
  const { values } = parseArgs({ options: { logins: { type: 'string', default: '100000' } } });
  const logins = Number(values.logins);
  const store = new CookieStateStore({ secret: 'x'.repeat(32) });
  const withSession = strategyAt(provider, { timeout: 500 });
  const withCookies = strategyAt(provider, { timeout: 500, store });

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
    const heap = heapInUse();
    heaps.push(heap);
    const resources = process.getActiveResourcesInfo();
    const count = (name: string): number => resources.filter((resource) => resource === name).length;
    const { success = 0, error = 0 } = outcomes;
    const cells = [(step * logins) / STEPS, success, error, `${heap.toFixed(1)} MiB`];
    console.log(`| ${[...cells, count('TCPSocketWrap'), count('Timeout')].join(' | ')} |`);
  }
  console.log(`\n${conditions()}`);
  const growth = (heaps.at(-1) ?? 0) - (heaps[STEPS / 2 - 1] ?? 0);
  const isLost = Object.values(outcomes).reduce((sum, count) => sum + count, 0) !== logins;
  if (isLost || growth > TOLERANCE) process.exitCode = 1;
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

void run({ app: soak, fault: () => FAULTS[randomInt(10 * FAULTS.length)] });
