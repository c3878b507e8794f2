import type { Request } from 'express';
import { expect } from 'chai';
import { Passport } from 'passport';
import { DribbbleStrategy, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { settleOnce, type Actions } from '../../lib/outcome';
import { App, Visitor } from '../support/app';
import { CODE, FakeDribbble } from '../support/fake-dribbble';
import { nextWarning, warningsDuring } from '../support/warnings';

// mocha fails a test during which an exception or a rejection reaches the process.

const thrown = new Error('The app is wrong.');

type Call = [error: unknown, user?: unknown, info?: unknown];
type CallBack = (error: unknown, ...rest: unknown[]) => void;

/** Calls back later, as stores in a database do: nothing of the app is on the stack then. */
class LaterStore {
  store(_req: unknown, callback: CallBack): void {
    setImmediate(callback, null, 'the-state');
  }
  verify(_req: unknown, _state: unknown, callback: CallBack): void {
    setImmediate(callback, null, true);
  }
}

describe('settleOnce', () => {
  let dribbble: FakeDribbble;
  let app: App | undefined;
  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
  });
  afterEach(async () => {
    await app?.stop();
    app = undefined;
    await dribbble.stop();
  });

  function strategy(options: object = {}): DribbbleStrategy {
    return new DribbbleStrategy(
      {
        clientID: 'id',
        clientSecret: 'the-secret',
        callbackURL: '/callback',
        store: new LaterStore(),
        ...dribbble.endpoints,
        ...options,
      } as DribbbleStrategyOptions,
      (_accessToken, _refreshToken, profile) => profile,
    );
  }

  const comeBack = (query: Record<string, string>): Promise<{ status: number; body: string }> =>
    new Visitor(app?.login ?? '', dribbble.endpoints.authorizationURL).comeBack(query);

  describe('in Express', () => {
    const OUTCOMES: [what: string, query: Record<string, string>][] = [
      ['a login', { code: CODE }],
      ['a failed login', { error: 'access_denied' }],
      ['an error', { error: 'server_error' }],
    ];
    for (const [what, query] of OUTCOMES) {
      it(`passes what the callback of passport.authenticate() throws after ${what} to next, and calls it once`, async () => {
        let calls = 0;
        app = await App.start(strategy(), {
          callback: () => {
            calls += 1;
            throw thrown;
          },
        });
        expect(await comeBack(query)).to.deep.include({ status: 500, body: thrown.message });
        expect(app.error).to.equal(thrown);
        expect(calls).to.equal(1);
      });

      // After a failed login Passport drops the promise.
      if (what === 'a failed login') continue;
      it(`passes what an async callback of passport.authenticate() rejects with after ${what} to next`, async () => {
        app = await App.start(strategy(), { callback: () => Promise.reject(thrown) });
        expect(await comeBack(query)).to.deep.include({ status: 500, body: thrown.message });
        expect(app.error).to.equal(thrown);
      });
    }

    it('passes an Error to next if the callback throws something else, on which next would go on', async () => {
      app = await App.start(strategy(), {
        callback: () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is tested
          throw 'route';
        },
      });
      expect(await comeBack({ code: CODE })).to.deep.include({ status: 500, body: 'route' });
    });

    it('passes the error of failureFlash without flash to next', async () => {
      app = await App.start(strategy(), { authenticate: { failureFlash: true } });
      expect((await comeBack({ error: 'access_denied' })).status).to.equal(500);
      expect(app.error?.message).to.include('flash');
    });

    it('passes the error of a scope with half a character to next', async () => {
      app = await App.start(strategy(), { authenticate: { scope: '\ud800' } });
      const response = await fetch(app.login, { redirect: 'manual' });
      expect(response.status).to.equal(500);
      expect(app.error).to.be.instanceOf(URIError);
    });

    it('prints a warning if the app has sent a response already', async () => {
      app = await App.start(strategy(), {
        before: (_req, res, next) => {
          res.end('Hello.');
          next();
        },
      });
      const warned = nextWarning();
      expect(await (await fetch(app.login)).text()).to.equal('Hello.');
      expect(await warned).to.have.property('code', 'ERR_HTTP_HEADERS_SENT');
      expect(app.outcomes).to.be.empty;
    });

    it('passes the error to next if the app has begun a response, which would have no end', async () => {
      app = await App.start(strategy(), {
        before: (_req, res, next) => {
          res.write('Hello.');
          next();
        },
      });
      const response = await fetch(app.login);
      expect(await response.text().catch(() => 'broken off')).to.equal('broken off');
      expect(app.error).to.have.property('code', 'ERR_HTTP_HEADERS_SENT');
    });
  });

  describe('in connect, whose requests have no next', () => {
    /** Comes to the callback; the calls of Passport's `next`, and of the app's callback if it has one. */
    async function connect(
      ours: DribbbleStrategy,
      query: Record<string, string>,
      callback?: (...call: Call) => unknown,
    ): Promise<{ nexts: unknown[]; calls: Call[] }> {
      const nexts: unknown[] = [];
      const calls: Call[] = [];
      await new Promise<void>((resolve) => {
        const passport = new Passport();
        passport.use(ours);
        const record = (...call: Call): unknown => {
          calls.push(call);
          if (calls.length > 1) resolve();
          return callback?.(...call);
        };
        const options = { failureFlash: true, session: false };
        const handle = (
          callback
            ? passport.authenticate('dribbble', options, record)
            : passport.authenticate('dribbble', options)
        ) as (req: Request, res: object, next: (error?: unknown) => void) => void;
        const req = { query: { ...query, state: 'the-state' }, headers: {}, url: '/', connection: {} };
        handle(req as unknown as Request, {}, (error) => {
          nexts.push(error);
          setImmediate(resolve);
        });
      });
      return { nexts, calls };
    }

    it("passes what Passport throws to Passport's next", async () => {
      const { nexts } = await connect(strategy(), { error: 'access_denied' });
      expect(nexts).to.have.length(1);
      expect(nexts[0]).to.be.instanceOf(TypeError).with.property('message').include('flash');
    });

    it('hands the callback what it threw, as there is no other way to next', async () => {
      const { calls } = await connect(strategy(), { code: CODE }, (error) => {
        if (!error) throw thrown;
      });
      expect(calls.map(([error]) => error)).to.deep.equal([null, thrown]);
    });

    it('hands an async callback what it rejected with', async () => {
      const { calls } = await connect(strategy(), { code: CODE }, (error) =>
        error ? undefined : Promise.reject(thrown),
      );
      expect(calls.map(([error]) => error)).to.deep.equal([null, thrown]);
    });

    it('prints warnings if an async callback rejects again', async () => {
      const warnings = await warningsDuring(() =>
        connect(strategy(), { code: CODE }, () => Promise.reject(thrown)),
      );
      expect(warnings).to.deep.equal([thrown]);
    });

    it('prints warnings if the callback throws again', async () => {
      const again = new Error('The app is wrong again.');
      for (const [second, expected] of [
        [again, [thrown, again]],
        [thrown, [thrown]],
      ] as const) {
        const warnings = await warningsDuring(() =>
          connect(strategy(), { code: CODE }, (error) => {
            throw error ? second : thrown;
          }),
        );
        expect(warnings).to.deep.equal(expected);
      }
    });
  });

  it('prints nothing where an error is the one outcome', async () => {
    app = await App.start(strategy());
    expect(await warningsDuring(() => comeBack({ error: 'server_error' }))).to.be.empty;
  });
});

describe('settleOnce', () => {
  it('lets the first action count, and prints an error that comes later', async () => {
    const called: string[] = [];
    const actions = Object.fromEntries(
      ['success', 'fail', 'redirect', 'error'].map((name) => [name, () => called.push(name)]),
    ) as unknown as Actions;
    for (const first of ['success', 'fail', 'redirect', 'error'] as const) {
      called.length = 0;
      const warnings = await warningsDuring(() => {
        const outcome = settleOnce(actions, {} as never);
        outcome[first]('/');
        outcome.success('a user');
        outcome.fail();
        outcome.redirect('/');
        outcome.error(thrown);
        return Promise.resolve();
      });
      expect(called).to.deep.equal([first]);
      expect(warnings).to.deep.equal([thrown]);
    }
  });
});
