import { readFileSync } from 'node:fs';
import { createServer as createHTTPSServer } from 'node:https';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { Browser } from '../support/browser';
import { hostOf, listen } from '../support/servers';
import { callbackOf, endpointsOf, lastRequest, MAYA, startDribbble } from './support/dribbble';
import { start, type Running } from './support/recipe';
import { startRedis } from './support/redis';

/** docs/recipes/ itself, seen from where this file is compiled to. */
const RECIPES = join(__dirname, '../../../../../docs/recipes');

/** Recipes of docs/ beside the frameworks' own, which frameworks.test.ts runs. */
describe('The recipe', () => {
  let dribbble: Sandbox;
  let browser: Browser;
  const running: Running[] = [];

  beforeEach(async () => {
    dribbble = await startDribbble();
    browser = new Browser();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ stop }) => stop()));
    await dribbble.close();
  });

  async function run(recipe: string, env: Record<string, string> = {}): Promise<string> {
    const app = await start(recipe, dribbble, env);
    running.push(app);
    return app.url;
  }
  const json = async (url: string) => JSON.parse((await browser.open(url)).body) as unknown;

  describe('for apps without sessions', () => {
    const STATE_SECRET = 'a secret for states, of 32 or more characters';

    it('signs somebody in, and leaves no cookie behind', async () => {
      const url = await run('no-sessions', { STATE_SECRET });
      await browser.get(`${url}/auth/dribbble`);
      expect(browser.cookies(url)).to.have.length(1);
      const again = new Browser();
      expect(JSON.parse((await again.open(`${url}/auth/dribbble`)).body)).to.deep.equal(MAYA);
      expect(again.cookies(url)).to.be.empty;
    });

    it("refuses another browser's state, and sends Dribbble nothing", async () => {
      const url = await run('no-sessions', { STATE_SECRET });
      const attacker = await new Browser().get(`${url}/auth/dribbble`);
      const { status } = await browser.open((await callbackOf(attacker)).href);
      expect(status).to.equal(403);
      expect(endpointsOf(dribbble)).to.deep.equal(['authorize']);
    });
  });

  it('for several instances lets each leg be served by either', async () => {
    const redis = await startRedis();
    try {
      const env = { REDIS_URL: redis.url, CALLBACK_URL: 'http://localhost/auth/dribbble/callback' };
      const urls = await Promise.all([run('several-instances', env), run('several-instances', env)]);
      for (const [one, other] of [urls, [...urls].reverse()] as [string, string][]) {
        const visitor = new Browser();
        // The callback URL is that of a load balancer in front of both.
        const callback = await callbackOf(await visitor.get(`${one}/auth/dribbble`));
        const { body } = await visitor.open(`${other}/auth/dribbble/callback${callback.search}`);
        expect(JSON.parse(body)).to.deep.equal(MAYA);
        expect(JSON.parse((await visitor.open(one)).body)).to.deep.equal(MAYA);
      }
      await Promise.all(running.splice(0).map(({ stop }) => stop()));
    } finally {
      await redis.stop();
    }
  });

  it('for a proxy that terminates TLS sends people back over https, with a cookie for https only', async () => {
    const file = (name: string) => readFileSync(join(RECIPES, '../../test/fixtures/tls', name), 'utf8');
    const [key, cert] = [file('key.pem'), file('certificate.pem')];
    const app = new URL(await run('proxy'));
    const proxy = createHTTPSServer({ key, cert }, (req, res) => {
      const headers = { ...req.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' };
      const target = { host: '127.0.0.1', port: app.port, method: req.method, path: req.url, headers };
      const onward = request(target, (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      });
      req.pipe(onward);
    });
    await listen(proxy);
    try {
      const url = `https://${hostOf(proxy).replace('127.0.0.1', 'localhost')}`;
      browser = new Browser({}, { ca: cert });
      const page = await browser.open(`${url}/auth/dribbble`);
      expect(JSON.parse(page.body)).to.deep.equal(MAYA);
      expect(page.url).to.equal(`${url}/`);
      expect(lastRequest(dribbble, 'authorize')['redirect_uri']).to.equal(`${url}/auth/dribbble/callback`);
      const [cookie, ...others] = browser.cookies(url);
      expect(cookie).to.include({ secure: true, httpOnly: true, sameSite: 'lax' });
      expect(others).to.be.empty;
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  describe('for linking accounts', () => {
    it('begins at the press of its own button only', async () => {
      const url = await run('linking-accounts');
      await browser.open(`${url}/sign-in/me`);
      expect((await browser.open(`${url}/link/dribbble`)).status).to.equal(404);
      const page = await browser.open(`${url}/link`);
      const body = page.body.replace(/value="[^"]+"/, 'value="x"');
      const forged = await browser.submit({ ...page, body });
      expect(forged.status).to.equal(403);
      expect(endpointsOf(dribbble)).to.deep.equal([]);
    });

    it("does not link an attacker's account by a callback that the person follows", async () => {
      const url = await run('linking-accounts');
      const attacker = new Browser();
      await attacker.open(`${url}/sign-in/attacker`);
      const callback = await callbackOf(await attacker.submit(await attacker.open(`${url}/link`)));

      await browser.open(`${url}/sign-in/me`);
      expect((await browser.open(callback.href)).url).to.equal(`${url}/link`);
      expect(await json(url)).to.deep.equal({ user: { id: 'me' } });
    });

    it('asks to sign in first', async () => {
      const url = await run('linking-accounts');
      expect((await browser.open(`${url}/link`)).status).to.equal(401);
    });
  });

  describe('for returning to where the person was', () => {
    it('returns there', async () => {
      const url = await run('return-to');
      const path = '/shots?page=2&sort=recent';
      expect(await json(`${url}/auth/dribbble?returnTo=${encodeURIComponent(path)}`)).to.deep.equal({
        path,
        user: MAYA,
      });
      expect(JSON.stringify(lastRequest(dribbble, 'authorize'))).not.to.include('shots');
    });

    it('carries an object too', async () => {
      const url = await run('return-to-object.variant');
      expect(await json(`${url}/auth/dribbble?plan=team`)).to.deep.equal({ state: { plan: 'team' } });
    });

    it('returns to no other site', async () => {
      const url = await run('return-to');
      const page = await browser.open(`${url}/auth/dribbble?returnTo=${encodeURIComponent('//evil.test')}`);
      expect(page.url).to.equal(`${url}/`);
    });
  });

  describe('for roles from teams', () => {
    function memberOf(...ids: number[]): void {
      const teams = ids.map((id) => ({ id, name: 'A team', login: 'team' }));
      dribbble.fail('user', { body: { ...dribbble.people[0], teams } });
    }

    it('lets members in, with the role of their team', async () => {
      memberOf(7, 39);
      const url = await run('teams');
      expect(await json(`${url}/auth/dribbble`)).to.deep.equal({ id: '1', roles: ['editor'] });
      expect((await browser.open(`${url}/drafts`)).status).to.equal(200);
      expect((await browser.open(`${url}/settings`)).status).to.equal(403);
    });

    for (const [who, teams] of [
      ['members of other teams', [7]],
      ['members of none', []],
    ] as const) {
      it(`does not let ${who} in`, async () => {
        memberOf(...teams);
        const url = await run('teams');
        expect((await browser.open(`${url}/auth/dribbble`)).url).to.equal(`${url}/sign-in`);
        expect((await browser.open(`${url}/drafts`)).status).to.equal(401);
      });
    }

    it('does not let anybody in where Dribbble sends no teams', async () => {
      dribbble.fail('user', { body: { ...dribbble.people[0], teams: undefined } });
      const url = await run('teams');
      expect((await browser.open(`${url}/auth/dribbble`)).url).to.equal(`${url}/sign-in`);
    });
  });

  it('for moving from passport-dribbble changes one line, the one that its page shows', () => {
    const [, removed = '', added = ''] =
      /```diff\n- (.*)\n\+ (.*)\n```/.exec(
        readFileSync(join(RECIPES, 'from-passport-dribbble.md'), 'utf8'),
      ) ?? [];
    const app = readFileSync(join(RECIPES, 'from-passport-dribbble.js'), 'utf8');
    expect(removed).to.equal("const DribbbleStrategy = require('passport-dribbble').Strategy;");
    expect(app.split('\n').filter((line) => line.includes('passport-dribbble'))).to.deep.equal([added]);
  });
});
