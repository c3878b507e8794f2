import { randomUUID } from 'node:crypto';
import { mock } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { CookieStateStore, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { UsedStates } from '../../../lib/state/login';
import { authenticate, expectKind, type FakeRequest, type Outcome } from '../../support/authenticate';
import { OfflineDribbble } from '../../support/offline';
import { warningsDuring } from '../../support/process';

type Options = Partial<DribbbleStrategyOptions>;
type Store = NonNullable<Options['store']>;
type Stored = (error: Error | null, handle?: string) => void;
type Verified = (error: Error | null, ok?: string | boolean, state?: unknown) => void;
interface Kept {
  verifier?: unknown;
  state?: unknown;
}

/** An app's own, made of ours: it takes whatever state comes. */
class Forgetful extends CookieStateStore {
  override store(_req: unknown, _verifier: unknown, _state: unknown, _meta: unknown, callback: Stored): void {
    setImmediate(callback, null, randomUUID());
  }
  override verify(_req: unknown, _handle: unknown, _meta: unknown, callback: Verified): void {
    setImmediate(callback, null, true);
  }
}

/** What a store of an app's keeps, and answers a turn later. */
class Memory {
  readonly kept = new Map<unknown, Kept>();
  readonly requests: unknown[] = [];
  private count = 0;
  constructor(
    /** Whether a state can be used again, as in a store that does not delete it in time. */
    private readonly forgets = true,
    private readonly handle?: string,
  ) {}

  /** A store whose `store` method takes as many parameters. */
  of(arity: 2 | 3 | 4 | 5): Store {
    const store = {
      2: (req: unknown, callback: Stored) => this.keep(req, {}, callback),
      3: (req: unknown, _meta: unknown, callback: Stored) => this.keep(req, {}, callback),
      4: (req: unknown, state: unknown, _meta: unknown, callback: Stored) =>
        this.keep(req, { state }, callback),
      5: (req: unknown, verifier: unknown, state: unknown, _meta: unknown, callback: Stored) =>
        this.keep(req, { verifier, state }, callback),
    }[arity];
    const verify3 = (req: unknown, handle: unknown, callback: Verified) => this.check(req, handle, callback);
    const verify4 = (req: unknown, handle: unknown, _meta: unknown, callback: Verified) =>
      this.check(req, handle, callback);
    return { store, verify: arity === 2 ? verify3 : verify4 } as unknown as Store;
  }

  private keep(req: unknown, kept: Kept, callback: Stored): unknown {
    this.requests.push(req);
    const handle = this.handle ?? `state-${String((this.count += 1))}`;
    // As passport-oauth2's own, which keep a state that is truthy.
    this.kept.set(handle, kept.state ? kept : { verifier: kept.verifier });
    return setImmediate(callback, null, handle);
  }
  private check(req: unknown, handle: unknown, callback: Verified): unknown {
    this.requests.push(req);
    const kept = this.kept.get(handle);
    return setImmediate(() => {
      if (this.forgets) this.kept.delete(handle);
      if (kept) callback(null, (kept.verifier as string | undefined) ?? true, kept.state);
      else callback(null, false, { message: 'Never heard of it.' });
    });
  }
}

const APP_STATES: readonly unknown[] = [
  ...['/shots', '', 0, 42, false, true, null, [], {}],
  ...[[1, 'two', null], { 'dribbble:falsy': 0 }, { returnTo: '/shots', nested: { deep: [false] } }],
];

describe("A login's state", () => {
  let dribbble: OfflineDribbble;
  let session: Record<string, unknown>;
  beforeEach(() => {
    dribbble = new OfflineDribbble();
    session = {};
  });

  type Strategy = ReturnType<OfflineDribbble['strategy']>;
  const visit = (strategy: Strategy, query: object, options?: object, req?: FakeRequest): Promise<Outcome> =>
    authenticate(strategy, { session, query: { ...query }, ...req }, options);
  async function begin(strategy: Strategy, options?: object) {
    const { url } = expectKind(await visit(strategy, {}, options), 'redirect');
    return { url, code: dribbble.authorize('1', url), state: url.searchParams.get('state') };
  }
  async function logIn(strategy: Strategy, options?: object): Promise<Record<string, unknown>> {
    const { code, state } = await begin(strategy, options);
    return expectKind(await visit(strategy, { code, state }), 'success').info;
  }
  const codeOf = (outcome: Outcome): unknown =>
    (expectKind(outcome, 'fail').challenge as { code?: unknown } | undefined)?.code;

  describe('carries app state of any JSON type', () => {
    for (const [where, options] of [
      ['the session', () => ({})],
      ['a store of the app with four parameters', () => ({ store: new Memory().of(4) })],
      ['a store of the app with five parameters', () => ({ store: new Memory().of(5) })],
    ] as [where: string, options: () => Options][]) {
      it(`in ${where}`, async () => {
        for (const appState of APP_STATES) {
          const strategy = dribbble.strategy(options());
          const { code, state } = await begin(strategy, { state: appState });
          // A session is read from its JSON, as a server's or a cookie's is.
          session = JSON.parse(JSON.stringify(session)) as typeof session;
          const { info } = expectKind(await visit(strategy, { code, state }), 'success');
          expect(info).to.have.own.property('state');
          expect(info['state'], JSON.stringify(appState)).to.deep.equal(appState);
        }
      });
    }

    it('and gives none where there was none', async () => {
      expect(await logIn(dribbble.strategy())).not.to.have.property('state');
    });
  });

  describe('is kept by a store of the app', () => {
    for (const [arity, method, info] of [
      [2, null, {}],
      [3, null, {}],
      [4, null, { state: 'mine' }],
      [5, 'S256', { state: 'mine' }],
    ] as const) {
      it(`whose store method takes ${String(arity)} parameters, with all that it is handed`, async () => {
        const strategy = dribbble.strategy({ store: new Memory().of(arity) });
        const { url, code, state } = await begin(strategy, { state: 'mine' });
        expect(url.searchParams.get('code_challenge_method')).to.equal(method);
        expect(expectKind(await visit(strategy, { code, state }), 'success').info).to.deep.equal(info);
      });
    }

    it("which is handed the framework's own request", async () => {
      const memory = new Memory();
      const strategy = dribbble.strategy({ store: memory.of(4) });
      const mark = Symbol('request');
      const req = { mark };
      const { url } = expectKind(await visit(strategy, {}, {}, req), 'redirect');
      const query = { code: dribbble.authorize('1', url), state: url.searchParams.get('state') };
      expectKind(await visit(strategy, query, {}, req), 'success');
      expect(memory.requests.map((seen) => (seen as typeof req).mark)).to.deep.equal([mark, mark]);
    });

    /** A store that answers each callback like this, with another method in place of one. */
    const answering = (answer: unknown[], instead: object = {}): Options => ({
      store: {
        store: (_req: unknown, callback: Stored) => {
          callback(null, 'the-state');
        },
        verify: (_req: unknown, _state: unknown, callback: (...all: unknown[]) => void) => {
          callback(...answer);
        },
        ...instead,
      } as unknown as Store,
    });

    it('whose words for a failed login are kept, with a code of ours', async () => {
      const message = 'Never heard of it.';
      for (const info of [message, { message }]) {
        const strategy = dribbble.strategy(answering([null, false, info]));
        for (const [state, code] of [
          ['x', 'state_unknown'],
          [undefined, 'state_missing'],
        ] as const) {
          const { challenge } = expectKind(await visit(strategy, { code: 'x', state }), 'fail');
          expect(challenge).to.deep.equal({ message, code });
        }
      }
      const outcome = await visit(dribbble.strategy(answering([null, false])), { code: 'x' });
      expect(expectKind(outcome, 'fail').challenge?.message).to.include('without the state of a login');
    });

    const down = new Error('The store is down.');
    const FAILS = {
      throws: () => {
        throw down;
      },
      rejects: () => Promise.reject(down),
    };
    for (const leg of ['store', 'verify'] as const) {
      const query = leg === 'store' ? {} : { code: 'x', state: 'x' };
      /** The outcome of the leg, and of another minute, in which no warning is printed. */
      async function outcomeAfterAMinute(method: () => unknown): Promise<Outcome> {
        const instead = { [leg]: (_req: unknown, _callback: unknown) => method() };
        const strategy = dribbble.strategy(answering([null, true], instead));
        mock.timers.enable({ apis: ['setTimeout'] });
        try {
          const outcome = visit(strategy, query);
          await new Promise(setImmediate);
          const warnings = await warningsDuring(() => {
            mock.timers.tick(60_000);
            return outcome;
          });
          expect(warnings).to.be.empty;
          return await outcome;
        } finally {
          mock.timers.reset();
        }
      }

      it(`whose ${leg} never calls back ends the login in an error after a minute`, async () => {
        const { error } = expectKind(await outcomeAfterAMinute(() => true), 'error');
        expect(error.message).to.match(/state store did not call back within a minute/);
      });

      for (const [how, fail] of Object.entries(FAILS))
        it(`whose ${leg} ${how} ends the login in that error, and is waited for no longer`, async () => {
          expect(expectKind(await outcomeAfterAMinute(fail), 'error').error).to.equal(down);
        });
    }

    for (const [how, fail] of Object.entries(FAILS)) {
      it(`which ${how} after it has called back ends a login that has no outcome yet`, async () => {
        const verify = (_req: unknown, _handle: unknown, callback: Verified): unknown => {
          callback(null, true);
          return fail();
        };
        const strategy = dribbble.strategy(answering([], { verify }));
        const { code, state } = await begin(strategy);
        expect(expectKind(await visit(strategy, { code, state }), 'error').error).to.equal(down);
      });

      it(`which ${how} after the login has gone on is heard of in a warning`, async () => {
        const store = (_req: unknown, callback: Stored): unknown => {
          callback(null, 'the-state');
          return fail();
        };
        const warnings = await warningsDuring(() => begin(dribbble.strategy(answering([], { store }))));
        expect(warnings).to.deep.equal([down]);
      });
    }

    it('which calls back twice has the authorization code sent once', async () => {
      const verify = (_req: unknown, _handle: unknown, callback: Verified): void => {
        setImmediate(callback, null, true);
        setImmediate(callback, null, true);
      };
      // Offline, Dribbble takes a code once.
      await logIn(dribbble.strategy(answering([], { verify })));
    });

    it('whose error ends the login', async () => {
      const outcome = await visit(dribbble.strategy(answering([down])), { code: 'x', state: 'x' });
      expect(expectKind(outcome, 'error').error).to.equal(down);
    });

    it('which may hand back null for the app state, and may send no state', async () => {
      const store = (_req: unknown, callback: Stored): void => {
        callback(null);
      };
      const strategy = dribbble.strategy(answering([null, true, null], { store }));
      for (const person of ['ada', 'bob']) {
        const { url } = await begin(strategy);
        const outcome = await visit(strategy, { code: dribbble.authorize(person, url) });
        expect(expectKind(outcome, 'success').user).to.include({ username: person });
      }
    });

    it('and a state that it issues again is new', async () => {
      const strategy = dribbble.strategy({ store: new Memory(true, 'always-the-same').of(4) });
      await logIn(strategy);
      await logIn(strategy);
    });
  });

  describe('is taken once', () => {
    for (const [where, options] of [
      ['the session', () => ({})],
      ['a store of the app that reads before it deletes', () => ({ store: new Memory().of(5) })],
      ['a store of the app that never deletes', () => ({ store: new Memory(false).of(2) })],
      [
        'a subclass of CookieStateStore that never deletes',
        () => ({ store: new Forgetful({ secret: 'x'.repeat(32) }), pkce: false }),
      ],
    ] as [where: string, options: () => Options][]) {
      it(`of two callbacks at the same instant, with ${where}`, async () => {
        const strategy = dribbble.strategy(options());
        const { code, state } = await begin(strategy);
        // Each request has its own copy of a session.
        const outcomes = await Promise.all(
          [1, 2].map(() => visit(strategy, { code, state }, {}, { session: structuredClone(session) })),
        );
        expect(outcomes.map(({ kind }) => kind)).to.have.members(['success', 'fail']);
        expect(outcomes.filter(({ kind }) => kind === 'fail').map(codeOf)).to.deep.equal(['state_used']);
      });

      it(`and not again after others, with ${where}`, async () => {
        const strategy = dribbble.strategy(options());
        const [first, second, third] = [await begin(strategy), await begin(strategy), await begin(strategy)];
        const before = structuredClone(session);
        for (const { code, state } of [first, second, third])
          expectKind(await visit(strategy, { code, state }), 'success');
        session = before;
        expectKind(await visit(strategy, { code: first.code, state: first.state }), 'fail');
      });

      it(`by an error response too, with ${where}`, async () => {
        const strategy = dribbble.strategy(options());
        const { code, state } = await begin(strategy);
        expect(codeOf(await visit(strategy, { error: 'access_denied', state }))).to.equal('access_denied');
        expectKind(await visit(strategy, { code, state }), 'fail');
      });
    }
  });

  describe("leaves the app's info alone", () => {
    const welcome = { message: 'Welcome.' };
    for (const [what, info, state, expected] of [
      ['with an app state in its copy', welcome, 'mine', { ...welcome, state: 'mine' }],
      ['with none where the login has none', welcome, undefined, welcome],
      ["without another person's state", { state: 'of somebody else' }, undefined, {}],
      ["with an app state in place of another person's", { state: 'x' }, 'mine', { state: 'mine' }],
      ['but makes an object with a message of a string', 'Welcome.', undefined, welcome],
    ] as [what: string, info: object | string, state: string | undefined, expected: object][])
      it(what, async () => {
        expect(await logIn(dribbble.strategy({}, Object.freeze(info)), { state })).to.deep.equal(expected);
      });

    it('and ends in the error where a getter of it throws', async () => {
      const thrown = new Error('The getter broke');
      const info = Object.defineProperty({}, 'message', {
        get: () => {
          throw thrown;
        },
        enumerable: true,
      });
      const strategy = dribbble.strategy({}, info);
      const { code, state } = await begin(strategy);
      expect(expectKind(await visit(strategy, { code, state }), 'error').error).to.equal(thrown);
    });

    it('nor shares an info of its own between failed logins, which an app may add to', async () => {
      const strategy = dribbble.strategy({ store: new Memory(false).of(2) });
      const { code, state } = await begin(strategy);
      await visit(strategy, { code, state });
      for (const query of [{ code, state }, { code: '' }, { code, iss: 'https://evil.test' }, { code }]) {
        const { challenge } = expectKind(await visit(strategy, query), 'fail');
        Object.assign(challenge as object, { returnTo: '/of-one-person' });
        const next = expectKind(await visit(strategy, query), 'fail').challenge;
        expect(next).not.to.have.property('returnTo');
      }
    });
  });

  it('that is unknown at localhost is perhaps one of 127.0.0.1, and the message says so', async () => {
    for (const [host, isLocal] of [
      ['localhost', true],
      ['127.0.0.1:3000', true],
      ['notlocalhost:3000', false],
      ['localhost.example.com', false],
      [undefined, false],
    ] as const) {
      const req = { headers: host === undefined ? {} : { host } };
      const outcome = await visit(dribbble.strategy(), { code: 'x', state: 'x' }, {}, req);
      const ends = isLocal
        ? /http:\/\/localhost and http:\/\/127\.0\.0\.1 apart\.$/
        : /with cookies allowed\.$/;
      expect(expectKind(outcome, 'fail').challenge?.message).to.match(ends);
    }
  });

  describe('that was used', () => {
    let LATER: number;
    beforeEach(() => (LATER = Date.now() + 60_000));

    for (const [what, length, padding] of [
      ['without the URL that it came in', 0, 8000],
      ['by less than itself if it is long', 8000, 0],
    ] as const)
      it(`is remembered ${what}`, () => {
        setFlagsFromString('--expose-gc');
        const collect = runInNewContext('gc') as () => void;
        const used = new UsedStates();
        collect();
        const before = process.memoryUsage().heapUsed;
        let state = '';
        for (let count = 0; count < 1000; count += 1) {
          const query = `state=${randomUUID()}${'x'.repeat(length)}&padding=${'x'.repeat(padding)}`;
          state = new URLSearchParams(Buffer.from(query).toString()).get('state') ?? '';
          used.take(state, Infinity);
        }
        collect();
        expect(process.memoryUsage().heapUsed - before).to.be.below(1_000_000);
        expect([used.has(state), used.take(state, Infinity)]).to.deep.equal([true, false]);
        used.forget(state);
        expect(used.has(state)).to.equal(false);
      });

    it('is forgotten once it could not be used any more', () => {
      const used = new UsedStates();
      used.take('over', Date.now() - 1);
      for (const state of ['a', 'b', 'c']) used.take(state, LATER);
      const remembered = ['over', 'a', 'b', 'c'].map((state) => used.has(state));
      expect(remembered).to.deep.equal([false, true, true, true]);
    });

    it('is remembered beside 5,000 others, and forgotten beside 10,000', () => {
      const used = new UsedStates();
      used.take('first', LATER);
      for (let number = 0; number < 5000; number += 1) used.take(String(number), LATER);
      expect(used.has('first')).to.equal(true);
      for (let number = 5000; number < 10_001; number += 1) used.take(String(number), LATER);
      expect([used.has('first'), used.has('5001')]).to.deep.equal([false, true]);
    });
  });
});
