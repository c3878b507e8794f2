import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect } from 'chai';
import type { RequestHandler } from 'express';
import { Passport } from 'passport';
import { CookieStateStore, type CookieStateStoreOptions } from 'passport-dribbble-oauth2';
import { OfflineDribbble } from '../../support/offline';
import { hostOf, listen } from '../../support/servers';
import { begin, comeBack, expectRefused, META, type Leg } from './support';

const SECRET = 'a secret that only the instances of this app know';
const OTHER_SECRET = 'another secret, which another app or an attacker has';
const BROWSER_LIMIT = 4096; // RFC 6265, section 6.1
const TEN_MINUTES = 600_000;

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

  /** Begins a login, and gives the state that goes to Dribbble. */
  begin(store: CookieStateStore, leg: Leg = {}): string {
    return this.visit(leg, (req) => begin(store, { ...leg, req }));
  }

  comeBack(store: CookieStateStore, state: unknown, leg: Leg = {}): unknown[] {
    return this.visit(leg, (req) => comeBack(store, state, { ...leg, req }));
  }

  /** The one cookie set by the last response. */
  get onlySet(): SetCookie {
    const [cookie] = this.set;
    if (!cookie || this.set.length > 1)
      throw new Error(`${String(this.set.length)} cookies were set, not one`);
    return cookie;
  }

  /** One request to the app, as Express has it. */
  private visit<T>({ req }: Leg, use: (req: object) => T): T {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = { res: response(), socket: {}, headers: cookie === '' ? {} : { cookie }, ...req };
    this.set = [];
    const result = use(sent);
    this.set = [sent.res.getHeader('Set-Cookie') ?? []].flat().map((line) => parse(String(line)));
    for (const { name, value, attributes } of this.set) {
      if (attributes.includes('max-age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return result;
  }
}

describe('CookieStateStore', () => {
  const realNow = Date.now;
  let browser: Browser;
  /** One instance of an app without sessions. */
  let store: CookieStateStore;
  const storeWith = (options: Partial<CookieStateStoreOptions> = {}): CookieStateStore =>
    new CookieStateStore({ secret: SECRET, ...options });
  beforeEach(() => {
    browser = new Browser();
    store = storeWith();
  });
  afterEach(() => {
    Date.now = realNow;
  });

  it('calls back with what the login carries: a PKCE verifier, and the state of the app', () => {
    const state = { returnTo: '/shots' };
    const handle = browser.begin(store, { verifier: 'the-verifier', state });
    expect(handle).to.match(/^[\w-]{32}$/);
    expect(browser.comeBack(store, handle)).to.deep.equal([null, 'the-verifier', state]);
    expect(browser.comeBack(store, browser.begin(store))).to.deep.equal([null, true, undefined]);
  });

  it('lets the two legs of a login come to two instances, which share nothing but the secret', () => {
    const handle = browser.begin(store, { state: '/shots' });
    expect(browser.comeBack(storeWith(), handle)).to.deep.equal([null, true, '/shots']);
  });

  it('signs people in while the secret is being replaced, and not once it is gone', () => {
    const during = storeWith({ secret: [OTHER_SECRET, SECRET] });
    const after = storeWith({ secret: [OTHER_SECRET] });
    expect(browser.comeBack(during, browser.begin(store))[1]).to.equal(true);
    expect(browser.comeBack(after, browser.begin(during))[1]).to.equal(true);
    expectRefused(browser.comeBack(after, browser.begin(store)), 'state_unknown');
  });

  describe('as it sets a cookie', () => {
    it('makes it HttpOnly and SameSite=Lax, for the whole host and ten minutes', () => {
      browser.begin(store);
      expect(browser.onlySet.name).to.match(/^dribbble-state\./);
      const attributes = ['max-age=600', 'path=/', 'httponly', 'samesite=lax'];
      expect(browser.onlySet.attributes).to.have.members(attributes);
    });

    for (const [how, req, callbackURL] of [
      ["as Express's req.secure says", { secure: true }, undefined],
      ['as the socket says where there is no Express', { socket: { encrypted: true } }, undefined],
      ['as the callbackURL says without a socket', { socket: undefined }, 'https://app.test/callback'],
      ['as the callbackURL says behind a proxy', { secure: false }, 'https://app.test/callback'],
      ['as a callbackURL in capitals says', { secure: false }, 'HTTPS://app.test/callback'],
    ] as const) {
      it(`makes it Secure and gives it the __Host- prefix under https, ${how}`, () => {
        const leg = { req, meta: { ...META, callbackURL } };
        const handle = browser.begin(store, leg);
        expect(browser.onlySet.name).to.match(/^__Host-dribbble-state\./);
        expect(browser.onlySet.attributes).to.include.members(['secure', 'path=/']);
        expect(browser.comeBack(store, handle, leg)[1]).to.equal(true);
        expect(browser.onlySet.attributes).to.include.members(['max-age=0', 'secure', 'path=/']);
      });
    }

    it('makes it neither where the callback URL is over http too', () => {
      const meta = { ...META, callbackURL: 'http://localhost:3000/callback' };
      browser.begin(store, { req: { secure: false }, meta });
      expect(browser.onlySet.name).to.match(/^dribbble-state\./);
      expect(browser.onlySet.attributes).not.to.include('secure');
    });

    it('lets it last as long as maxAge says', () => {
      browser.begin(storeWith({ maxAge: 90_000 }));
      expect(browser.onlySet.attributes).to.include('max-age=90');
    });

    it('hides what the login carries in it, and seals that anew each time', () => {
      const login = { verifier: 'the-verifier', state: '/private-plans' };
      const values = [1, 2].map(() => {
        browser.begin(store, login);
        return browser.onlySet.value;
      });
      const readable = values.map((value) => Buffer.from(value, 'base64url').toString('latin1') + value);
      for (const text of readable) expect(text).not.to.match(/the-verifier|private-plans/);
      expect(values[0]).not.to.equal(values[1]);
    });

    it('removes it when the login comes back, well or badly', () => {
      for (const meta of [META, { ...META, clientID: 'another-id' }]) {
        const handle = browser.begin(store);
        const { name } = browser.onlySet;
        browser.comeBack(store, handle, { meta });
        expect(browser.onlySet).to.deep.include({ name, value: '' });
        expect(browser.cookies).to.be.empty;
      }
    });

    it("leaves the app's own cookies beside it", () => {
      const res = response();
      res.setHeader('Set-Cookie', 'theme=dark');
      browser.begin(store, { req: { res, headers: { cookie: 'theme=light; consent=yes' } } });
      const names = browser.set.map(({ name }) => name.replace(/\..*/, ''));
      expect(names).to.deep.equal(['theme', 'dribbble-state']);
    });
  });

  describe('refuses', () => {
    for (const [what, state] of [
      ['empty', ''],
      ['too short', 'short'],
      ['too long', 'x'.repeat(33)],
      ['made to name another cookie', 'x; theme=dark; padding-to-length'],
    ] as const) {
      it(`a state that is ${what}`, () => {
        browser.begin(store);
        expectRefused(browser.comeBack(store, state), 'state_unknown');
        expect(browser.set).to.be.empty;
      });
    }

    it('a callback without a state', () => {
      browser.begin(store);
      expectRefused(browser.comeBack(store, undefined), 'state_missing');
    });

    // Login CSRF: the attacker's state, in a browser that has a login of its own, or the attacker's cookie renamed.
    it("another login's state, with the browser's own cookie, also under that login's name", () => {
      browser.begin(store);
      const { name, value } = browser.onlySet;
      const state = new Browser().begin(store);
      expectRefused(browser.comeBack(store, state), 'state_unknown');
      browser.cookies.set(name.replace(/\..*/, `.${state}`), value);
      expectRefused(browser.comeBack(store, state), 'state_unknown');
    });

    it('a cookie with any one byte changed, cut off anywhere, oversized, or no base64url', () => {
      const state = browser.begin(store, { state: { returnTo: '/shots' } });
      const { name, value } = browser.onlySet;
      const contents = Array.from({ length: value.length - 1 }, (_, length) => value.slice(0, length));
      const bytes = Buffer.from(value, 'base64url');
      for (const position of bytes.keys()) {
        const tampered = Buffer.from(bytes);
        tampered[position] = (tampered[position] ?? 0) ^ 1;
        contents.push(tampered.toString('base64url'));
      }
      for (const content of [...contents, 'A'.repeat(12_000), '%00<>"é', 'A'.repeat(120)]) {
        browser.cookies.set(name, content);
        expectRefused(browser.comeBack(store, state), 'state_unknown');
      }
    });

    for (const [what, theirs] of [
      ['application', { clientID: 'another-id' }],
      ['authorization endpoint', { authorizationURL: 'https://elsewhere.test/authorize' }],
      ['token endpoint', { tokenURL: 'https://elsewhere.test/token' }],
      ['callback URL', { callbackURL: 'http://app.test/elsewhere' }],
    ] as const) {
      it(`a cookie of another ${what} under the same secret`, () => {
        const state = browser.begin(store, { meta: { ...META, ...theirs } });
        expectRefused(browser.comeBack(store, state), 'state_unknown');
      });
    }

    it('a cookie from the millisecond at which it expires, though the browser still sends it', () => {
      Date.now = () => 1_700_000_000_000;
      const inTime = browser.begin(store);
      const late = browser.begin(store);
      Date.now = () => 1_700_000_000_000 + TEN_MINUTES - 1;
      expect(browser.comeBack(store, inTime)[1]).to.equal(true);
      Date.now = () => 1_700_000_000_000 + TEN_MINUTES;
      expectRefused(browser.comeBack(store, late), 'state_expired');
    });

    it('a second use, even if a copy of the cookie was kept', () => {
      const state = browser.begin(store);
      const { name, value } = browser.onlySet;
      expect(browser.comeBack(store, state)[1]).to.equal(true);
      expectRefused(browser.comeBack(store, state), 'state_used');
      browser.cookies.set(name, value);
      expectRefused(browser.comeBack(store, state), 'state_used');
    });

    it('a cookie whose name has a blank in it, which a sibling host can set', () => {
      const leg = { meta: { ...META, callbackURL: 'https://app.test/callback' } };
      const attacker = new Browser();
      const state = attacker.begin(store, leg);
      const { name, value } = attacker.onlySet;
      for (const planted of [`\xa0${name}`, name.replace('__Host-', '__Host -')]) {
        browser.cookies.clear();
        browser.cookies.set(planted, value);
        expectRefused(browser.comeBack(store, state, leg), 'state_unknown');
      }
      // Browsers strip a tab or a space before a name.
      browser.cookies.clear();
      browser.cookies.set(` \t${name}`, value);
      expect(browser.comeBack(store, state, leg)[1]).to.equal(true);
    });
  });

  it('lets the logins of twelve tabs end in the opposite order, each with its own state', () => {
    const handles = Array.from({ length: 12 }, (_, tab) => browser.begin(store, { state: tab }));
    for (const [tab, handle] of [...handles.entries()].reverse())
      expect(browser.comeBack(store, handle)).to.deep.equal([null, true, tab]);
    expect(browser.cookies).to.be.empty;
  });

  it('never sends more cookies than every browser keeps of one: the oldest login makes room', () => {
    const handles = [];
    for (let tab = 0; tab < 60; tab += 1) {
      handles.push(browser.begin(store, { state: { returnTo: '/'.padEnd(tab * 20, 'x') } }));
      const bytes = [...browser.cookies].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
      expect(bytes).to.be.at.most(BROWSER_LIMIT);
    }
    expectRefused(browser.comeBack(store, handles[0]), 'state_unknown');
    expect(browser.comeBack(store, handles.at(-1))[1]).to.equal(true);
  });

  it('leaves cookies alone that are not its own, however like they look', () => {
    for (const name of ['-state.mine', `_state.${'x'.repeat(32)}`, `-state.${'x'.repeat(33)}`])
      browser.cookies.set(`dribbble${name}`, 'x'.repeat(BROWSER_LIMIT));
    browser.begin(store);
    expect(browser.onlySet.value).not.to.be.empty;
  });

  it('clears a few at a time of 180 planted cookies', () => {
    for (let number = 0; number < 180; number += 1)
      browser.cookies.set(`dribbble-state.${String(number).padStart(32, 'x')}`, 'x'.repeat(60));
    browser.begin(store);
    expect(browser.set).to.have.length(9);
    for (const { value } of browser.set.slice(0, 8)) expect(value).to.equal('');
    expect(browser.set.reduce((bytes, { line }) => bytes + line.length, 0)).to.be.below(2000);
  });

  it('takes an app state up to the size that browsers keep, and says what to do about a bigger one', () => {
    const fits = browser.begin(store, { state: 'x'.repeat(2_800) });
    expect(browser.onlySet.line.length).to.be.at.most(BROWSER_LIMIT);
    expect(browser.comeBack(store, fits)[1]).to.equal(true);
    expect(() => browser.begin(store, { state: 'x'.repeat(BROWSER_LIMIT) })).to.throw(
      /cookie of \d{4} bytes, and browsers keep 4096: carry less, such as a path or an id\.$/,
    );
    expect(browser.set).to.be.empty;
  });

  it('throws a TypeError if the app state is none that can be kept', () => {
    const circular: { self?: object } = {};
    circular.self = circular;
    expect(() => browser.begin(store, { state: circular })).to.throw(TypeError, /circular/);
  });

  for (const [what, res] of [
    ['gives no req.res', null],
    ['gives a req.res of its own, as koa-passport does', { setHeader: () => undefined }],
  ] as const) {
    it(`throws on either leg, and says what to do, if the framework ${what}`, () => {
      const says = /needs Node's response as req\.res, which Express sets .*keep the state in a session/;
      expect(() => browser.begin(store, { req: { res } })).to.throw(says);
      expect(() => browser.comeBack(store, 'x'.repeat(32), { req: { res } })).to.throw(says);
    });
  }

  it('reads a Cookie header that is full of blanks in no time', () => {
    const state = browser.begin(store);
    const { name, value } = browser.onlySet;
    const cookie = `a${' '.repeat(60_000)}b; ${name}=${value}`;
    const begun = process.cpuUsage();
    expect(browser.comeBack(store, state, { req: { headers: { cookie } } })[1]).to.equal(true);
    expect(process.cpuUsage(begun).user).to.be.below(700_000);
  });

  it("signs in without a session by Node's bare http, with the response set as req.res", async () => {
    const dribbble = new OfflineDribbble();
    const passport = new Passport().use(dribbble.strategy({ store }));
    const authenticated = passport.authenticate('dribbble', { session: false }) as RequestHandler;
    const server = await listen(
      createServer((req, res) => {
        // What Express sets.
        const { searchParams } = new URL(req.url ?? '', 'http://localhost');
        Object.assign(req, { res, query: Object.fromEntries(searchParams) });
        void authenticated(req as never, res as never, () => {
          res.end('signed in');
        });
      }),
    );
    try {
      const url = `http://${hostOf(server)}/`;
      const begun = await fetch(url, { redirect: 'manual' });
      const sentTo = new URL(begun.headers.get('location') ?? '');
      const [code, state] = [dribbble.authorize('1', sentTo), sentTo.searchParams.get('state') ?? ''];
      const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
      const back = await fetch(`${url}?code=${code}&state=${state}`, { headers: { cookie } });
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
      ['a maxAge of less than a second', { secret: long, maxAge: 999 }, 'maxAge'],
      ['a maxAge that is not a number', { secret: long, maxAge: Number.NaN }, 'maxAge'],
      ['a maxAge without end', { secret: long, maxAge: Number.POSITIVE_INFINITY }, 'maxAge'],
    ] as const) {
      it(`throws a TypeError that names ${name} for ${what}`, () => {
        const says = `CookieStateStore's ${name} option`;
        expect(() => new CookieStateStore(options as never)).to.throw(TypeError, says);
      });
    }

    it('takes a maxAge of a second', () => {
      expect(storeWith({ maxAge: 1000 })).to.be.instanceOf(CookieStateStore);
    });
  });
});
