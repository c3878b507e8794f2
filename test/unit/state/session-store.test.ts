import { expect } from 'chai';
import type { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { authenticate, expectKind, type FakeRequest, type Outcome } from '../../support/authenticate';
import { OfflineDribbble } from '../../support/offline';

const MINUTE = 60_000;
const KEY = 'oauth2:dribbble.com';
type Session = Record<string, unknown>;
interface Tab {
  url: URL;
  comeBack: () => Promise<Outcome>;
}

/** A session that a server keeps, as express-session has it: with an id that is in no JSON. */
function serverSession(): Session {
  return Object.defineProperty({}, 'id', { value: 'the-session-id' });
}

describe('The session as the default store', () => {
  const realNow = Date.now;
  let dribbble: OfflineDribbble;
  let strategy: DribbbleStrategy;
  let session: Session;

  beforeEach(() => {
    dribbble = new OfflineDribbble();
    strategy = dribbble.strategy();
    session = serverSession();
  });
  afterEach(() => {
    Date.now = realNow;
  });

  const visit = (query: object, options?: object, req: FakeRequest = {}): Promise<Outcome> =>
    authenticate(strategy, { session, query: { ...query }, ...req }, options);
  /** A tab: begins a login, and goes on with it later. */
  async function open(appState?: unknown): Promise<Tab> {
    const { url } = expectKind(await visit({}, { state: appState }), 'redirect');
    const state = url.searchParams.get('state');
    return { url, comeBack: () => visit({ code: dribbble.authorize('1', url), state }) };
  }
  async function openMany(count: number): Promise<Tab[]> {
    const tabs: Tab[] = [];
    for (let number = 0; number < count; number += 1) tabs.push(await open(number));
    return tabs;
  }
  const codeOf = (outcome: Outcome): unknown =>
    (expectKind(outcome, 'fail').challenge as { code?: unknown } | undefined)?.code;

  for (const [order, sort] of [
    ['the order in which they began', (tabs: unknown[]) => tabs],
    ['the opposite order', (tabs: unknown[]) => tabs.reverse()],
    ['a mixed order', (tabs: unknown[]) => tabs.sort((a, b) => (String(a) < String(b) ? 1 : -1))],
  ] as const) {
    it(`lets ten logins in ten tabs all finish, in ${order}, each with its own app state`, async () => {
      const tabs = (await openMany(10)).map((tab, number) => ({
        ...tab,
        number,
        toString: () => String((number * 7) % 10),
      }));
      for (const { number, comeBack } of sort(tabs) as typeof tabs) {
        expect(expectKind(await comeBack(), 'success').info).to.deep.equal({ state: number });
      }
    });
  }

  it('lets the oldest login give way to an eleventh', async () => {
    const [oldest, ...others] = (await openMany(11)) as [Tab, ...Tab[]];
    expect(codeOf(await oldest.comeBack())).to.equal('state_unknown');
    for (const { comeBack } of others) expectKind(await comeBack(), 'success');
  });

  it('lets a login last for ten minutes, to the millisecond', async () => {
    Date.now = () => 1_700_000_000_000;
    const [first, second] = (await openMany(2)) as [Tab, Tab];
    Date.now = () => 1_700_000_000_000 + 10 * MINUTE - 1;
    expectKind(await first.comeBack(), 'success');
    Date.now = () => 1_700_000_000_000 + 10 * MINUTE;
    expect(codeOf(await second.comeBack())).to.equal('state_expired');
  });

  describe('ends no other login by a callback', () => {
    const cases: [what: string, query: () => Promise<object>, code: string][] = [
      ['with a forged state', () => Promise.resolve({ code: 'x', state: 'x'.repeat(32) }), 'state_unknown'],
      ['without a state', () => Promise.resolve({ code: 'x' }), 'state_missing'],
      [
        "with another browser's state",
        async () => {
          const outcome = await authenticate(strategy, { session: serverSession() });
          return { code: 'x', state: expectKind(outcome, 'redirect').url.searchParams.get('state') };
        },
        'state_unknown',
      ],
      [
        'whose login is too old',
        async () => {
          const begun = Date.now();
          Date.now = () => begun - 10 * MINUTE;
          const { url } = await open();
          Date.now = realNow;
          return { code: 'x', state: url.searchParams.get('state') };
        },
        'state_unknown', // dropped when the next one began
      ],
      [
        'that is repeated',
        async () => {
          const { url, comeBack } = await open();
          await comeBack();
          return { code: 'x', state: url.searchParams.get('state') };
        },
        'state_used',
      ],
      [
        'with a forged error',
        () => Promise.resolve({ error: 'access_denied', state: 'x' }),
        'authorization_error',
      ],
      ['with an error and no state', () => Promise.resolve({ error: 'server_error' }), 'authorization_error'],
      [
        'of another issuer, with its own state',
        () => Promise.resolve({ code: 'x', state: 'x', iss: 'https://example.com' }),
        'issuer_mismatch',
      ],
    ];
    for (const [what, query, code] of cases) {
      it(what, async () => {
        const bad = await query();
        const { comeBack } = await open();
        expect(codeOf(await visit(bad))).to.equal(code);
        expectKind(await comeBack(), 'success');
      });
    }
  });

  it('keeps all of it under the sessionKey, and nothing once the logins are over', async () => {
    strategy = dribbble.strategy({ sessionKey: 'my-key' });
    session['cart'] = ['a shirt'];
    const [first, second] = (await openMany(2)) as [Tab, Tab];
    expect(session).to.have.all.keys('cart', 'my-key');
    await first.comeBack();
    await second.comeBack();
    expect(session).to.deep.equal({ cart: ['a shirt'] });
  });

  it('does not grow, however many logins are begun', async () => {
    await openMany(10);
    const { length } = JSON.stringify(session);
    await openMany(30);
    expect(JSON.stringify(session).length).to.be.at.most(length + 20);
  });

  it('drops logins that are too old when the next begins', async () => {
    const now = Date.now();
    await openMany(5);
    Date.now = () => now + 11 * MINUTE;
    await open();
    expect(session[KEY]).to.have.length(1);
  });

  for (const [what, leftover] of [
    ['a state', { state: 'the-nonce' }],
    ['a state with a PKCE verifier', { state: { handle: 'the-handle', code_verifier: 'the-verifier' } }],
  ] as const) {
    it(`takes over from version 1.0.0, which left ${what} there`, async () => {
      session[KEY] = leftover;
      const outcome = await visit({ code: 'x', state: 'the-nonce' });
      expect(codeOf(outcome)).to.equal('state_unknown');
      expect(expectKind(outcome, 'fail').challenge?.message).to.match(/sign in again/);
      const { comeBack } = await open();
      expect(session[KEY]).to.have.length(1);
      expectKind(await comeBack(), 'success');
    });
  }

  it('signs in without PKCE', async () => {
    strategy = dribbble.strategy({ pkce: false });
    expectKind(await (await open()).comeBack(), 'success');
  });

  it("refuses an old cookie's state that was used", async () => {
    session = {};
    const { url, comeBack } = await open();
    const copy = structuredClone(session);
    await comeBack();
    session = copy;
    const state = url.searchParams.get('state');
    expect(codeOf(await visit({ code: dribbble.authorize('1', url), state }))).to.equal('state_used');
    expect(session).to.deep.equal({});
  });

  describe('in a session that lives in a cookie', () => {
    beforeEach(() => {
      session = {};
    });

    it('takes at most 2 KB for all logins: the oldest give way', async () => {
      const oldest = await open('x'.repeat(400));
      for (let number = 1; number < 5; number += 1) await open('x'.repeat(400));
      const newest = await open('x'.repeat(400));
      expect(Buffer.byteLength(JSON.stringify(session[KEY]))).to.be.within(1024, 2048);
      expect(codeOf(await oldest.comeBack())).to.equal('state_unknown');
      expectKind(await newest.comeBack(), 'success');
    });

    it('holds ten logins without app state', async () => {
      const tabs = await openMany(10);
      for (const { comeBack } of tabs) expectKind(await comeBack(), 'success');
    });

    it('takes one login of 2 KB to the byte', async () => {
      await open('x');
      const room = 2049 - Buffer.byteLength(JSON.stringify(session[KEY]));
      session = {};
      await open('x'.repeat(room));
      expect(Buffer.byteLength(JSON.stringify(session[KEY]))).to.equal(2048);
    });

    it('calls back with an error that says what to do if one login carries more', async () => {
      const { comeBack } = await open();
      const { error } = expectKind(await visit({}, { state: 'x'.repeat(2048) }), 'error');
      expect(error.message).to.match(
        /takes 2\d{3} bytes.*has room for 2048: carry less, such as a path or an id/,
      );
      expectKind(await comeBack(), 'success');
    });
  });

  it('refuses app state that is not JSON, which the session middleware could not save', async () => {
    const circular: { itself?: unknown } = {};
    circular.itself = circular;
    for (const state of [1n, { id: 1n }, circular]) {
      const { error } = expectKind(await visit({}, { state }), 'error');
      expect(error)
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .include('state option')
        .include('JSON');
      expect(error.cause).to.be.instanceOf(TypeError);
    }
    expect(session).not.to.have.property(KEY);
  });

  it('sets no limit of bytes in a session that the server keeps', async () => {
    for (const id of ['id', 'sessionId']) {
      session = Object.defineProperty({}, id, { value: 'the-session-id' });
      const { comeBack } = await open('x'.repeat(5000));
      expectKind(await comeBack(), 'success');
    }
  });

  describe('that notices assignments only, as in @fastify/secure-session,', () => {
    let values: Session;
    let assignments: number;
    beforeEach(() => {
      values = {};
      assignments = 0;
      session = new Proxy(
        {},
        {
          get: (_target, key) => values[String(key)],
          set: (_target, key, value) => {
            assignments += 1;
            values[String(key)] = value;
            return true;
          },
        },
      );
    });

    it('accepts each state once, and has nothing of a login that is over', async () => {
      const [first, second] = (await openMany(2)) as [Tab, Tab];
      expectKind(await second.comeBack(), 'success');
      expect(codeOf(await second.comeBack())).to.equal('state_used');
      expectKind(await first.comeBack(), 'success');
      expect(JSON.parse(JSON.stringify(values))).to.deep.equal({});
    });

    it('is not written to by a forged callback', async () => {
      await open();
      expect(codeOf(await visit({ code: 'x', state: 'forged' }))).to.equal('state_unknown');
      expect(assignments).to.equal(1);
    });
  });
});
