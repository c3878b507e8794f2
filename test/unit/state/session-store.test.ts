import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { SessionStore } from '../../../lib/state/session-store';
import { App, Visitor } from '../../support/app';
import { FakeDribbble, TOKEN } from '../../support/fake-dribbble';
import { begin, comeBack, expectRefused, META } from './support';

const TEN_MINUTES = 600_000;
type Session = Record<string, unknown>;

describe('SessionStore', () => {
  const realNow = Date.now;
  const store = new SessionStore('the-key');
  let session: Session;
  beforeEach(() => {
    // As express-session has it: with an id that is in no JSON.
    session = Object.defineProperty({}, 'id', { value: 'the-session-id' });
  });
  afterEach(() => {
    Date.now = realNow;
  });

  const open = (state?: unknown, verifier?: string): string =>
    begin(store, { req: { session }, state, ...(verifier && { verifier }) });
  const openMany = (count: number): string[] => Array.from({ length: count }, (_, number) => open(number));
  const back = (handle: unknown): unknown[] => comeBack(store, handle, { req: { session, headers: {} } });

  it('calls back with what the login carries: a PKCE verifier, and the state of the app', () => {
    const handle = open({ returnTo: '/shots' }, 'the-verifier');
    expect(handle).to.match(/^[\w-]{32}$/);
    expect(back(handle)).to.deep.equal([null, 'the-verifier', { returnTo: '/shots' }]);
    expect(back(open())).to.deep.equal([null, true, undefined]);
  });

  it('lets ten logins in ten tabs all finish, in the opposite order, each with its own app state', () => {
    for (const [number, handle] of [...openMany(10).entries()].reverse())
      expect(back(handle)).to.deep.equal([null, true, number]);
  });

  it('lets the oldest login give way to an eleventh', () => {
    const [oldest, ...others] = openMany(11);
    expectRefused(back(oldest), 'state_unknown');
    for (const handle of others) expect(back(handle)[1]).to.equal(true);
  });

  it('lets a login last for ten minutes, to the millisecond', () => {
    Date.now = () => 1_700_000_000_000;
    const [first, second] = openMany(2);
    Date.now = () => 1_700_000_000_000 + TEN_MINUTES - 1;
    expect(back(first)[1]).to.equal(true);
    Date.now = () => 1_700_000_000_000 + TEN_MINUTES;
    expectRefused(back(second), 'state_expired');
  });

  it('ends no other login by a callback without a state, or with one that is forged, used or too old', () => {
    Date.now = () => realNow() - TEN_MINUTES;
    const tooOld = open();
    Date.now = realNow;
    const used = open();
    back(used);
    const login = open();
    expectRefused(back(undefined), 'state_missing');
    expectRefused(back('x'.repeat(32)), 'state_unknown');
    expectRefused(back(used), 'state_used');
    expectRefused(back(tooOld), 'state_unknown'); // dropped when the next one began
    expect(back(login)[1]).to.equal(true);
  });

  describe('with a session that is kept on the server', () => {
    const failure = new Error('The store is down.');
    /** What was saved, in JSON, and the callbacks to say so. */
    let saved: [content: string, done: (error?: unknown) => void][];
    beforeEach(() => {
      saved = [];
      Object.defineProperty(session, 'save', {
        value: (done: () => void) => saved.push([JSON.stringify(session), done]),
        writable: true,
      });
    });

    /** Comes back, and gives what the store says until now and later. */
    function comeBackSlowly(handle: string): unknown[][] {
      const said: unknown[][] = [];
      store.verify({ session, headers: {} } as never, handle, META, (...result) => said.push(result));
      return said;
    }

    it('goes on with a login once the used state is gone from there', () => {
      const [handle, other] = openMany(2);
      const said = comeBackSlowly(String(handle));
      expect(said).to.be.empty;
      const [[content, done] = []] = saved;
      expect(content).to.include(other).and.not.include(handle);
      done?.();
      expect(said).to.deep.equal([[null, true, 0]]);
    });

    it("goes on in the request's own async context, though the store calls back in another's", () => {
      const context = new AsyncLocalStorage<string>();
      const handle = open();
      let seen: string | undefined;
      context.run('its own', () => {
        store.verify({ session, headers: {} } as never, handle, META, () => {
          seen = context.getStore();
        });
      });
      context.run("another's", () => saved[0]?.[1]());
      expect(seen).to.equal('its own');
    });

    it('loses no login of somebody who presses the button again during a slow one that fails', async () => {
      const dribbble = await FakeDribbble.start();
      const options = { clientID: 'id', clientSecret: 'secret', ...dribbble.endpoints };
      const app = await App.start(new DribbbleStrategy(options, () => ({})));
      try {
        const visitor = new Visitor(app.login, options.authorizationURL);
        const first = await visitor.begin();
        const slow = new Promise<Socket>((resolve) => (dribbble.token = resolve));
        const failing = visitor.callback(`code=first&state=${first}`);
        const socket = await slow;
        const second = await visitor.begin();
        socket.destroy();
        expect(await failing).to.have.property('status', 502);
        dribbble.token = { json: TOKEN };
        expect(await visitor.callback(`code=second&state=${second}`)).to.have.property('status', 200);
      } finally {
        await app.stop();
        await dribbble.stop();
      }
    });

    it('calls back with the error if it can not be saved', () => {
      const said = comeBackSlowly(open());
      saved[0]?.[1](failure);
      expect(said).to.deep.equal([[failure]]);
    });

    for (const [what, save, expected] of [
      ['goes on', () => Promise.resolve(), [null, true, undefined]],
      ['calls back with the reason', () => Promise.reject(failure), [failure]],
    ] as const)
      it(`${what} where saving returns a promise`, async () => {
        session['save'] = save;
        const said = comeBackSlowly(open());
        await new Promise(setImmediate);
        expect(said).to.deep.equal([expected]);
      });

    it('saves nothing for a state that is not right', () => {
      open();
      expectRefused(back('x'.repeat(32)), 'state_unknown');
      expect(saved).to.be.empty;
    });
  });

  it('keeps all of it under its key, and nothing once the logins are over', () => {
    session['cart'] = ['a shirt'];
    const handles = openMany(2);
    expect(session).to.have.all.keys('cart', 'the-key');
    for (const handle of handles) back(handle);
    expect(session).to.deep.equal({ cart: ['a shirt'] });
  });

  for (const [what, leftover] of [
    ['a state', { state: 'the-nonce' }],
    ['a state with a PKCE verifier', { state: { handle: 'the-handle', code_verifier: 'the-verifier' } }],
  ] as const) {
    it(`takes over from version 1.0.0, which left ${what} there`, () => {
      session['the-key'] = leftover;
      expectRefused(back('the-nonce'), 'state_unknown');
      const handle = open();
      expect(session['the-key']).to.have.length(1);
      expect(back(handle)[1]).to.equal(true);
    });
  }

  it("refuses an old cookie's state that was used", () => {
    session = {};
    const handle = open();
    const copy = structuredClone(session);
    back(handle);
    session = copy;
    expectRefused(back(handle), 'state_used');
    expect(session).to.deep.equal({});
  });

  describe('in a session that lives in a cookie', () => {
    beforeEach(() => {
      session = {};
    });
    const bytes = (): number => Buffer.byteLength(JSON.stringify(session['the-key']));

    it('takes at most 2 KB for all logins: the oldest give way', () => {
      const handles = Array.from({ length: 6 }, () => open('x'.repeat(400)));
      expect(bytes()).to.be.within(1024, 2048);
      expectRefused(back(handles[0]), 'state_unknown');
      expect(back(handles[5])[1]).to.equal(true);
    });

    it('holds ten logins without app state', () => {
      for (const handle of openMany(10)) expect(back(handle)[1]).to.equal(true);
    });

    it('takes one login of 2 KB to the byte, and throws an error that says what to do if it carries more', () => {
      open('x');
      const room = 2049 - bytes();
      session = {};
      const handle = open('x'.repeat(room));
      expect(bytes()).to.equal(2048);
      expect(() => open('x'.repeat(room + 1))).to.throw(
        /takes 2049 bytes, .*has room for 2048: carry less, such as a path or an id\.$/,
      );
      expect(back(handle)[1]).to.equal(true);
    });

    it('takes no more, and saves nothing, if the app keeps an id of its own there', () => {
      session = { id: 'of-a-visitor', save: () => expect.fail('saved') };
      expect(back(open())[1]).to.equal(true);
      expect(() => open('x'.repeat(2048))).to.throw(/has room for 2048/);
    });
  });

  it('throws a TypeError for app state that is not JSON, which the session middleware could not save', () => {
    const circular: { itself?: unknown } = {};
    circular.itself = circular;
    for (const state of [1n, { id: 1n }, circular])
      expect(() => open(state))
        .to.throw(TypeError, /state option .*JSON/)
        .with.property('cause')
        .instanceOf(TypeError);
    expect(session).not.to.have.property('the-key');
  });

  it('sets no limit of bytes in a session that the server keeps', () => {
    for (const id of ['id', 'sessionId']) {
      session = Object.defineProperty({}, id, { value: 'the-session-id' });
      expect(back(open('x'.repeat(5000)))[1]).to.equal(true);
    }
  });

  it('throws an error that names both ways out on either leg if there is no session', () => {
    session = undefined as never;
    const says =
      /session middleware \(such as express-session\).*store: new CookieStateStore\(\{ secret \}\)/;
    expect(() => open()).to.throw(says);
    expect(() => back('x'.repeat(32))).to.throw(says);
  });

  describe('in a session that notices assignments only, as in @fastify/secure-session,', () => {
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

    it('accepts each state once, and has nothing of a login that is over', () => {
      const [first, second] = openMany(2);
      expect(back(second)[1]).to.equal(true);
      expectRefused(back(second), 'state_used');
      expect(back(first)[1]).to.equal(true);
      expect(JSON.parse(JSON.stringify(values))).to.deep.equal({});
    });

    it("keeps to the limit of bytes, also with an id of the app's own", () => {
      for (const id of ['id', 'sessionId']) {
        values = { [id]: 'user-1' };
        expect(() => open('x'.repeat(3000))).to.throw(/a session in a cookie has room for 2048/);
      }
    });

    it('is not written to by a forged callback', () => {
      open();
      expectRefused(back('forged'), 'state_unknown');
      expect(assignments).to.equal(1);
    });
  });
});
