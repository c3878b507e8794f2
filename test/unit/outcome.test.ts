import type { Request, RequestHandler } from 'express';
import { expect } from 'chai';
import { Passport } from 'passport';
import { settleOnce, type Actions } from '../../lib/outcome';
import { App, Visitor } from '../support/app';
import { OfflineDribbble } from '../support/offline';
import { warningsDuring } from '../support/process';

// mocha fails a test during which an exception or a rejection reaches the process.

const thrown = new Error('The app is wrong.');
const fail = (): never => {
  throw thrown;
};
const reject = (): Promise<never> => Promise.reject(thrown);

describe('settleOnce', () => {
  const NAMES = ['success', 'fail', 'redirect', 'pass', 'error'] as const;
  type Name = (typeof NAMES)[number];
  /** What was called, of Passport's actions and Express's next, and with what first. */
  let calls: [name: string, given: unknown][];
  beforeEach(() => (calls = []));
  const next = (given: unknown): unknown => calls.push(['next', given]);
  /** Express's response, in the midst of which the app may be. */
  const res = { headersSent: true, writableEnded: false };

  /** Passport's actions, one of which does this. */
  function actions(name?: Name, does?: () => unknown): Actions {
    const recording = NAMES.map((each) => {
      const action = (given?: unknown): unknown => {
        calls.push([each, given]);
        return each === name && does?.();
      };
      return [each, action] as const;
    });
    return Object.fromEntries(recording) as unknown as Actions;
  }

  /** The warnings after an action does this. */
  function warningsAfter(name: Name, does: () => unknown, req: object): Promise<Error[]> {
    calls = [];
    return warningsDuring(async () => {
      settleOnce(actions(name, does), req as Request)[name]('/');
      await new Promise(setImmediate);
    });
  }

  for (const first of NAMES) {
    it(`lets ${first} count if it is called first, and prints an error that comes later`, async () => {
      const warnings = await warningsDuring(() => {
        const outcome = settleOnce(actions(), {} as never);
        outcome[first]('/');
        for (const name of NAMES) outcome[name](thrown as never);
        return Promise.resolve();
      });
      expect(calls.map(([name]) => name)).to.deep.equal([first]);
      expect(warnings).to.deep.equal([thrown]);
    });

    it(`passes what ${first} throws to next, and prints nothing`, async () => {
      expect(await warningsAfter(first, fail, { res, next })).to.be.empty;
      expect(calls.map(([name]) => name)).to.deep.equal([first, 'next']);
      expect(calls[1]).to.deep.equal(['next', thrown]);
    });
  }

  // After a failed login and a redirect Passport drops the promise of the app's callback.
  for (const name of ['success', 'error'] as const)
    it(`passes what ${name} rejects with to next, and prints nothing`, async () => {
      expect(await warningsAfter(name, reject, { res, next })).to.be.empty;
      expect(calls[1]).to.deep.equal(['next', thrown]);
    });

  it('passes an Error to next if an action throws something else, on which next would go on', async () => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what is tested
    await warningsAfter('success', () => Promise.reject('route'), { next });
    expect(calls[1]?.[1]).to.be.instanceOf(Error).with.property('message', 'route');
  });

  it('passes on an Error whose fields throw when they are read', () => {
    const odd = Object.defineProperty(new Error('The app is odd.'), 'code', { get: fail });
    settleOnce(actions(), {} as never).error(odd);
    expect(calls).to.deep.equal([['error', odd]]);
  });

  it('prints a warning if the app has sent a response already', async () => {
    const sent = { headersSent: true, writableEnded: true };
    expect(await warningsAfter('success', fail, { res: sent, next })).to.deep.equal([thrown]);
    expect(calls).to.have.length(1);
  });

  it("hands what an action threw or rejected with to Passport's error where a request has no next", async () => {
    for (const does of [fail, reject]) {
      expect(await warningsAfter('success', does, {})).to.be.empty;
      expect(calls.slice(1)).to.deep.equal([['error', thrown]]);
    }
  });

  it('prints warnings if that throws or rejects too', async () => {
    for (const does of [fail, reject]) expect(await warningsAfter('error', does, {})).to.deep.equal([thrown]);
    const again = new Error('The app is wrong again.');
    const rejectAgain = (): Promise<never> => Promise.reject(calls.length === 1 ? thrown : again);
    expect(await warningsAfter('error', rejectAgain, {})).to.deep.equal([thrown, again]);
  });
});

describe('DribbbleStrategy, with what Passport or its callback throws,', () => {
  const strategy = new OfflineDribbble().strategy({ callbackURL: '/callback' });

  for (const error of ['access_denied', 'server_error']) {
    it(`passes that to Express's next, and calls the callback once: ${error}`, async () => {
      let called = 0;
      const callback = (): never => {
        called += 1;
        return fail();
      };
      const app = await App.start(strategy, { callback });
      const visitor = new Visitor(app.login, 'https://dribbble.com/');
      expect(await visitor.comeBack({ error })).to.deep.include({ status: 500, body: thrown.message });
      expect(app.error).to.equal(thrown);
      expect(called).to.equal(1);
      await app.stop();
    });
  }

  describe('in connect, whose requests have no next,', () => {
    const query = { code: 'the-code', state: 'forged' };
    const req = { query, session: {}, headers: {}, connection: {}, url: '/' };
    const passport = new Passport();
    passport.use(strategy);

    it("passes that to Passport's next", async () => {
      const handle = passport.authenticate('dribbble', { failureFlash: true }) as RequestHandler;
      const passed = await new Promise((resolve) => void handle(req as never, {} as never, resolve));
      expect(passed).to.be.instanceOf(TypeError).with.property('message').include('flash');
    });

    it('hands the callback what it threw', () => {
      const calls: unknown[] = [];
      const handle = passport.authenticate('dribbble', (error: unknown) => {
        calls.push(error);
        if (!error) throw thrown;
      }) as RequestHandler;
      void handle(req as never, {} as never, () => undefined);
      expect(calls).to.deep.equal([null, thrown]);
    });
  });
});
