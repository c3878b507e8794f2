import { expect } from 'chai';
import { MemoryStore } from 'express-session';
import { Browser } from '../support/browser';
import { FakeDribbble, type Reply } from '../support/fake-dribbble';
import { response } from '../support/servers';
import { authorize, signIn, startExample, type Example } from './support';

describe('The example app', () => {
  let example: Example;
  before(async () => {
    example = await startExample();
  });
  after(() => example.close());

  /** Others than the usual one, until the end of the test. */
  const others: Example[] = [];
  const start = async (options: Parameters<typeof startExample>[0]) => {
    const other = await startExample(options);
    others.push(other);
    return other;
  };
  afterEach(() => Promise.all(others.splice(0).map((other) => other.close())));

  describe('signing in', () => {
    it('shows everything Dribbble says of somebody who filled in everything', async () => {
      const { body } = await signIn(new Browser(), example.url, 'martaquill');
      expect(body).to.contain(`${example.sandbox.url}/avatars/martaquill.svg`);
      expect(body).to.contain('Type &#38; identity at @papercranes. Draws letters');
      expect(body).to.contain('Porto, Portugal');
      expect(body).to.contain('href="https://martaquill.example/" rel="noopener noreferrer nofollow"');
      expect(body).to.contain('29,262').and.contain('Pro</span>').and.contain('Paper Cranes');
    });

    it('says in words what the person allowed, and what the app keeps', async () => {
      const browser = new Browser();
      await signIn(browser, example.url, 'martaquill');
      const { body } = await browser.get(`${example.url}/data`);
      expect(body).to.match(/Read your profile and your shots[^<]*<code>public<\/code>/);
      for (const value of ['101', 'martaquill', 'Porto, Portugal', '29,262', 'Paper Cranes']) {
        expect(body).to.contain(`<dd>${value}</dd>`);
      }
    });

    it('shows an initial and no made-up words for somebody who filled in nothing', async () => {
      const { body } = await signIn(new Browser(), example.url, 'rookie');
      expect(body).to.contain('>R</span>').and.contain('No bio yet');
      expect(body).not.to.match(/null|undefined|NaN/);
    });

    it('escapes what a designer injects, on every page that shows it', async () => {
      const browser = new Browser();
      const consent = await browser.open(`${example.url}/auth/dribbble`);
      const profile = await browser.follow(authorize(browser, consent, 'bobbytags'));
      const data = await browser.get(`${example.url}/data`);
      for (const { body } of [consent, profile, data]) {
        expect(body).not.to.match(/<script|<svg|<b>|<img src=x|javascript:|="[^"]*" onmouseover/);
        expect(body).to.contain('&#60;img src=x onerror=&#34;window.__pwned=1&#34;&#62;');
      }
    });

    it('gives a new session to whoever signs in, so that nobody can plant one', async () => {
      const browser = new Browser();
      const consent = await browser.open(`${example.url}/auth/dribbble`);
      const before = browser.cookie('courtside.session');
      await browser.follow(authorize(browser, consent, 'rookie'));
      expect(before).to.be.a('string');
      expect(browser.cookie('courtside.session')).to.be.a('string').and.not.equal(before);
    });

    it('asks again who is signing in, after another person did in the same browser', async () => {
      const browser = new Browser();
      await signIn(browser, example.url, 'rookie');
      const page = await signIn(browser, example.url, 'iroha');
      expect(page.body).to.contain('@iroha');
    });

    it('goes to the one host Dribbble sends people back to, from another name of this machine', async () => {
      const page = await new Browser().get(`${example.url.replace('localhost', '127.0.0.1')}/data?a=1`);
      expect(page.status).to.equal(307);
      expect(page.location).to.equal(`${example.url}/data?a=1`);
    });
  });

  describe('a page that needs a login', () => {
    it('leads to the sign-in, and from there back to where the person was going', async () => {
      const browser = new Browser();
      const welcome = await browser.open(`${example.url}/data?board=2`);
      expect(welcome.body).to.contain('Sign in first');
      const link = /href="(\/auth\/dribbble[^"]+)"/.exec(welcome.body)?.[1] ?? '';
      const consent = await browser.open(example.url + link);
      const page = await browser.follow(authorize(browser, consent, 'rookie'));
      expect(page.url).to.equal(`${example.url}/data?board=2`);
      expect(page.body).to.contain('Your data');
    });

    it('goes on from the first page for whoever is signed in already', async () => {
      const browser = new Browser();
      await signIn(browser, example.url, 'rookie');
      expect((await browser.get(`${example.url}/?returnTo=/data`)).location).to.equal(`${example.url}/data`);
      expect((await browser.get(`${example.url}/?returnTo=//evil.example`)).location).to.equal(
        `${example.url}/profile`,
      );
    });

    it('never leads to another site', async () => {
      const page = await signIn(new Browser(), example.url, 'rookie', '//evil.example');
      expect(page.url).to.equal(`${example.url}/profile`);
    });
  });

  describe('signing out', () => {
    let browser: Browser;
    beforeEach(async () => {
      browser = new Browser();
      await signIn(browser, example.url, 'rookie');
    });

    it('is not claimed to somebody who is signed in', async () => {
      const page = await browser.open(`${example.url}/signed-out`);
      expect(page.url).to.equal(`${example.url}/profile`);
      expect(page.body).not.to.contain('You are signed out');
    });

    it('is done by a form, never by a link', async () => {
      expect((await browser.get(`${example.url}/auth/sign-out`)).status).to.equal(404);
      expect((await browser.get(`${example.url}/data`)).status).to.equal(200);
    });

    it("refuses another site's form", async () => {
      const page = await browser.post(`${example.url}/auth/sign-out`, {}, { 'sec-fetch-site': 'cross-site' });
      expect(page.status).to.equal(403);
      expect((await browser.get(`${example.url}/data`)).status).to.equal(200);
    });
  });

  describe('a sign-in that fails', () => {
    it('goes on, in a second tab, for whoever was signed in by the first', async () => {
      const browser = new Browser();
      const tab = await browser.open(`${example.url}/auth/dribbble`);
      await signIn(browser, example.url, 'rookie');
      const page = await browser.follow(authorize(browser, tab, 'iroha'));
      expect(page.status).to.equal(200);
      expect(page.url).to.equal(`${example.url}/profile`);
      expect(page.body).to.contain('@rookie');
    });

    it('is refused when the state is forged, with hints for developers in the sandbox and the log only', async () => {
      const real = await start({ sandbox: false });
      const path = '/auth/dribbble/callback?code=a&state=forged';
      const inSandbox = await new Browser().get(example.url + path);
      const elsewhere = await new Browser().get(real.url + path);
      for (const { status, body } of [inSandbox, elsewhere]) {
        expect(status).to.equal(403);
        expect(body).to.contain('<a class="button" href="/auth/dribbble">Sign in again</a>');
      }
      expect(inSandbox.body).to.contain('If you run this app:').and.contain('TRUST_PROXY');
      expect(elsewhere.body).not.to.match(/If you run this app|TRUST_PROXY/);
      expect(String(real.log)).to.contain('TRUST_PROXY');
    });

    it('tells whoever runs the app to check the credentials, when Dribbble does not know them', async () => {
      const wrong = await start({ dribbble: { clientSecret: 'of another application' } });
      const page = await signIn(new Browser(), wrong.url, 'rookie');
      expect(page.status).to.equal(500);
      expect(page.body).to.contain('DRIBBBLE_CLIENT_ID and DRIBBBLE_CLIENT_SECRET');
      expect(String(wrong.log[0])).to.contain('invalid_client');
      expect(page.body + String(wrong.log[0])).not.to.contain('of another application');
    });

    describe('because of Dribbble', () => {
      let fake: FakeDribbble;
      beforeEach(async () => {
        fake = await FakeDribbble.start();
      });
      afterEach(() => fake.stop());

      const profiles: [what: string, user: object][] = [
        ['a bio of 100 kB of "<"', { bio: '<'.repeat(100_000) }],
        ['a bio of tags that do not end', { bio: '<script'.repeat(15_000) }],
        ['teams that are no list', { teams: 'abc' }],
        [
          'fields of other types',
          { name: 5, login: [], links: [1], teams: [null, 7], followers_count: '9', pro: 'no' },
        ],
        ['a thousand teams', { teams: Array.from({ length: 1000 }, () => ({ name: 'T'.repeat(1000) })) }],
      ];
      const deep = '[{"a":'.repeat(50_000) + '0' + '}]'.repeat(50_000);
      const bodies = [
        ...profiles.map(([what, user]) => [what, JSON.stringify({ id: 7, ...user })] as const),
        ['deep nesting', `{"id":7,"bio":${deep},"teams":${deep}}`] as const,
      ];
      for (const [what, body] of bodies) {
        it(`signs in somebody whose profile has ${what}, and shows every page`, async () => {
          fake.user = (socket) => socket.write(response(body));
          const app = await start({ dribbble: fake.endpoints });
          const browser = new Browser();
          const before = process.cpuUsage();
          expect((await comeBack(app, 'code=good', browser)).location).to.equal(`${app.url}/profile`);
          // What blocks the process shows in its own time, however busy the machine is.
          const { user } = process.cpuUsage(before);
          expect(user, 'microseconds').to.be.below(1_000_000);
          for (const path of ['/profile', '/data']) {
            const page = await browser.get(app.url + path);
            expect(page.status).to.equal(200);
            expect(page.body).to.not.match(/undefined|NaN|\[object/);
            expect(page.body.length).to.be.below(30_000);
          }
        });
      }

      const expired = { status: 400, json: { error: 'invalid_grant' } };
      const down = { status: 500, json: { message: 'Oops.' } };
      const limited = { status: 429, json: { message: 'API rate limit exceeded.' } };
      const page: Reply = (socket) => socket.write(response('<html>Maintenance</html>'));
      for (const [what, reply, status, says, retryAfter] of [
        ['the code has expired', { token: expired }, 500, 'This sign-in took too long'],
        ['Dribbble is down', { user: down }, 502, 'Dribbble would not tell us who you are', '60'],
        ['Dribbble takes too long', { user: () => undefined }, 504, 'Dribbble takes too long'],
        ['the rate limit is reached', { user: limited }, 503, 'Sign in again in a minute', '60'],
        ['nothing sensible came back', { token: page }, 502, 'Dribbble is not responding'],
      ] as const) {
        it(`says that ${what}${retryAfter ? ', and when to come back' : ''}`, async () => {
          Object.assign(fake, reply);
          const app = await start({ dribbble: { ...fake.endpoints, timeout: 200 } });
          const { headers, ...shown } = await comeBack(app, 'code=good');
          expect(shown.status).to.equal(status);
          expect(shown.body).to.contain(says);
          if (retryAfter) expect(headers.get('retry-after')).to.equal(retryAfter);
        });
      }

      it('tells whoever runs the app to check the callback URL, when it is not the registered one', async () => {
        const page = await comeBack(await start({ dribbble: fake.endpoints }), 'error=redirect_uri_mismatch');
        expect(page.status).to.equal(500);
        expect(page.body).to.contain('BASE_URL followed by /auth/dribbble/callback');
      });

      it('shows neither a stack nor a secret', async () => {
        fake.token = { status: 400, json: { error: 'invalid_request', error_description: 'code the-code' } };
        const page = await comeBack(await start({ dribbble: fake.endpoints }), 'code=the-code');
        expect(page.body).not.to.match(/the-code|\.js:\d|\.ts:\d|at \w+ \(/);
      });
    });
  });

  describe('what it sends', () => {
    it('runs no script and takes styles and forms from itself only', async () => {
      const { headers, body } = await new Browser().get(example.url);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).to.contain("default-src 'none'").and.contain("frame-ancestors 'none'");
      expect(policy).not.to.match(/script-src|unsafe/);
      expect(body).not.to.match(/<script|<style| style=/);
      expect(headers.get('x-powered-by')).to.equal(null);
    });

    it('keeps the session cookie from scripts and from other sites', async () => {
      const { headers } = await new Browser().get(`${example.url}/auth/dribbble`);
      const [cookie = ''] = headers.getSetCookie();
      expect(cookie).to.match(/^courtside\.session=.*; HttpOnly; SameSite=Lax$/);
    });

    it('keeps the session cookie to https behind a proxy that speaks it', async () => {
      const proxied = await start({ trustProxy: 1 });
      const browser = new Browser({ 'x-forwarded-proto': 'https' });
      const { headers } = await browser.get(`${proxied.url}/auth/dribbble`);
      expect(headers.getSetCookie()[0]).to.contain('; Secure');
      expect((await signIn(browser, proxied.url, 'rookie')).body).to.contain('@rookie');
    });

    it('sets no cookie before somebody signs in', async () => {
      expect((await new Browser().get(example.url)).headers.getSetCookie()).to.deep.equal([]);
    });

    it('lets nothing in between keep a page', async () => {
      expect((await new Browser().get(example.url)).headers.get('cache-control')).to.equal('no-store');
    });

    it('says so when there is no such page', async () => {
      const page = await new Browser().get(`${example.url}/%3Cscript%3E`);
      expect(page.status).to.equal(404);
      expect(page.body).to.contain('There is no such page').and.not.contain('<script');
    });
  });

  it('says so when the sessions are out of reach', async () => {
    const broken = Object.assign(new MemoryStore(), {
      get: (_id: string, callback: (error: Error) => void) => {
        callback(new Error('ECONNREFUSED'));
      },
    });
    const app = await start({ sessionStore: broken });
    const browser = new Browser();
    await browser.get(`${app.url}/auth/dribbble`);
    const page = await browser.get(`${app.url}/profile`);
    expect(page.status).to.equal(503);
    expect(page.body).to.contain('We cannot check who is signed in').and.not.contain('ECONNREFUSED');
  });
});

/** Begins a sign-in and comes back from Dribbble with `response`. */
async function comeBack({ url }: Example, response: string, browser = new Browser()) {
  const { location = '' } = await browser.get(`${url}/auth/dribbble`);
  const state = new URL(location).searchParams.get('state') ?? '';
  return browser.get(`${url}/auth/dribbble/callback?${response}&state=${state}`);
}
