import { mock } from 'node:test';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { DribbbleStrategy, type DribbbleProfile } from 'passport-dribbble-oauth2';
import { callVerifyOnce, guardProfile, guardSkip } from '../../lib/verify';
import { expectKind, login } from '../support/authenticate';
import { CODE, FakeDribbble, TOKEN } from '../support/fake-dribbble';
import { nextWarning, warningsDuring } from '../support/process';

type Done = (error?: unknown, user?: unknown, info?: unknown) => unknown;
/** The parameters before done. */
type A = string;
type R = string | undefined;
type P = DribbbleProfile;
/** skipUserProfile and userProfile. */
type Hook = (token: string, done: Done) => unknown;

const ada = { name: 'Ada' };
const eve = { name: 'Eve' };
const failure = new Error('The database is down.');
const request = { query: { code: CODE } };
const lastOf = (args: unknown[]): Done => args.at(-1) as Done;
const profile = { id: '1', username: 'maya' } as P;
const fail = (): never => {
  throw failure;
};

type Does = (done: Done) => unknown;
/** A verify function that declares done, and a skipUserProfile or userProfile that does. */
const withDone = (does: Does) => (_a: A, _r: R, _p: P, done: Done) => does(done);
const hook = (does: Does) => (_token: string, done: Done) => does(done);
/** A verify function that declares no parameter. */
const withRest =
  (does: Does) =>
  (...args: unknown[]) =>
    does(lastOf(args));

/** Calls done in a later turn, and returns something before. */
const later =
  (returned?: unknown, outcome: unknown = ada) =>
  (done: Done): unknown => {
    setImmediate(done, null, outcome);
    return returned;
  };

/** Calls a verify function as passport-oauth2 does. */
function call(verify: unknown, called: (...outcome: unknown[]) => void, req?: object): void {
  const full = callVerifyOnce(verify as never, req as never);
  full(request, 'the-token', undefined, TOKEN, profile, called);
}

/** How it is called back, once: waits for a second time too. */
async function once(calling: (called: (...outcome: unknown[]) => void) => unknown): Promise<unknown[]> {
  const outcomes: unknown[][] = [];
  await new Promise((resolve) => {
    calling((...outcome) => {
      outcomes.push(outcome);
      setImmediate(() => setImmediate(resolve));
    });
  });
  expect(outcomes).to.have.length(1);
  return outcomes[0] ?? [];
}
const outcomeOf = (verify: unknown, req?: object): Promise<unknown[]> =>
  once((called) => {
    call(verify, called, req);
  });

/** What it has called back with after this time, in milliseconds. */
async function outcomesAfter(milliseconds: number, calling: (called: Done) => unknown): Promise<unknown[][]> {
  const outcomes: unknown[][] = [];
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    calling((...outcome) => outcomes.push(outcome));
    await new Promise(setImmediate);
    mock.timers.tick(milliseconds);
    await new Promise(setImmediate);
    return outcomes;
  } finally {
    mock.timers.reset();
  }
}

// A verify function that declares done and throws, rejects or calls it twice is in test/faults/table.ts.
describe('verify', () => {
  const info = { message: 'No account.' };
  for (const [declared, req, expected] of [
    [0, undefined, ['the-token', undefined, profile]],
    [3, undefined, ['the-token', undefined, profile]],
    [4, undefined, ['the-token', undefined, profile]],
    [5, undefined, ['the-token', undefined, TOKEN, profile]],
    [0, request, [request, 'the-token', undefined, profile]],
    [4, request, [request, 'the-token', undefined, profile]],
    [5, request, [request, 'the-token', undefined, profile]],
    [6, request, [request, 'the-token', undefined, TOKEN, profile]],
  ] as const) {
    const among = req ? ', under passReqToCallback' : '';
    it(`is given ${String(expected.length)} arguments and done if it declares ${String(declared)} parameters${among}`, async () => {
      let given: unknown[] = [];
      const verify = (...args: unknown[]): void => {
        given = args;
        lastOf(args)(null, ada);
      };
      await outcomeOf(Object.defineProperty(verify, 'length', { value: declared }), req);
      expect(given.slice(0, -1)).to.deep.equal(expected);
    });
  }

  for (const [what, verify, expected] of [
    ['declares done and gives an info', withDone((done) => done(null, ada, info)), [null, ada, info]],
    ['declares done and calls it with an error', withDone((done) => done(failure)), [failure]],
    ['declares done, and resolves before it calls it', withDone(later(Promise.resolve(eve))), [null, eve]],
    ['declares done and returns something else before it calls it', withDone(later(eve)), [null, ada]],
    ['declares no done and returns a user', (_a: A) => ada, [null, ada]],
    ['declares no done and resolves to a user', (_a: A) => Promise.resolve(ada), [null, ada]],
    ['declares no done and throws', (_a: A) => fail(), [failure]],
    ['declares no done and rejects', (_a: A) => Promise.reject(failure), [failure]],
    ['declares nothing and returns a user', () => ada, [null, ada]],
    ['declares nothing and resolves to a user', () => Promise.resolve(ada), [null, ada]],
    ['declares nothing and returns null', () => null, [null, null]],
    ['declares nothing and calls done', withRest((done) => done(null, ada)), [null, ada]],
    // As in NestJS.
    ['resolves to undefined, then calls done', withRest(later(Promise.resolve())), [null, ada]],
  ] as [what: string, verify: unknown, expected: unknown[]][]) {
    it(`calls back once if it ${what}`, async () => {
      expect(await outcomeOf(verify)).to.deep.equal(expected);
    });
  }

  it('calls back with the first outcome if it then calls done with an error, which is printed', async () => {
    const verify = withDone((done) => {
      done(null, ada);
      done(failure);
    });
    const warnings = await warningsDuring(async () => {
      expect(await outcomeOf(verify)).to.deep.equal([null, ada]);
    });
    expect(warnings).to.deep.equal([failure]);
  });

  for (const nobody of [undefined, null, false, 0, '']) {
    it(`signs nobody in by returning ${inspect(nobody)} without done, or a promise of it`, async () => {
      for (const returned of [nobody, Promise.resolve(nobody)]) {
        const [error, user] = await outcomeOf((_a: A) => returned);
        expect([error, user]).to.deep.equal([null, nobody === undefined ? false : nobody]);
      }
    });
  }

  it("calls back with an Error in place of 'route', on which next() would go on", async () => {
    expect((await outcomeOf(withDone((done) => done('route'))))[0]).to.be.instanceOf(Error);
  });

  it('calls back with a TypeError if it returns a thenable, such as a query, which is not run', async () => {
    let runs = 0;
    const query = { then: () => (runs += 1) };
    const [error] = await outcomeOf((_a: A) => query);
    expect(error)
      .to.be.instanceOf(TypeError)
      .with.property('message')
      .match(/The verify function returned a thenable.*async/);
    // Without declared parameters it may call done as well.
    expect(await outcomeOf(withRest(later(query)))).to.deep.equal([null, ada]);
    expect(runs).to.equal(0);
  });

  describe('with done in a rest or default parameter', () => {
    // The fallback is never used: done is always given.
    const noDone: Done = () => undefined;

    it('calls back with what it calls done with before it returns, without a warning', async () => {
      const verify = (_a: A, _r: R, _p: P, done = noDone): void => {
        done(null, ada);
        done(null, ada);
      };
      const warnings = await warningsDuring(async () => {
        expect(await outcomeOf(verify)).to.deep.equal([null, ada]);
      });
      expect(warnings).to.be.empty;
    });

    for (const [what, verify, req] of [
      ['(accessToken, ...rest)', (_a: A, ...rest: unknown[]) => later()(lastOf(rest))],
      ['async (accessToken, ...rest)', (_a: A, ...rest: unknown[]) => later(Promise.resolve())(lastOf(rest))],
      ['(accessToken, …, done = …)', (_a: A, _r: R, _p: P, done = noDone) => later()(done)],
      ['(req, ...rest), given req', (_q: unknown, ...rest: unknown[]) => later()(lastOf(rest)), request],
    ] as [string, unknown, object?][]) {
      it(`says how to declare done, and warns, if it calls done after it returned: ${what}`, async () => {
        const warned = nextWarning();
        const [, user, info] = await outcomeOf(verify, req);
        expect(user).to.equal(false);
        expect(info)
          .to.have.property('message')
          .match(/returned no user.*declare done/);
        expect((await warned).message).to.match(/called done too late.*declare done/);
      });
    }

    it('warns if it calls done after it returned something else, such as a timer, which signs that in', async () => {
      const warned = nextWarning();
      const timer = { isTimer: true };
      const outcome = await outcomeOf((_a: A, ...rest: unknown[]) => later(timer)(lastOf(rest)));
      expect(outcome).to.deep.equal([null, timer]);
      expect((await warned).message).to.include('called done too late');
    });
  });

  describe('that never calls back', () => {
    const calling = (verify: unknown) => (called: Done) => {
      call(verify, called);
    };

    for (const [what, verify] of [
      ['declares done and returns nothing', withDone(() => undefined)],
      ['declares done and returns a promise of undefined', withDone(() => Promise.resolve())],
      ['declares done and returns a promise of null', withDone(() => Promise.resolve(null))],
      ['declares done and returns a thenable', withDone(() => ({ then: () => undefined }))],
      ['declares nothing and returns nothing', () => undefined],
      ['declares nothing and returns a promise of undefined', () => Promise.resolve()],
    ] as const) {
      it(`calls back with an error that says how to, after a minute: ${what}`, async () => {
        const [[error] = []] = await outcomesAfter(60_000, calling(verify));
        expect(error)
          .to.be.instanceOf(Error)
          .with.property('message')
          .match(/did not call back within a minute.*declare done/);
      });
    }

    it('has a whole minute', async () => {
      expect(
        await outcomesAfter(
          59_999,
          calling(() => undefined),
        ),
      ).to.be.empty;
    });

    it('is heard if it calls back right after the minute, as in a process that was suspended', async () => {
      const verify = withDone((done) => void setTimeout(done, 60_000, null, ada));
      const warnings = await warningsDuring(async () => {
        expect(await outcomesAfter(60_000, calling(verify))).to.deep.equal([[null, ada]]);
      });
      expect(warnings).to.be.empty;
    });

    it('warns if it calls done after the minute', async () => {
      let late: Done = () => undefined;
      await outcomesAfter(60_000, calling(withDone((done) => (late = done))));
      const warned = nextWarning();
      late(null, ada);
      expect((await warned).message).to.include('called done too late');
    });
  });

  describe('in a login', () => {
    let dribbble: FakeDribbble;
    before(async () => {
      dribbble = await FakeDribbble.start();
    });
    after(() => dribbble.stop());

    const strategy = (verify: unknown, options: object = {}): DribbbleStrategy =>
      new DribbbleStrategy(
        { clientID: 'id', clientSecret: 'secret', ...dribbble.endpoints, ...options },
        verify as () => void,
      );

    it('is called on the strategy, as passport-oauth2 calls it, and under passReqToCallback with the request', async () => {
      function verify(this: DribbbleStrategy, req: typeof request, ...[, , params, , done]: unknown[]): void {
        (done as Done)(null, { name: this.name, code: req.query.code, params });
      }
      const ours = strategy(Object.defineProperty(verify, 'length', { value: 6 }), {
        passReqToCallback: true,
      });
      const { user } = expectKind(await login(ours), 'success');
      expect(user).to.deep.equal({ name: 'dribbble', code: CODE, params: TOKEN });
    });

    it('fails the login with false, and says why in the info', async () => {
      const ours = strategy(withDone((done) => done(null, false, info)));
      expect(expectKind(await login(ours), 'fail').challenge).to.deep.equal(info);
    });
  });
});

describe('guardSkip', () => {
  const calling = (skip: Hook) => (called: Done) => (guardSkip(skip as never) as Hook)('the-token', called);

  it('leaves alone what is not a function', () => {
    expect([true, false, undefined].map((skip) => guardSkip(skip))).to.deep.equal([true, false, undefined]);
  });

  for (const [what, skip, expected] of [
    ['returns true', () => true, [null, true]],
    ['returns true without done', (_token: string) => true, [null, true]],
    ['returns false', () => false, [null, false]],
    ['returns nothing', () => undefined, [null, false]],
    ['looks for arguments without done', (...args: unknown[]) => args.length > 0, [null, false]],
    ['resolves to true', () => Promise.resolve(true), [null, true]],
    ['resolves to false', () => Promise.resolve(false), [null, false]],
    ['throws', fail, [failure]],
    ['rejects', () => Promise.reject(failure), [failure]],
    ['takes done and resolves to true', hook(() => Promise.resolve(true)), [null, true]],
    ['takes done and rejects', hook(() => Promise.reject(failure)), [failure]],
    ['calls back with an error', hook((done) => done(failure)), [failure]],
    ['calls back with true and then throws', hook((done) => (done(null, true), fail())), [null, true]],
    ['resolves to undefined, then calls back', hook(later(Promise.resolve(), true)), [null, true]],
    ['returns true, and calls back with false', hook(later(true, false)), [null, false]],
  ] as [what: string, skip: Hook, expected: unknown[]][])
    it(`calls back once if skipUserProfile ${what}`, async () => {
      expect(await once(calling(skip))).to.deep.equal(expected);
    });

  it('calls back with a TypeError if it returns a thenable, such as a query, which is not run', async () => {
    let runs = 0;
    const [error] = await once(calling(() => ({ then: () => (runs += 1) })));
    expect(error).to.be.instanceOf(TypeError).with.property('message').include('skipUserProfile function');
    expect(runs).to.equal(0);
  });

  it('calls back with an error if it has not called back after a minute', async () => {
    const [[error] = []] = await outcomesAfter(60_000, calling(hook(() => undefined)));
    expect(error).to.have.property('message').include('within a minute');
  });
});

describe('guardProfile', () => {
  const ours = { userProfile: (): undefined => undefined };

  const calling = (userProfile: unknown) => (called: Done) => {
    guardProfile({ userProfile: userProfile as never }, ours)('the-token', called);
  };

  for (const [what, userProfile, expected] of [
    ['calls back', hook((done) => done(null, profile)), [null, profile]],
    ['calls back twice', hook((done) => (done(null, profile), done(null, profile))), [null, profile]],
    ['resolves to a profile', () => Promise.resolve(profile), [null, profile]],
    ['resolves to no profile', () => Promise.resolve(false), [null, false]],
    ['throws', fail, [failure]],
    ['rejects', () => Promise.reject(failure), [failure]],
    ['resolves to undefined, then calls back', hook(later(Promise.resolve(), profile)), [null, profile]],
    ['resolves to null, then calls back', hook(later(Promise.resolve(null), profile)), [null, profile]],
  ] as [what: string, userProfile: unknown, expected: unknown[]][])
    it(`calls back once if userProfile ${what}`, async () => {
      expect(await once(calling(userProfile))).to.deep.equal(expected);
    });

  it('calls back with an error if it has not called back after a minute', async () => {
    const [[error] = []] = await outcomesAfter(
      60_000,
      calling(() => undefined),
    );
    expect(error).to.have.property('message').that.includes('userProfile method did not call back');
  });

  it("waits on if it has not called back after a minute and is DribbbleStrategy's own", async () => {
    expect(await outcomesAfter(60_000, calling(ours.userProfile))).to.be.empty;
  });
});
