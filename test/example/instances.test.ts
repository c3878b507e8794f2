import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { callbackURL } from '../../example/app';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { startRedis } from '../frameworks/support/redis';
import { Browser, type Page } from '../support/browser';
import { freePort } from '../support/free-port';

const SERVER = join(__dirname, '../../example/server.ts');
const PEOPLE = ['martaquill', 'rookie', 'iroha'];
/** People who are on their way at the same time. */
const AT_ONCE = 20;

/** Spreads requests over the instances in turn; one that is gone is answered with a 502, as nginx does. */
class RoundRobin {
  /** Their ports. */
  readonly instances: string[] = [];
  private next = 0;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((req, res) => {
      const at = this.next++ % this.instances.length;
      const { method, url: path, headers } = req;
      const onward = request(
        { host: '127.0.0.1', port: this.instances[at], method, path, headers, agent: false },
        (answer) => {
          res.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'served-by': String(at) });
          answer.pipe(res);
        },
      );
      onward.on('error', () => res.writeHead(502, { 'served-by': String(at) }).end());
      req.pipe(onward);
    });
  }

  static async start(): Promise<RoundRobin> {
    const front = new RoundRobin();
    front.server.listen(0, '127.0.0.1');
    await once(front.server, 'listening');
    return front;
  }

  get url(): string {
    return `http://localhost:${String((this.server.address() as AddressInfo).port)}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Somebody who said yes at the sandbox, and stands before the callback. */
interface Visitor {
  browser: Browser;
  name: string;
  callback: string;
  beganAt: string | null;
}

const servedBy = ({ headers }: Page): string | null => headers.get('served-by');

describe('Two instances of the example, sharing Redis and a secret,', function () {
  this.timeout(120_000);

  let front: RoundRobin;
  let sandbox: Sandbox;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let instances: Process[];

  before(async () => {
    front = await RoundRobin.start();
    sandbox = await startSandbox({ callbackURL: callbackURL(front.url) });
    redis = await startRedis();
    const { clientID, clientSecret, ...endpoints } = sandbox.options;
    const preload = ['--require', require.resolve('../support/register.cjs')];
    instances = await Promise.all(
      [0, 1].map(async (at) => {
        const port = String(await freePort());
        front.instances[at] = port;
        const instance = new Process([...preload, SERVER], {
          PORT: port,
          BASE_URL: front.url,
          REDIS_URL: redis.url,
          SESSION_SECRET: 'what the two share',
          DRIBBBLE_CLIENT_ID: clientID,
          DRIBBBLE_CLIENT_SECRET: clientSecret,
          DRIBBBLE_AUTHORIZATION_URL: endpoints.authorizationURL,
          DRIBBBLE_TOKEN_URL: endpoints.tokenURL,
          DRIBBBLE_USER_PROFILE_URL: endpoints.userProfileURL,
        });
        await instance.says(/is ready/);
        return instance;
      }),
    );
  });
  after(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await redis.stop();
    await sandbox.close();
    front.stop();
  });

  async function begin(name: string): Promise<Visitor> {
    const browser = new Browser();
    const begun = await browser.get(`${front.url}/auth/dribbble`);
    expect(begun.status).to.equal(302);
    let page = await browser.follow(begun);
    page = await browser.post(page.url, { login: name, decision: 'authorize' });
    while (page.location?.startsWith(sandbox.url)) page = await browser.get(page.location);
    expect(page.location).to.match(/\/auth\/dribbble\/callback\?code=/);
    return { browser, name, callback: page.location ?? '', beganAt: servedBy(begun) };
  }

  async function expectSignedIn({ browser, name }: Visitor, page: Page): Promise<void> {
    expect(page.status, page.body).to.equal(302);
    expect(page.location).to.equal(`${front.url}/profile`);
    expect((await reload(browser, `${front.url}/profile`)).body).to.include(`@${name}`);
  }

  it('sign 100 people in, each leg on whichever comes, and on the one that is left when the other stops', async () => {
    const visitors: Visitor[] = [];
    await inBatches(people(100), async (name) => {
      visitors.push(await begin(name));
    });
    let [refused, changed, inherited] = [0, 0, 0];
    await inBatches(visitors, async (visitor, at) => {
      if (at === 50) await instances[0]?.stop();
      let page = await visitor.browser.get(visitor.callback);
      if (page.status === 502) {
        refused += 1;
        expect(servedBy(page)).to.equal('0');
        // Who tries again comes to the other: nothing is lost with the instance.
        page = await reload(visitor.browser, visitor.callback);
      }
      if (at < 50 && servedBy(page) !== visitor.beganAt) changed += 1;
      if (at >= 50 && visitor.beganAt === '0' && servedBy(page) === '1') inherited += 1;
      await expectSignedIn(visitor, page);
    });
    expect(refused, 'people who came to the stopped instance').to.be.above(0);
    expect(changed, 'people who came back to the other instance').to.be.above(0);
    expect(inherited, 'people who began at the stopped instance').to.be.above(0);
  });
});

/** As somebody does who gets to an instance that is gone: again and again, until the other one comes. */
async function reload(browser: Browser, url: string): Promise<Page> {
  const page = await browser.get(url);
  return page.status === 502 ? reload(browser, url) : page;
}

/** A process that says when it is ready. */
class Process {
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;
  private output = '';

  constructor(args: string[], env: Record<string, string>) {
    this.child = spawn(process.execPath, args, {
      cwd: tmpdir(), // where no .env is
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.exited = Promise.race([once(this.child, 'exit'), once(this.child, 'error')]);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  async says(words: RegExp): Promise<void> {
    const { child, exited } = this;
    const ended = exited.then((why) => {
      throw new Error(`${child.spawnfile} ended before it was ready: ${String(why)} ${this.output}`);
    });
    while (!words.test(this.output)) await Promise.race([once(child.stdout ?? child, 'data'), ended]);
    ended.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.child.kill();
    await this.exited;
  }
}

/** Does it for each, for some of them at once. */
async function inBatches<T>(items: T[], each: (item: T, at: number) => Promise<void>): Promise<void> {
  for (let first = 0; first < items.length; first += AT_ONCE) {
    const batch = items.slice(first, first + AT_ONCE);
    await Promise.all(batch.map((item, at) => each(item, first + at)));
  }
}

/** Names for so many people. */
function people(count: number): string[] {
  return Array.from({ length: count }, (_, at) => PEOPLE[at % PEOPLE.length] ?? '');
}
