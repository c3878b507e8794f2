import { once } from 'node:events';
import { Agent, createServer, IncomingMessage, ServerResponse } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { RequestHandler } from 'express';
import { Passport } from 'passport';
import {
  CookieStateStore,
  DribbbleStrategy,
  type CookieStateStoreOptions,
  type DribbbleAuthenticateOptions,
  type DribbbleStrategyOptions,
} from 'passport-dribbble-oauth2';
import { authenticate, expectKind, type FakeRequest, type Outcome } from '../../support/authenticate';
import { FakeDribbble } from '../../support/fake-dribbble';

const SECRET = 'a secret that only the instances of this app know';
const OTHER_SECRET = 'another secret, which another app or an attacker has';
const BROWSER_LIMIT = 4096; // RFC 6265, section 6.1
const MINUTE = 60_000;

function setTime(now: number): void {
  Date.now = () => now;
}

/** A Set-Cookie header taken apart; `attributes` in lower case. */
interface SetCookie {
  name: string;
  value: string;
  attributes: string[];
  line: string;
}

function parse(line: string): SetCookie {
  const [pair = '', ...attributes] = line.split('; ');
  const [name = '', value = ''] = pair.split('=');
  return { name, value, attributes: attributes.map((attribute) => attribute.toLowerCase()), line };
}

function response(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

/** Somebody's browser: keeps cookies, in the order they came, and sends them along. */
class Browser {
  readonly cookies = new Map<string, string>();
  /** What the last response set. */
  set: SetCookie[] = [];

  /** One request to the app that the strategy stands in, with or without a session. */
  async visit(
    strategy: DribbbleStrategy,
    request: FakeRequest = {},
    options?: DribbbleAuthenticateOptions,
  ): Promise<Outcome> {
    const { res = response() } = request as { res?: Partial<ServerResponse> | null };
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = cookie === '' ? {} : { cookie };
    const outcome = await authenticate(
      strategy,
      { session: undefined, socket: {}, res, headers, ...request },
      options,
    );
    this.set = [res?.getHeader?.('Set-Cookie') ?? []].flat().map((line) => parse(String(line)));
    for (const { name, value, attributes } of this.set) {
      if (attributes.includes('max-age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return outcome;
  }

  /** Begins a login, and gives the state that goes to Dribbble. */
  async begin(
    strategy: DribbbleStrategy,
    options?: DribbbleAuthenticateOptions,
    request?: FakeRequest,
  ): Promise<string> {
    const { url } = expectKind(await this.visit(strategy, request, options), 'redirect');
    return url.searchParams.get('state') ?? '';
  }

  comeBack(strategy: DribbbleStrategy, state: unknown, request: FakeRequest = {}): Promise<Outcome> {
    return this.visit(strategy, { query: { code: 'the-code', state }, ...request });
  }

  /** The one cookie set by the last response. */
  get onlySet(): SetCookie {
    const [cookie] = this.set;
    if (!cookie || this.set.length > 1)
      throw new Error(`${String(this.set.length)} cookies were set, not one`);
    return cookie;
  }
}

describe('CookieStateStore', () => {
  const realNow = Date.now;
  let dribbble: FakeDribbble;
  let browser: Browser;

  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
    browser = new Browser();
  });
  afterEach(async () => {
    Date.now = realNow;
    await dribbble.stop();
  });

  /** One instance of an app without sessions. */
  function app(
    options: Partial<DribbbleStrategyOptions> = {},
    store: Partial<CookieStateStoreOptions> = {},
  ): DribbbleStrategy {
    return new DribbbleStrategy(
      {
        clientID: 'the-id',
        clientSecret: 'the-client-secret',
        ...dribbble.endpoints,
        store: new CookieStateStore({ secret: SECRET, ...store }),
        ...options,
      },
      (_accessToken, _refreshToken, profile) => profile,
    );
  }

  /** The login failed, with these words, and Dribbble heard nothing of it. */
  function expectRefused(outcome: Outcome, words: RegExp): void {
    const { challenge, status } = expectKind(outcome, 'fail');
    expect(challenge?.message).to.match(words);
    expect(status).to.equal(403);
    expect(dribbble.received).to.be.empty;
  }

  it('signs somebody in without a session', async () => {
    const strategy = app();
    const state = await browser.begin(strategy);
    const { user } = expectKind(await browser.comeBack(strategy, state), 'success');
    expect(user).to.include({ id: '1', username: 'maya' });
    expect(state).to.match(/^[\w-]{32}$/);
  });

  describe('as it sets a cookie', () => {
    it('makes it HttpOnly and SameSite=Lax, for the whole host and ten minutes', async () => {
      await browser.begin(app());
      expect(browser.onlySet.name).to.match(/^dribbble-state\./);
      expect(browser.onlySet.attributes).to.have.members([
        'max-age=600',
        'path=/',
        'httponly',
        'samesite=lax',
      ]);
    });

    for (const [how, request, callbackURL] of [
      ["as Express's req.secure says", { secure: true }, undefined],
      ['as the socket says where there is no Express', { socket: { encrypted: true } }, undefined],
      [
        'as the callbackURL says behind a proxy that the app does not know of',
        { secure: false },
        'https://app.test/callback',
      ],
    ] as const) {
      it(`makes it Secure and gives it the __Host- prefix under https, ${how}`, async () => {
        const strategy = app({ callbackURL });
        const state = await browser.begin(strategy, undefined, request);
        expect(browser.onlySet.name).to.match(/^__Host-dribbble-state\./);
        expect(browser.onlySet.attributes).to.include.members(['secure', 'path=/']);
        expectKind(await browser.comeBack(strategy, state, request), 'success');
        expect(browser.onlySet.attributes).to.include.members(['max-age=0', 'secure', 'path=/']);
      });
    }

    it('makes it neither where the callback URL is over http too', async () => {
      await browser.begin(app({ callbackURL: 'http://localhost:3000/callback' }), undefined, {
        secure: false,
      });
      expect(browser.onlySet.name).to.match(/^dribbble-state\./);
      expect(browser.onlySet.attributes).not.to.include('secure');
    });

    it('lets it last as long as maxAge says', async () => {
      await browser.begin(app({}, { maxAge: 90_000 }));
      expect(browser.onlySet.attributes).to.include('max-age=90');
    });

    it('hides the app state and the PKCE verifier in it', async () => {
      const strategy = app({ pkce: true });
      const state = await browser.begin(strategy, { state: { returnTo: '/private-plans' } });
      const { value } = browser.onlySet;
      const readable = Buffer.from(value, 'base64url').toString('latin1') + value;
      await browser.comeBack(strategy, state);
      const verifier = new URLSearchParams(dribbble.received[0]?.body).get('code_verifier');
      expect(verifier).to.be.a('string').with.length.above(40);
      expect(readable).not.to.include('private-plans').and.not.to.include(verifier);
    });

    it('seals it anew each time', async () => {
      const strategy = app();
      await browser.begin(strategy);
      const first = browser.onlySet.value;
      await browser.begin(strategy);
      expect(browser.onlySet.value).not.to.equal(first);
    });

    it('removes it when the login comes back, well or badly', async () => {
      const strategy = app();
      const state = await browser.begin(strategy);
      const { name } = browser.onlySet;
      await browser.comeBack(strategy, state);
      expect(browser.onlySet).to.deep.include({ name, value: '' });
      expect(browser.cookies).to.be.empty;

      const other = await browser.begin(strategy);
      expectKind(await browser.comeBack(app({ clientID: 'another-id' }), other), 'fail');
      expect(browser.cookies).to.be.empty;
    });

    it("leaves the app's own cookies beside it", async () => {
      const res = response();
      res.setHeader('Set-Cookie', 'theme=dark');
      await browser.visit(app(), { res, headers: { cookie: 'theme=light; consent=yes' } });
      expect(browser.set.map(({ name }) => name.replace(/\..*/, ''))).to.deep.equal([
        'theme',
        'dribbble-state',
      ]);
    });
  });

  describe('in a login', () => {
    it('signs in without PKCE, and without a callback URL', async () => {
      const strategy = app({ pkce: false });
      expectKind(await browser.comeBack(strategy, await browser.begin(strategy)), 'success');
    });

    it('keeps the PKCE verifier and the app state at once', async () => {
      const strategy = app({ pkce: 'plain' });
      const outcome = await browser.visit(strategy, {}, { state: { returnTo: '/shots' } });
      const { searchParams } = expectKind(outcome, 'redirect').url;
      const { info } = expectKind(await browser.comeBack(strategy, searchParams.get('state')), 'success');
      expect(info['state']).to.deep.equal({ returnTo: '/shots' });
      expect(new URLSearchParams(dribbble.received[0]?.body).get('code_verifier')).to.equal(
        searchParams.get('code_challenge'),
      );
    });
  });

  describe('in two instances, one for each leg,', () => {
    it('needs to share nothing but the secret', async () => {
      const state = await browser.begin(app(), { state: { returnTo: '/shots' } });
      const { info } = expectKind(await browser.comeBack(app(), state), 'success');
      expect(info['state']).to.deep.equal({ returnTo: '/shots' });
    });

    it('signs people in while the secret is being replaced', async () => {
      const before = app();
      const during = app({}, { secret: [OTHER_SECRET, SECRET] });
      const after = app({}, { secret: [OTHER_SECRET] });

      expectKind(await browser.comeBack(during, await browser.begin(before)), 'success');
      expectKind(await browser.comeBack(after, await browser.begin(during)), 'success');
    });

    it('refuses what was sealed with a secret that is gone', async () => {
      const state = await browser.begin(app());
      expectRefused(
        await browser.comeBack(app({}, { secret: OTHER_SECRET }), state),
        /not begun in this browser/,
      );
    });
  });

  describe('without asking Dribbble', () => {
    it('refuses a callback in a browser that began no login (login CSRF)', async () => {
      const strategy = app();
      const attacker = new Browser();
      const state = await attacker.begin(strategy);
      expectRefused(await browser.comeBack(strategy, state), /not begun in this browser/);
    });

    it("refuses a browser's own cookie with another login's state", async () => {
      const strategy = app();
      await browser.begin(strategy);
      const state = await new Browser().begin(strategy);
      expectRefused(await browser.comeBack(strategy, state), /not begun in this browser/);
    });

    it("refuses a cookie renamed to another login's state", async () => {
      const strategy = app();
      await browser.begin(strategy);
      const { name, value } = browser.onlySet;
      const state = await new Browser().begin(strategy);
      browser.cookies.set(name.replace(/\..*/, `.${state}`), value);
      expectRefused(await browser.comeBack(strategy, state), /not begun in this browser/);
    });

    it('refuses a missing state', async () => {
      const strategy = app();
      await browser.begin(strategy);
      expectRefused(await browser.comeBack(strategy, undefined), /without the state/);
    });

    for (const [what, state] of [
      ['empty', ''],
      ['too short', 'short'],
      ['too long', 'x'.repeat(33)],
      ['made to name another cookie', 'x; theme=dark; padding-to-length'],
    ] as const) {
      it(`refuses a state that is ${what}`, async () => {
        const strategy = app();
        await browser.begin(strategy);
        expectRefused(await browser.comeBack(strategy, state), /without the state|not begun in this browser/);
        expect(browser.set).to.be.empty;
      });
    }

    it('refuses a cookie with any one byte changed', async () => {
      const state = await browser.begin(app(), { state: { returnTo: '/shots' } });
      const { name, value } = browser.onlySet;
      const bytes = Buffer.from(value, 'base64url');
      for (const position of bytes.keys()) {
        const tampered = Buffer.from(bytes);
        tampered[position] = (tampered[position] ?? 0) ^ 1;
        browser.cookies.set(name, tampered.toString('base64url'));
        expectRefused(await browser.comeBack(app(), state), /not begun in this browser/);
      }
    });

    it('refuses a cookie cut off anywhere', async () => {
      const state = await browser.begin(app());
      const { name, value } = browser.onlySet;
      for (let length = 0; length < value.length - 1; length += 1) {
        browser.cookies.set(name, value.slice(0, length));
        expectRefused(await browser.comeBack(app(), state), /not begun in this browser/);
      }
    });

    for (const [what, content] of [
      ['oversized', 'A'.repeat(12_000)],
      ['no base64url', '%00<>"é'],
      ['of the right length, but made up', 'A'.repeat(120)],
    ] as const) {
      it(`refuses a cookie that is ${what}`, async () => {
        const state = await browser.begin(app());
        browser.cookies.set(browser.onlySet.name, content);
        expectRefused(await browser.comeBack(app(), state), /not begun in this browser/);
      });
    }

    for (const [what, theirs] of [
      ['application', { clientID: 'another-id' }],
      ['authorization endpoint', { authorizationURL: 'https://elsewhere.test/authorize' }],
      ['token endpoint', { tokenURL: 'https://elsewhere.test/token' }],
      ['callback URL', { callbackURL: 'http://app.test/elsewhere' }],
    ] as const) {
      it(`refuses a cookie of another ${what} under the same secret`, async () => {
        const agent = new Agent(); // with one, a strategy does not preconnect
        const state = await browser.begin(app({ ...theirs, agent }));
        expectRefused(await browser.comeBack(app(), state), /not begun in this browser/);
      });
    }

    it('refuses a cookie from the millisecond at which it expires, though the browser still sends it', async () => {
      setTime(1_700_000_000_000);
      const strategy = app();
      const intime = await browser.begin(strategy);
      const late = await browser.begin(strategy);
      setTime(1_700_000_000_000 + 10 * MINUTE - 1);
      expectKind(await browser.comeBack(strategy, intime), 'success');
      dribbble.received.length = 0;
      setTime(1_700_000_000_000 + 10 * MINUTE);
      expectRefused(await browser.comeBack(strategy, late), /took too long/);
    });

    it('refuses a second use, even if a copy of the cookie was kept', async () => {
      const strategy = app();
      const state = await browser.begin(strategy);
      const copy = new Map(browser.cookies);
      expectKind(await browser.comeBack(strategy, state), 'success');
      dribbble.received.length = 0;

      expectRefused(await browser.comeBack(strategy, state), /over already/);
      for (const [name, value] of copy) browser.cookies.set(name, value);
      expectRefused(await browser.comeBack(strategy, state), /over already/);
    });

    it('refuses all but one of many uses at the same time', async () => {
      const strategy = app();
      const state = await browser.begin(strategy);
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () => {
          const copy = new Browser();
          for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
          return copy.comeBack(strategy, state);
        }),
      );
      expect(outcomes.filter(({ kind }) => kind === 'success')).to.have.lengthOf(1);
      expect(outcomes.filter(({ kind }) => kind === 'fail')).to.have.lengthOf(9);
    });
  });

  describe('with several tabs', () => {
    it('lets every login end, in any order, each with its own state', async () => {
      const strategy = app();
      const states = [];
      for (let tab = 0; tab < 12; tab += 1) {
        states.push({ tab, handle: await browser.begin(strategy, { state: { tab } }) });
      }
      for (const { tab, handle } of states.reverse()) {
        const { info } = expectKind(await browser.comeBack(strategy, handle), 'success');
        expect(info['state']).to.deep.equal({ tab });
      }
      expect(browser.cookies).to.be.empty;
    });

    it('never sends more cookies than every browser keeps of one: the oldest login makes room', async () => {
      const strategy = app();
      const handles = [];
      for (let tab = 0; tab < 60; tab += 1) {
        handles.push(await browser.begin(strategy, { state: { returnTo: '/'.padEnd(tab * 20, 'x') } }));
        const bytes = [...browser.cookies].reduce(
          (sum, [name, value]) => sum + name.length + value.length,
          0,
        );
        expect(bytes).to.be.at.most(BROWSER_LIMIT);
      }
      expectRefused(await browser.comeBack(strategy, handles[0]), /not begun in this browser, or is over/);
      expectKind(await browser.comeBack(strategy, handles.at(-1)), 'success');
    });

    it('leaves cookies alone that are not its own, however like they look', async () => {
      const strategy = app();
      for (const name of ['-state.mine', `_state.${'x'.repeat(32)}`, `-state.${'x'.repeat(33)}`])
        browser.cookies.set(`dribbble${name}`, 'x'.repeat(BROWSER_LIMIT));
      await browser.begin(strategy);
      expect(browser.onlySet.value).not.to.be.empty;
    });
  });

  it('takes an app state up to the size that browsers keep, and says what to do about a bigger one', async () => {
    const strategy = app();
    const fits = await browser.begin(strategy, { state: 'x'.repeat(2_800) });
    expect(browser.onlySet.line.length).to.be.at.most(BROWSER_LIMIT);
    expectKind(await browser.comeBack(strategy, fits), 'success');

    const { error } = expectKind(
      await browser.visit(strategy, {}, { state: 'x'.repeat(BROWSER_LIMIT) }),
      'error',
    );
    expect(error.message).to.match(/cookie of \d{4} bytes, and browsers keep 4096: carry less/);
    expect(browser.set).to.be.empty;
  });

  it('calls back with an error if the app state is none that can be kept', async () => {
    const circular: { self?: object } = {};
    circular.self = circular;
    const { error } = expectKind(await browser.visit(app(), {}, { state: circular }), 'error');
    expect(error).to.be.an.instanceOf(TypeError);
    expect(error.message).to.match(/circular/);
  });

  for (const [leg, query] of [
    ['when a login begins', {}],
    ['when it comes back', { code: 'the-code', state: 'x'.repeat(32) }],
  ] as const) {
    for (const [what, res] of [
      ['gives no req.res', null],
      ['gives a req.res of its own, as koa-passport does', { setHeader: () => undefined }],
    ] as const) {
      it(`calls back with an error that says what to do if the framework ${what}, ${leg}`, async () => {
        const { error } = expectKind(await browser.visit(app(), { res, query }), 'error');
        expect(error.message).to.match(/needs Node's response as req\.res, which Express sets/);
        expect(error.message).to.include('keep the state in a session');
        expect(dribbble.received).to.be.empty;
      });
    }
  }

  it('takes no cookie for its own whose name has a blank in it, which a sibling host can set', async () => {
    const strategy = app({ callbackURL: 'https://app.test/callback' });
    const attacker = new Browser();
    const state = await attacker.begin(strategy);
    const { name, value } = attacker.onlySet;
    expect(name).to.match(/^__Host-/);
    for (const planted of [`\xa0${name}`, name.replace('__Host-', '__Host -')]) {
      browser.cookies.clear();
      browser.cookies.set(planted, value);
      expectRefused(await browser.comeBack(strategy, state), /not begun in this browser/);
    }
    // Browsers strip a tab or a space before a name.
    browser.cookies.clear();
    browser.cookies.set(` \t${name}`, value);
    expectKind(await browser.comeBack(strategy, state), 'success');
  });

  it('reads a Cookie header that is full of blanks in no time', async () => {
    const strategy = app();
    const state = await browser.begin(strategy);
    const { name, value } = browser.onlySet;
    const cookie = `a${' '.repeat(60_000)}b; ${name}=${value}`;
    const begun = process.cpuUsage();
    expectKind(await browser.comeBack(strategy, state, { headers: { cookie } }), 'success');
    expect(process.cpuUsage(begun).user).to.be.below(700_000);
  });

  it('makes the cookie Secure if the callback URL is written HTTPS://', async () => {
    await browser.begin(app({ callbackURL: 'HTTPS://app.test/callback' }));
    expect(browser.onlySet.name).to.match(/^__Host-/);
  });

  it('clears a few at a time of 180 planted cookies', async () => {
    const strategy = app();
    for (let number = 0; number < 180; number += 1) {
      browser.cookies.set(`dribbble-state.${String(number).padStart(32, 'x')}`, 'x'.repeat(60));
    }
    await browser.begin(strategy);
    expect(browser.set).to.have.length(9);
    for (const { value } of browser.set.slice(0, 8)) expect(value).to.equal('');
    expect(browser.set.reduce((bytes, { line }) => bytes + line.length, 0)).to.be.below(2000);
  });

  it('finishes two logins that were begun at the same instant', async () => {
    const strategy = app();
    const states = await Promise.all([browser.begin(strategy), browser.begin(strategy)]);
    for (const state of states) expectKind(await browser.comeBack(strategy, state), 'success');
  });

  it("signs in by Node's bare http, with the response set as req.res", async () => {
    const passport = new Passport();
    passport.use(app());
    const authenticated = passport.authenticate('dribbble', { session: false }) as RequestHandler;
    const server = createServer((req, res) => {
      // What Express sets.
      const { searchParams } = new URL(req.url ?? '', 'http://localhost');
      Object.assign(req, { res, query: Object.fromEntries(searchParams) });
      void authenticated(req as never, res as never, () => {
        res.end('signed in');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
      const begun = await fetch(url, { redirect: 'manual' });
      const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
      const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
      const back = await fetch(`${url}?code=the-code&state=${state}`, { headers: { cookie } });
      expect(await back.text()).to.equal('signed in');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  describe('as it is made', () => {
    const long = 'x'.repeat(32);
    for (const [what, options, name] of [
      ['no options', undefined, 'secret'],
      ['null', null, 'secret'],
      ['the secret instead of options', SECRET, 'secret'],
      ['no secret', {}, 'secret'],
      ['an empty secret', { secret: '' }, 'secret'],
      ['a secret that is too short', { secret: 'x'.repeat(31) }, 'secret'],
      ['a secret that is no string', { secret: Buffer.from(long) }, 'secret'],
      ['no secret in the array', { secret: [] }, 'secret'],
      ['a bad secret among good ones', { secret: [long, 'short'] }, 'secret'],
      ['secrets within secrets', { secret: [[long]] }, 'secret'],
      ['a maxAge that is no number', { secret: long, maxAge: '600000' }, 'maxAge'],
      ['a maxAge of less than a second', { secret: long, maxAge: 600 }, 'maxAge'],
      ['a maxAge that is not a number', { secret: long, maxAge: Number.NaN }, 'maxAge'],
      ['a maxAge without end', { secret: long, maxAge: Number.POSITIVE_INFINITY }, 'maxAge'],
    ] as const) {
      it(`throws a TypeError that names ${name} for ${what}`, () => {
        expect(() => new CookieStateStore(options as never)).to.throw(
          TypeError,
          `CookieStateStore's ${name} option`,
        );
      });
    }
  });

  it('takes a maxAge of a second', () => {
    expect(new CookieStateStore({ secret: SECRET, maxAge: 1000 })).to.be.instanceOf(CookieStateStore);
  });

  it('is one of the two ways out that the error for a missing session names', async () => {
    const strategy = app({ store: undefined });
    for (const query of [{}, { code: 'the-code', state: 'x'.repeat(32) }]) {
      const { error } = expectKind(await browser.visit(strategy, { query }), 'error');
      expect(error.message).to.match(/session middleware \(such as express-session\)/);
      expect(error.message).to.include('store: new CookieStateStore({ secret })');
    }
    expect(dribbble.received).to.be.empty;
  });
});
