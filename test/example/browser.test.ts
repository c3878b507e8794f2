import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from './chromium';
import { startExample, type Example } from './support';

const temporary = mkdtempSync(path.join(tmpdir(), 'screenshots-'));
/** The README shows the light ones. */
const folders = {
  light: process.env['SCREENSHOTS'] ? path.join(__dirname, '../../docs/images') : temporary,
  dark: temporary,
};
const wide = { width: 1440, height: 900 };
const middle = { width: 768, height: 1024 };
const narrow = { width: 360, height: 740 };

describe('The example app in Chromium', function () {
  this.timeout(60_000);

  let chrome: Browser;
  let example: Example;
  before(async () => {
    chrome = await launchChromium();
    example = await startExample();
  });
  after(async () => {
    await Promise.all([chrome.close(), example.close()]);
    rmSync(temporary, { recursive: true });
  });

  let context: BrowserContext;
  let page: Page;
  let complaints: string[];
  beforeEach(() => open());
  afterEach(async () => {
    await context.close();
    expect(complaints).to.deep.equal([]);
  });

  /** Opens a browser of its own, that notes down whatever must not happen. */
  async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    context = await chrome.newContext({ viewport: wide, reducedMotion: 'reduce', ...options });
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on('request', (request) => {
      const { hostname } = new URL(request.url());
      if (!['localhost', '127.0.0.1'].includes(hostname)) complaints.push(`request to ${request.url()}`);
    });
  }

  /** The same in place of the one that is open. */
  async function reopen(options: Parameters<typeof open>[0]): Promise<void> {
    await context.close();
    await open(options);
  }

  /** Chromium notes every response of 400 and above: takes these out. */
  function forgive(statuses: RegExp): void {
    complaints = complaints.filter((line) => !(line.includes('Failed to load') && statuses.test(line)));
  }

  const button = (name: string) => page.getByRole('button', { name });
  const heading = () => page.getByRole('heading', { level: 1 }).innerText();

  /** What axe-core, which the page has loaded, finds wrong with it. */
  async function findings(): Promise<string[]> {
    const { violations, passes } = await page.evaluate<axe.AxeResults>('axe.run()');
    expect(passes).not.to.be.empty;
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  async function askToSignIn(from = '/'): Promise<void> {
    await page.goto(example.url + from);
    await page.getByRole('link', { name: 'Sign in with Dribbble' }).click();
    await page.getByText('This is not Dribbble').waitFor();
  }

  async function signIn(login: string, from?: string): Promise<void> {
    await askToSignIn(from);
    await page.getByRole('radio', { name: `@${login}` }).check();
    await button('Authorize').click();
  }

  describe('the pages of the sandbox', () => {
    const pages = {
      'asks who signs in': () => askToSignIn(),
      'refuses a request': () => page.goto(`${example.sandbox.options.authorizationURL}?client_id=x`),
      'says what it is': () => page.goto(example.sandbox.url),
    };
    for (const [what, visit] of Object.entries(pages)) {
      it(`are accessible, and fit each width, where it ${what}`, async () => {
        for (const colorScheme of ['light', 'dark'] as const) {
          for (const width of [320, 768, 1440]) {
            // axe is a script, which the pages do not allow; the other tests visit them as they are.
            await reopen({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
            await visit();
            await page.addScriptTag({ content: axe.source });
            expect(await findings(), `${String(width)} pixels, ${colorScheme}`).to.deep.equal([]);
            const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
            expect(overflow, `${String(width)} pixels`).to.be.at.most(0);
            forgive(/401/);
          }
        }
      });
    }

    it('show the dial, and the example says what goes wrong', async () => {
      example.sandbox.fail('token', 'resets');
      await page.goto(example.sandbox.url);
      const dial = page.getByRole('listitem').filter({ hasText: 'token' }).first();
      expect(await dial.innerText()).to.contain('resets');
      await signIn('rookie');
      expect(await page.getByRole('alert').innerText()).to.contain('Dribbble');
      await page.goto(example.sandbox.url);
      expect(await page.getByRole('group').first().innerText()).to.contain('token no response');
      await example.sandbox.reset();
      forgive(/502/);
    });
  });

  for (const [login, name] of [
    ['martaquill', 'Marta Quill Pro'],
    ['rookie', 'rookie'],
    ['iroha', '葉山 いろは 🎨'],
    ['bobbytags', 'Bobby <b>Tags</b> <img src=x onerror="window.__pwned=1">'],
  ] as const) {
    it(`signs ${login} in and out`, async () => {
      await signIn(login);
      expect(await heading()).to.equal(name);
      expect(page.url()).to.equal(`${example.url}/profile`);
      await button('Sign out').click();
      expect(await heading()).to.equal('You are signed out');
      await page.goto(`${example.url}/profile`);
      expect(page.url()).to.equal(`${example.url}/?returnTo=%2Fprofile`);
    });
  }

  it('shows the avatars', async () => {
    await signIn('martaquill');
    await page.waitForLoadState();
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('main img')].map((image) => image.naturalWidth > 0)",
      ),
    ).to.deep.equal([true, true]);
  });

  it('runs nothing of what a designer injects', async () => {
    await signIn('bobbytags');
    for (const place of ['/profile', '/data']) {
      await page.goto(example.url + place);
      await page.mouse.move(400, 400);
      for (const item of await page.getByRole('main').locator('*').all()) await item.hover({ force: true });
      expect(await page.evaluate('window.__pwned')).to.equal(undefined);
      expect(await page.locator('script, [onerror], [onload], [onmouseover]').count()).to.equal(0);
      expect(await page.locator('a[href^="javascript:"]').count()).to.equal(0);
    }
  });

  it('comes back with a kind word from Cancel, and keeps the destination', async () => {
    await askToSignIn('/data');
    await button('Cancel').click();
    await page.getByRole('alert').filter({ hasText: 'You said no at Dribbble' }).waitFor();
    const link = page.getByRole('link', { name: 'Sign in with Dribbble' });
    expect(await link.getAttribute('href')).to.equal('/auth/dribbble?returnTo=%2Fdata');
  });

  it('refuses a callback URL that is opened again', async () => {
    let callback = '';
    page.on('request', (request) => {
      if (request.url().includes('/auth/dribbble/callback?')) callback = request.url();
    });
    await signIn('rookie');
    const answer = await page.goto(callback);
    expect(answer?.status()).to.equal(403);
    expect(await heading()).to.equal('This sign-in is already over');
    forgive(/403/);
  });

  it('lands on the page that needed a login', async () => {
    await signIn('iroha', '/data');
    expect(page.url()).to.equal(`${example.url}/data`);
    expect(await heading()).to.equal('Your data');
  });

  it('signs in with the keyboard alone, and always shows where it is', async () => {
    const press = async (key: string) => {
      await page.keyboard.press(key);
      const outlined = await page.evaluate(
        `[document.activeElement, document.activeElement.closest('label')]
          .some((element) => element && getComputedStyle(element).outlineStyle !== 'none')`,
      );
      expect(outlined, `an outline after ${key}`).to.equal(true);
    };
    await page.goto(example.url);
    await press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).to.equal('Skip to content');
    await press('Tab');
    await press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('This is not Dribbble').waitFor();
    await press('Tab');
    await press('ArrowDown');
    await press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${example.url}/profile`);
    expect(await heading()).to.equal('rookie');
  });

  /** Every page, with its title, for somebody who signs in as `login`. */
  async function everyPage(login: string, look: (name: string) => Promise<void>): Promise<void> {
    await page.goto(example.url);
    await look('sign-in');
    await askToSignIn('/?denied&returnTo=/data');
    await look('consent');
    await page.getByRole('radio', { name: `@${login}` }).check();
    await button('Authorize').click();
    await page.waitForURL(`${example.url}/data`);
    await look('data');
    await page.getByRole('link', { name: 'Profile', exact: true }).click();
    await look('profile');
    await page.goto(`${example.url}/nowhere`);
    await look('not-found');
    await button('Sign out').click();
    await look('signed-out');
    await page.goto(`${example.url}/auth/dribbble/callback?code=a&state=b`);
    await look('failed');
    forgive(/40[34] \(/);
  }

  const looks: Parameters<typeof open>[0][] = [
    { viewport: wide, colorScheme: 'light' },
    { viewport: wide, colorScheme: 'dark' },
    { viewport: narrow, colorScheme: 'light' },
    { viewport: narrow, colorScheme: 'dark' },
    { viewport: middle, forcedColors: 'active' },
  ];
  for (const look of looks) {
    it(`has no page with a finding of axe-core, with ${JSON.stringify(look)}`, async () => {
      await reopen(look);
      await everyPage('martaquill', async (name) => {
        await page.evaluate(axe.source);
        expect(await findings(), name).to.deep.equal([]);
      });
    });
  }

  for (const viewport of [wide, middle, narrow]) {
    it(`keeps the header's height and one left edge on every page, at ${String(viewport.width)} pixels`, async () => {
      await page.setViewportSize(viewport);
      const edges: Record<string, unknown> = {};
      await everyPage('martaquill', async (name) => {
        if (name === 'consent') return;
        edges[name] = await page.evaluate(`
          [
            document.querySelector('.bar').offsetHeight,
            ...['.brand', 'main > *', 'footer p'].map((part) => document.querySelector(part).getBoundingClientRect().left),
          ]
        `);
      });
      const [height, left] = edges['sign-in'] as number[];
      const names = ['sign-in', 'data', 'profile', 'not-found', 'signed-out', 'failed'];
      const same = [height, left, left, left];
      expect(edges).to.deep.equal(Object.fromEntries(names.map((name) => [name, same])));
    });
  }

  it('names each page in its title, describes it, and marks it in the menu', async () => {
    const titles: string[] = [];
    const marked: string[] = [];
    await everyPage('martaquill', async (name) => {
      marked.push(...(await page.locator('nav [aria-current=page]').allInnerTexts()));
      if (name === 'consent') return;
      titles.push(await page.title());
      const description = await page.locator('meta[name=description]').getAttribute('content');
      expect(description).to.contain('sign in with Dribbble');
    });
    expect(titles).to.deep.equal([
      'Sign in · Courtside',
      'Your data · Courtside',
      'Marta Quill · Courtside',
      'There is no such page · Courtside',
      'Signed out · Courtside',
      'We could not match this sign-in to you · Courtside',
    ]);
    expect(marked).to.deep.equal(['Your data', 'Profile']);
  });

  it('moves nothing for people who do not want motion', async () => {
    await page.goto(example.url);
    const seconds = await page.evaluate(
      "getComputedStyle(document.querySelector('.button')).transitionDuration",
    );
    expect(seconds).to.equal('0s');
  });

  it('has a favicon', async () => {
    await page.goto(example.url);
    const icons = await page.locator('link[rel=icon]').all();
    const statuses = icons.map(async (icon) =>
      (await page.request.get(example.url + String(await icon.getAttribute('href')))).status(),
    );
    expect(await Promise.all(statuses)).to.deep.equal([200, 200]);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const viewport of [wide, middle, narrow]) {
      it(`fits ${String(viewport.width)} pixels in ${colorScheme}`, async () => {
        for (const login of ['martaquill', 'bobbytags']) {
          await reopen({ viewport, colorScheme });
          await everyPage(login, async (name) => {
            const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
            expect(overflow, `pixels too wide at ${page.url()}`).to.be.at.most(0);
            if (login !== 'martaquill' || viewport === middle) return;
            if (!['sign-in', 'consent', 'profile'].includes(name)) return;
            const file = path.join(folders[colorScheme], `${name}-${String(viewport.width)}.png`);
            await page.screenshot({ path: file, fullPage: true });
          });
        }
      });
    }
  }
});
