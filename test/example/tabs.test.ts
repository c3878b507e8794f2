import { createServer, type Server } from 'node:https';
import { expect } from 'chai';
import express, { type RequestHandler } from 'express';
import { Passport } from 'passport';
import { CookieStateStore, DribbbleStrategy } from 'passport-dribbble-oauth2';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from './chromium';
import { startExample } from './support';
import { close, hostOf, listen } from '../support/servers';
import { TLS } from '../support/tls-host';

/** The app, and a host beside it that somebody else has; Chromium finds both on loopback. */
const APP = 'app.site.test';
const SIBLING = 'evil.site.test';

describe('In Chromium', function () {
  this.timeout(60_000);

  let chrome: Browser;
  before(async () => {
    chrome = await launchChromium(
      '--ignore-certificate-errors',
      '--host-resolver-rules=MAP *.site.test 127.0.0.1',
    );
  });
  after(() => chrome.close());

  let context: BrowserContext;
  beforeEach(async () => {
    context = await chrome.newContext();
  });
  afterEach(() => context.close());

  const authorize = async (page: Page, login: string) => {
    await page.getByRole('radio', { name: `@${login}` }).check();
    await page.getByRole('button', { name: 'Authorize' }).click();
  };

  it('two tabs both end on a page of whoever signed in, the one that began last first', async () => {
    const example = await startExample();
    try {
      const tabs = [];
      for (const returnTo of ['/profile', '/data']) {
        const page = await context.newPage();
        await page.goto(`${example.url}/auth/dribbble?returnTo=${returnTo}`);
        tabs.push({ page, returnTo });
      }
      for (const { page, returnTo } of tabs.reverse()) {
        await authorize(page, 'rookie');
        await page.waitForURL(example.url + returnTo);
        expect(await page.getByRole('button', { name: 'Sign out' }).count()).to.equal(1);
      }
    } finally {
      await example.close();
    }
  });

  describe('a state cookie that a sibling host planted', () => {
    let sandbox: Sandbox;
    let server: Server;
    let app: string;
    let sibling: string;
    /** What the sibling host sets. */
    let planted: string;
    /** The Cookie header that came to the callback last. */
    let sent: string | undefined;
    /** Whether a callback is left unused, as an attacker leaves their own. */
    let isHeld: boolean;

    beforeEach(async () => {
      planted = '';
      sent = undefined;
      isHeld = false;
      server = await listen(createServer(TLS));
      const at = (name: string): string => `https://${hostOf(server).replace('127.0.0.1', name)}`;
      [app, sibling] = [at(APP), at(SIBLING)];
      sandbox = await startSandbox({ callbackURL: `${app}/callback` });
      const store = new CookieStateStore({ secret: 'a secret for states, of 32 or more characters' });
      const passport = new Passport();
      passport.use(
        new DribbbleStrategy(
          { ...sandbox.options, callbackURL: `${app}/callback`, store },
          (_accessToken, _refreshToken, profile) => ({ login: profile.username }),
        ),
      );
      const pages = express();
      pages.get('/plant', (_req, res) => {
        res.setHeader('Set-Cookie', planted);
        res.send('planted');
      });
      pages.get('/login', passport.authenticate('dribbble', { session: false }) as RequestHandler);
      pages.get('/callback', (req, res, next) => {
        if (isHeld) {
          res.send('not used yet');
          return;
        }
        sent = req.headers.cookie;
        const respond = (error: unknown, user: unknown, info: unknown) => {
          if (error) next(error);
          else res.json({ user, info });
        };
        (passport.authenticate('dribbble', { session: false }, respond) as RequestHandler)(req, res, next);
      });
      server.on('request', pages);
    });
    afterEach(async () => {
      server.closeAllConnections();
      await Promise.all([close(server), sandbox.close()]);
    });

    /** The attacker's own login, as far as the callback: where it leads, and the state cookie that goes with it. */
    async function attack(): Promise<{ callback: string; cookie: string }> {
      const attacker = await chrome.newContext();
      try {
        const page = await attacker.newPage();
        isHeld = true;
        await page.goto(`${app}/login`);
        await authorize(page, 'iroha');
        await page.waitForURL(`${app}/callback?*`);
        isHeld = false;
        const cookie = (await attacker.cookies(app)).find(({ name }) => name.startsWith('__Host-'));
        return { callback: page.url(), cookie: `${cookie?.name ?? ''}=${cookie?.value ?? ''}` };
      } finally {
        await attacker.close();
      }
    }

    for (const [what, prefix, isSent] of [
      ['under its name', '', false],
      ['under its name after U+00A0', '\xA0', true],
    ] as const) {
      it(`${what} signs nobody in as the attacker`, async () => {
        const { callback, cookie } = await attack();
        planted = `${prefix}${cookie}; Domain=site.test; Path=/; Secure`;
        const page = await context.newPage();
        await page.goto(`${sibling}/plant`);
        await page.goto(callback);
        const { user, info } = JSON.parse(await page.locator('body').innerText()) as {
          user: unknown;
          info: { code: string };
        };
        // The attack is under way only if the browser sends it; a `__Host-` cookie with a Domain it does not keep.
        expect(sent?.includes(cookie) ?? false).to.equal(isSent);
        expect(user).to.equal(false);
        expect(info.code).to.equal('state_unknown');
      });
    }

    it('is the only thing that is missing: with a cookie of its own the login is finished', async () => {
      const page = await context.newPage();
      await page.goto(`${app}/login`);
      await authorize(page, 'iroha');
      await page.waitForURL(`${app}/callback?*`);
      expect(await page.locator('body').innerText()).to.contain('"login":"iroha"');
    });
  });
});
