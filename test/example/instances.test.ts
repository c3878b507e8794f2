import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { callbackURL } from '../../example/app';
import { startRedis } from '../frameworks/support/redis';
import { Browser, type Page } from '../support/browser';
import { authorize, spawnExample } from './support';
import { freePort } from '../support/servers';

/** What stands in front of the instances, as the world sees it: here a test says which of them gets a request. */
const FRONT = 'http://localhost:65000';
const PEOPLE = ['martaquill', 'rookie', 'iroha'];

/** Somebody who said yes at the sandbox, and stands before the callback. */
interface Visitor {
  browser: Browser;
  name: string;
  callback: string;
  beganAt: number;
}

describe('Two instances of the example, sharing Redis and a secret,', function () {
  this.timeout(120_000);

  let sandbox: Sandbox;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let ports: number[];
  let instances: ReturnType<typeof spawnExample>[];

  before(async () => {
    sandbox = await startSandbox({ callbackURL: callbackURL(FRONT) });
    redis = await startRedis();
    ports = [await freePort(), await freePort()];
    const { clientID, clientSecret, ...endpoints } = sandbox.options;
    instances = ports.map((port) =>
      // In a folder where no .env is.
      spawnExample(tmpdir(), {
        PORT: String(port),
        BASE_URL: FRONT,
        REDIS_URL: redis.url,
        SESSION_SECRET: 'what the two share',
        DRIBBBLE_CLIENT_ID: clientID,
        DRIBBBLE_CLIENT_SECRET: clientSecret,
        DRIBBBLE_AUTHORIZATION_URL: endpoints.authorizationURL,
        DRIBBBLE_TOKEN_URL: endpoints.tokenURL,
        DRIBBBLE_USER_PROFILE_URL: endpoints.userProfileURL,
      }),
    );
    await Promise.all(instances.map(({ ready }) => ready));
  });
  after(async () => {
    await Promise.all([stop(0), stop(1)]);
    await redis.stop();
    await sandbox.close();
  });

  async function stop(at: number): Promise<void> {
    instances[at]?.child.kill();
    await instances[at]?.ended;
  }

  /** Goes to an address behind the front, at this instance. */
  function get(browser: Browser, at: number, url: string): Promise<Page> {
    const target = url.replace(FRONT, `http://localhost:${String(ports[at])}`);
    return browser.get(target, { host: new URL(FRONT).host });
  }

  async function begin(name: string, beganAt: number): Promise<Visitor> {
    const browser = new Browser();
    const consent = await browser.follow(get(browser, beganAt, `${FRONT}/auth/dribbble`));
    const isFront = (location: string) => location.startsWith(FRONT);
    const { location = '' } = await browser.follow(authorize(browser, consent, name), isFront);
    expect(location).to.match(/\/auth\/dribbble\/callback\?code=/);
    return { browser, name, callback: location, beganAt };
  }

  /** Comes back to one instance, and goes on to another. */
  async function finish({ browser, name, callback }: Visitor, at: number, next: number): Promise<void> {
    const page = await get(browser, at, callback);
    expect(page.status, page.body).to.equal(302);
    expect(new URL(page.location ?? '').pathname).to.equal('/profile');
    expect((await get(browser, next, `${FRONT}/profile`)).body).to.include(`@${name}`);
  }

  /** So many people who begin, at the two instances in turn. */
  const people = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, at) => begin(PEOPLE[at % PEOPLE.length] ?? '', at % 2)));

  it('sign 200 people in at once, who come back to the other than they began at', async () => {
    const visitors = await people(200);
    await Promise.all(visitors.map((visitor) => finish(visitor, 1 - visitor.beganAt, visitor.beganAt)));
  });

  it('sign 100 people in, who come back to the one that is left when the other stops in the middle', async () => {
    const visitors = await people(100);
    const [early, late] = [visitors.slice(0, 50), visitors.slice(50)];
    await Promise.all(early.map((visitor) => finish(visitor, 1 - visitor.beganAt, visitor.beganAt)));
    await stop(0);
    await Promise.all(late.map((visitor) => finish(visitor, 1, 1)));
  });
});
