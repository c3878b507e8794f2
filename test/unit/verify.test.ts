import { mock } from 'node:test';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { attempt, authenticate, expectKind, login, type Outcome } from '../support/authenticate';
import { CODE, FakeDribbble, TOKEN } from '../support/fake-dribbble';
import { nextWarning, warningsDuring } from '../support/warnings';

interface Profile {
  id: string;
}
interface Request {
  query: { code: string };
}
type Done = (error?: unknown, user?: unknown, info?: unknown) => void;

const ada = { name: 'Ada' };
const failure = new Error('The database is down.');
const WITH_REQUEST = { passReqToCallback: true };

describe('verify', () => {
  let dribbble: FakeDribbble;
  before(async () => {
    dribbble = await FakeDribbble.start();
  });
  after(() => dribbble.stop());

  function strategy(verify: unknown, options: object = {}): DribbbleStrategy {
    return new DribbbleStrategy(
      { clientID: 'id', clientSecret: 'secret', ...dribbble.endpoints, ...options },
      verify as () => void,
    );
  }
  const loginWith = (verify: unknown, options?: object): Promise<Outcome> => login(strategy(verify, options));

  async function userFrom(verify: unknown, options?: object): Promise<unknown> {
    return expectKind(await loginWith(verify, options), 'success').user;
  }
  async function errorFrom(verify: unknown, options?: object): Promise<Error> {
    return expectKind(await loginWith(verify, options), 'error').error;
  }

  describe('with done', () => {
    it('is given the access token, the refresh token, the profile and done', async () => {
      const user = await userFrom(
        (accessToken: string, refreshToken: unknown, profile: Profile, done: Done) => {
          done(null, { accessToken, refreshToken, id: profile.id });
        },
      );
      expect(user).to.deep.equal({ accessToken: TOKEN.access_token, refreshToken: undefined, id: '1' });
    });

    it('is called on the strategy, as passport-oauth2 calls it', async () => {
      const user = await userFrom(function (
        this: DribbbleStrategy,
        _a: string,
        _r: unknown,
        _p: Profile,
        done: Done,
      ) {
        done(null, { name: this.name });
      });
      expect(user).to.deep.equal({ name: 'dribbble' });
    });

    it('is given the token response before the profile if it declares five parameters', async () => {
      const user = await userFrom(
        (_a: string, _r: unknown, params: unknown, profile: Profile, done: Done) => {
          done(null, { params, id: profile.id });
        },
      );
      expect(user).to.deep.equal({ params: TOKEN, id: '1' });
    });

    it('is given the request first under passReqToCallback', async () => {
      const user = await userFrom(
        (req: Request, accessToken: string, _r: unknown, profile: Profile, done: Done) => {
          done(null, { code: req.query.code, accessToken, id: profile.id });
        },
        WITH_REQUEST,
      );
      expect(user).to.deep.equal({ code: CODE, accessToken: TOKEN.access_token, id: '1' });
    });

    it('is given the request and the token response under passReqToCallback if it declares six parameters', async () => {
      const user = await userFrom(
        (req: Request, _a: string, _r: unknown, params: unknown, profile: Profile, done: Done) => {
          done(null, { code: req.query.code, params, id: profile.id });
        },
        WITH_REQUEST,
      );
      expect(user).to.deep.equal({ code: CODE, params: TOKEN, id: '1' });
    });

    it('gives the app its info', async () => {
      const outcome = await loginWith((_a: string, _r: unknown, _p: Profile, done: Done) => {
        done(null, ada, { scope: 'public' });
      });
      expect(expectKind(outcome, 'success').info).to.deep.equal({ scope: 'public' });
    });

    it('fails the login with false, and says why in the info', async () => {
      const outcome = await loginWith((_a: string, _r: unknown, _p: Profile, done: Done) => {
        done(null, false, { message: 'No account.' });
      });
      expect(expectKind(outcome, 'fail').challenge).to.deep.equal({ message: 'No account.' });
    });

    // Each with a body of four parameters, so that done is declared.
    for (const [what, verify] of [
      [
        'calls done with',
        (_a: string, _r: unknown, _p: Profile, done: Done) => {
          done(failure);
        },
      ],
      [
        'throws',
        (_a: string, _r: unknown, _p: Profile, _done: Done) => {
          throw failure;
        },
      ],
      ['rejects with', (_a: string, _r: unknown, _p: Profile, _done: Done) => Promise.reject(failure)],
    ] as const) {
      it(`ends the login in the error that it ${what}`, async () => {
        expect(await errorFrom(verify)).to.equal(failure);
      });
    }

    const afterDone: [what: string, then: (done: Done) => unknown][] = [
      [
        'calls done with somebody else',
        (done) => {
          done(null, { name: 'Eve' });
        },
      ],
      [
        'calls done with an error',
        (done) => {
          done(failure);
        },
      ],
      [
        'throws',
        () => {
          throw failure;
        },
      ],
      ['rejects', () => Promise.reject(failure)],
    ];
    for (const [what, then] of afterDone) {
      it(`signs in whom it called done with first, though it then ${what}`, async () => {
        const user = await userFrom((_a: string, _r: unknown, _p: Profile, done: Done) => {
          done(null, ada);
          return then(done);
        });
        expect(user).to.equal(ada);
      });
    }

    it('signs in what its promise resolves to before it calls done', async () => {
      // eslint-disable-next-line @typescript-eslint/require-await -- an async function, as apps write them
      const verify = async (_a: string, _r: unknown, _p: Profile, done: Done): Promise<object> => {
        setImmediate(done, null, { name: 'Eve' });
        return ada;
      };
      expect(await userFrom(verify)).to.equal(ada);
    });

    it('signs in whom it calls done with, not what it returns, under passReqToCallback too', async () => {
      const verify = (_q: unknown, _a: string, _r: unknown, _p: Profile, done: Done): object => {
        setImmediate(done, null, ada);
        return { name: 'Eve' };
      };
      expect(await userFrom(verify, WITH_REQUEST)).to.equal(ada);
    });
  });

  describe('without done', () => {
    it('signs in what its promise resolves to', async () => {
      const verify = (_a: string, _r: unknown, profile: Profile): Promise<object> =>
        Promise.resolve({ id: profile.id });
      expect(await userFrom(verify)).to.deep.equal({ id: '1' });
    });

    it('is given the request first under passReqToCallback', async () => {
      const verify = (req: Request, _a: string, _r: unknown, profile: Profile): Promise<object> =>
        Promise.resolve({ code: req.query.code, id: profile.id });
      expect(await userFrom(verify, WITH_REQUEST)).to.deep.equal({ code: CODE, id: '1' });
    });

    it('signs in what it returns', async () => {
      const user = await userFrom((accessToken: string) => ({ accessToken }));
      expect(user).to.deep.equal({ accessToken: TOKEN.access_token });
    });

    for (const nobody of [undefined, null, false, 0, '']) {
      it(`fails the login by returning ${inspect(nobody)}, or a promise of it`, async () => {
        expect((await loginWith((_accessToken: string) => nobody)).kind).to.equal('fail');
        expect((await loginWith((_accessToken: string) => Promise.resolve(nobody))).kind).to.equal('fail');
      });
    }

    it('ends the login in the error that it throws', async () => {
      expect(
        await errorFrom((_accessToken: string) => {
          throw failure;
        }),
      ).to.equal(failure);
    });

    it('ends the login in the error that its promise rejects with', async () => {
      expect(await errorFrom((_accessToken: string) => Promise.reject(failure))).to.equal(failure);
    });

    it('ends the login in a TypeError if it returns a thenable, such as a query, which is not run', async () => {
      let runs = 0;
      const query = { then: () => (runs += 1) };
      const error = await errorFrom((_accessToken: string) => query);
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.match(/The verify function returned a thenable.*async/);
      expect(runs).to.equal(0);
    });
  });

  describe('with no declared parameter', () => {
    for (const [what, verify] of [
      [
        'calls done with',
        (...args: unknown[]) => {
          (args.at(-1) as Done)(null, ada);
        },
      ],
      [
        'calls done with after its promise has resolved to undefined, as in NestJS',
        (...args: unknown[]): Promise<void> => {
          setImmediate(args.at(-1) as Done, null, ada);
          return Promise.resolve();
        },
      ],
      ['returns', () => ada],
      ['returns a promise of', () => Promise.resolve(ada)],
    ] as const) {
      it(`signs in whom it ${what}`, async () => {
        expect(await userFrom(verify)).to.equal(ada);
      });
    }

    it('fails the login by returning null', async () => {
      expect((await loginWith(() => null)).kind).to.equal('fail');
    });

    it('is given four arguments, and the request before them under passReqToCallback', async () => {
      const verify = (...args: unknown[]): object => ({ count: args.length });
      expect(await userFrom(verify)).to.deep.equal({ count: 4 });
      expect(await userFrom(verify, WITH_REQUEST)).to.deep.equal({ count: 5 });
    });

    it('may return a thenable and call done: the thenable is not run', async () => {
      let runs = 0;
      const verify = (...args: unknown[]): object => {
        setImmediate(args.at(-1) as Done, null, ada);
        return { then: () => (runs += 1) };
      };
      expect(await userFrom(verify)).to.equal(ada);
      expect(runs).to.equal(0);
    });
  });

  describe('with done in a rest or default parameter', () => {
    const lastOf = (args: unknown[]): Done => args.at(-1) as Done;
    // The fallback is never used: done is always given.
    const noDone: Done = () => undefined;

    for (const [what, verify] of [
      [
        '(accessToken, ...rest)',
        (_a: string, ...rest: unknown[]) => {
          lastOf(rest)(null, ada);
        },
      ],
      [
        '(accessToken, refreshToken, profile, done = …)',
        (_a: string, _r: unknown, _p: Profile, done = noDone) => {
          done(null, ada);
        },
      ],
    ] as const) {
      it(`signs in whom it calls done with before it returns: ${what}`, async () => {
        const warnings = await warningsDuring(async () => {
          expect(await userFrom(verify)).to.equal(ada);
        });
        expect(warnings).to.be.empty;
      });
    }

    for (const [what, verify, options] of [
      [
        '(accessToken, ...rest)',
        (_a: string, ...rest: unknown[]) => {
          setImmediate(lastOf(rest), null, ada);
        },
      ],
      [
        'async (accessToken, ...rest)',
        (_a: string, ...rest: unknown[]) => {
          setImmediate(() => setImmediate(lastOf(rest), null, ada));
          return Promise.resolve();
        },
      ],
      [
        '(accessToken, refreshToken, profile, done = …)',
        (_a: string, _r: unknown, _p: Profile, done = noDone) => {
          setImmediate(done, null, ada);
        },
      ],
      [
        '(req, ...rest) under passReqToCallback',
        (_q: Request, ...rest: unknown[]) => {
          setImmediate(lastOf(rest), null, ada);
        },
        WITH_REQUEST,
      ],
    ] as [string, unknown, object?][]) {
      it(`says how to declare done, and warns, if it calls done after it returned: ${what}`, async () => {
        const warned = nextWarning();
        const { challenge } = expectKind(await loginWith(verify, options), 'fail');
        expect(challenge?.message).to.include('declare done');
        expect((await warned).message).to.match(/called done too late.*declare done/);
      });
    }

    it('is not warned of a second call of done', async () => {
      const verify = (_a: string, _r: string, _p: object, done: Done): void => {
        done(null, ada);
        done(null, ada);
      };
      expect(await warningsDuring(() => userFrom(verify))).to.be.empty;
    });

    it('warns if it calls done after it returned something else, such as a timer, which signs that in', async () => {
      const warned = nextWarning();
      const timer = { isTimer: true };
      const verify = (_a: string, ...rest: unknown[]): object => {
        setImmediate(lastOf(rest), null, ada);
        return timer;
      };
      expect(await userFrom(verify)).to.equal(timer);
      expect((await warned).message).to.include('called done too late');
    });
  });

  describe('that never calls back', () => {
    beforeEach(() => {
      mock.timers.enable({ apis: ['setTimeout'] });
    });
    afterEach(() => {
      mock.timers.reset();
    });

    /** Runs until verify was called and returned, then lets time pass; the outcome, if there is one by then. */
    async function outcomeAfter(milliseconds: number, verify: object): Promise<Outcome | undefined> {
      let outcome: Outcome | undefined;
      const { length } = verify as { length: number };
      await new Promise((resolve) => {
        const called = (...args: unknown[]): unknown => {
          setImmediate(resolve, undefined);
          return (verify as (...all: unknown[]) => unknown)(...args);
        };
        void loginWith(Object.defineProperty(called, 'length', { value: length })).then(
          (value) => (outcome = value),
        );
      });
      mock.timers.tick(milliseconds);
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      return outcome;
    }

    for (const [what, verify] of [
      ['declares done and returns nothing', (_a: string, _r: unknown, _p: Profile, _done: Done) => undefined],
      [
        'declares done and returns a promise of undefined',
        (_a: string, _r: unknown, _p: Profile, _done: Done) => Promise.resolve(),
      ],
      [
        'declares done and returns a promise of null',
        (_a: string, _r: unknown, _p: Profile, _done: Done) => Promise.resolve(null),
      ],
      [
        'declares done and returns a thenable',
        (_a: string, _r: unknown, _p: Profile, _done: Done) => ({ then: () => undefined }),
      ],
      ['declares nothing and returns nothing', () => undefined],
      ['declares nothing and returns a promise of undefined', () => Promise.resolve()],
    ] as const) {
      it(`ends the login in an error that says how to, after a minute: ${what}`, async () => {
        const outcome = await outcomeAfter(60_000, verify);
        if (!outcome) throw new Error('There was no outcome.');
        const { error } = expectKind(outcome, 'error');
        expect(error.message).to.match(/did not call back within a minute.*declare done/);
      });
    }

    it('has a whole minute', async () => {
      expect(await outcomeAfter(59_999, () => undefined)).to.equal(undefined);
    });

    it('warns if it calls done after the minute', async () => {
      let late: Done = () => undefined;
      await outcomeAfter(60_000, (_a: string, _r: unknown, _p: Profile, done: Done) => {
        late = done;
      });
      const warned = nextWarning();
      late(null, ada);
      expect((await warned).message).to.include('called done too late');
    });
  });

  it("ends the login in an Error if it calls done with 'route', on which next() would go on", async () => {
    const error = await errorFrom((_a: string, _r: unknown, _p: Profile, done: Done) => {
      done('route');
    });
    expect(error).to.be.instanceOf(Error).and.include({ message: 'route', cause: 'route' });
  });

  it('ends the login in an Error with the fields of a plain object that it throws', async () => {
    const plain = { status: 418, message: 'A teapot.' };
    const error = await errorFrom((_accessToken: string) => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is tested
      throw plain;
    });
    expect(error)
      .to.be.instanceOf(Error)
      .and.include({ ...plain, cause: plain });
  });

  it('prints the error of a function that has called done before, as nobody waits for it', async () => {
    const warnings = await warningsDuring(() =>
      loginWith((_a: string, _r: unknown, _p: Profile, done: Done) => {
        done(null, ada);
        throw failure;
      }),
    );
    expect(warnings).to.deep.equal([failure]);
  });

  for (const nothing of [undefined, null, 'route', false]) {
    it(`ends the login in an Error if it throws ${String(nothing)}, on which next() would go on`, async () => {
      const error = await errorFrom((_accessToken: string) => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is tested
        throw nothing;
      });
      expect(error).to.be.instanceOf(Error);
      expect(error.cause).to.equal(nothing);
    });
  }

  it('is called once if what Passport does after a login throws, which is the error of the login', async () => {
    const session = {};
    let calls = 0;
    const ours = strategy((_accessToken: string) => {
      calls += 1;
      return ada;
    });
    const { url } = expectKind(await authenticate(ours, { session }), 'redirect');
    const thrown = new Error('req.session.regenerate is not a function');
    const query = { code: CODE, state: url.searchParams.get('state') };
    const error = await new Promise((resolve) => {
      attempt(ours, { session, query }, undefined, (outcome) => {
        if (outcome.kind === 'success') throw thrown;
        resolve(outcome);
      });
    });
    expect(error).to.deep.equal({ kind: 'error', error: thrown });
    expect(calls).to.equal(1);
  });
});
