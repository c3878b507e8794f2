import { inspect } from 'node:util';
import { expect } from 'chai';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { authenticate, expectKind, login, type Outcome } from '../support/authenticate';
import { FakeDribbble, TOKEN } from '../support/fake-dribbble';

interface Profile {
  id: string;
}
type Done = (error?: unknown, user?: unknown, info?: unknown) => void;

const ada = { name: 'Ada' };

describe('The verify function', () => {
  let dribbble: FakeDribbble;
  before(async () => {
    dribbble = await FakeDribbble.start();
  });
  after(() => dribbble.stop());

  function strategy(verify: unknown, options: object = {}): DribbbleStrategy {
    return new DribbbleStrategy(
      {
        clientID: 'id',
        clientSecret: 'secret',
        ...dribbble.endpoints,
        ...options,
      },
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

  describe('that declares done', () => {
    it('takes the access token, the refresh token, the profile and done', async () => {
      const user = await userFrom(
        (accessToken: string, refreshToken: unknown, profile: Profile, done: Done) => {
          done(null, { accessToken, refreshToken, id: profile.id });
        },
      );
      expect(user).to.deep.equal({ accessToken: TOKEN.access_token, refreshToken: undefined, id: '1' });
    });

    it('takes the token response before the profile, if it declares five parameters', async () => {
      const user = await userFrom(
        (_a: string, _r: unknown, params: unknown, profile: Profile, done: Done) => {
          done(null, { params, id: profile.id });
        },
      );
      expect(user).to.deep.equal({ params: TOKEN, id: '1' });
    });

    it('takes the request first, under passReqToCallback', async () => {
      const user = await userFrom(
        (
          req: { query: { code: string } },
          accessToken: string,
          _r: unknown,
          profile: Profile,
          done: Done,
        ) => {
          done(null, { code: req.query.code, accessToken, id: profile.id });
        },
        { passReqToCallback: true },
      );
      expect(user).to.deep.equal({ code: 'the-code', accessToken: TOKEN.access_token, id: '1' });
    });

    it('takes the request first and the token response, under passReqToCallback with six parameters', async () => {
      const user = await userFrom(
        (
          req: { query: { code: string } },
          _a: string,
          _r: unknown,
          params: unknown,
          profile: Profile,
          done: Done,
        ) => {
          done(null, { code: req.query.code, params, id: profile.id });
        },
        { passReqToCallback: true },
      );
      expect(user).to.deep.equal({ code: 'the-code', params: TOKEN, id: '1' });
    });

    it('hands its info on', async () => {
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

    it('ends the login in the error that it answers with', async () => {
      const error = new Error('The database is down.');
      expect(
        await errorFrom((_a: string, _r: unknown, _p: Profile, done: Done) => {
          done(error);
        }),
      ).to.equal(error);
    });

    it('ends the login in the error that it throws', async () => {
      const error = new Error('The database is down.');
      expect(
        await errorFrom((_a: string, _r: unknown, _p: Profile, _done: Done) => {
          throw error;
        }),
      ).to.equal(error);
    });

    it('ends the login in the error that its promise rejects with', async () => {
      const error = new Error('The database is down.');
      const verify = (_a: string, _r: unknown, _p: Profile, _done: Done): Promise<void> =>
        Promise.reject(error);
      expect(await errorFrom(verify)).to.equal(error);
    });

    it('answers once: a second call of done is ignored', async () => {
      const user = await userFrom((_a: string, _r: unknown, _p: Profile, done: Done) => {
        done(null, ada);
        done(null, { name: 'Eve' });
        done(new Error('late'));
      });
      expect(user).to.equal(ada);
    });

    it('answers once: what it throws after done is ignored', async () => {
      const user = await userFrom((_a: string, _r: unknown, _p: Profile, done: Done) => {
        done(null, ada);
        throw new Error('late');
      });
      expect(user).to.equal(ada);
    });

    it('answers once: what it rejects with after done is ignored', async () => {
      const verify = (_a: string, _r: unknown, _p: Profile, done: Done): Promise<void> => {
        done(null, ada);
        return Promise.reject(new Error('late'));
      };
      expect(await userFrom(verify)).to.equal(ada);
    });

    it('answers through done only: what its promise resolves to is ignored', async () => {
      const verify = (_a: string, _r: unknown, _p: Profile, done: Done): Promise<object> => {
        setImmediate(done, null, ada);
        return Promise.resolve({ name: 'Eve' });
      };
      expect(await userFrom(verify)).to.equal(ada);
    });

    it('answers through done only: what it returns is ignored, under passReqToCallback too', async () => {
      const verify = (_q: unknown, _a: string, _r: unknown, _p: Profile, done: Done): object => {
        setImmediate(done, null, ada);
        return { name: 'Eve' };
      };
      expect(await userFrom(verify, { passReqToCallback: true })).to.equal(ada);
    });
  });

  describe('that declares fewer parameters', () => {
    it('answers by its promise', async () => {
      const verify = (_a: string, _r: unknown, profile: Profile): Promise<object> =>
        Promise.resolve({ id: profile.id });
      expect(await userFrom(verify)).to.deep.equal({ id: '1' });
    });

    it('answers by its promise, with the request first under passReqToCallback', async () => {
      const verify = (
        req: { query: { code: string } },
        _a: string,
        _r: unknown,
        profile: Profile,
      ): Promise<object> => Promise.resolve({ code: req.query.code, id: profile.id });
      expect(await userFrom(verify, { passReqToCallback: true })).to.deep.equal({
        code: 'the-code',
        id: '1',
      });
    });

    it('answers by what it returns', async () => {
      expect(await userFrom((accessToken: string) => ({ accessToken }))).to.deep.equal({
        accessToken: TOKEN.access_token,
      });
    });

    for (const nobody of [undefined, null, false, 0, '']) {
      it(`fails the login by returning ${inspect(nobody)}`, async () => {
        expect((await loginWith((_accessToken: string) => nobody)).kind).to.equal('fail');
      });

      it(`fails the login by a promise of ${inspect(nobody)}`, async () => {
        expect((await loginWith((_accessToken: string) => Promise.resolve(nobody))).kind).to.equal('fail');
      });
    }

    it('ends the login in the error that it throws', async () => {
      const error = new Error('The database is down.');
      expect(
        await errorFrom((_accessToken: string) => {
          throw error;
        }),
      ).to.equal(error);
    });

    it('ends the login in the error that its promise rejects with', async () => {
      const error = new Error('The database is down.');
      expect(await errorFrom((_accessToken: string) => Promise.reject(error))).to.equal(error);
    });

    it('must not return a thenable, such as a query, which is not run and is nobody', async () => {
      let runs = 0;
      const query = { then: () => (runs += 1) };
      const error = await errorFrom((_accessToken: string) => query);
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.include('async');
      expect(runs).to.equal(0);
    });
  });

  describe('that declares none', () => {
    it('may answer through done', async () => {
      expect(
        await userFrom((...args: unknown[]) => {
          (args.at(-1) as Done)(null, ada);
        }),
      ).to.equal(ada);
    });

    it('may answer through done after its promise has resolved to undefined, as in NestJS', async () => {
      const verify = (...args: unknown[]): Promise<void> => {
        setImmediate(args.at(-1) as Done, null, ada);
        return Promise.resolve();
      };
      expect(await userFrom(verify)).to.equal(ada);
    });

    it('may answer by its promise', async () => {
      expect(await userFrom((...args: unknown[]) => Promise.resolve({ count: args.length }))).to.deep.equal({
        count: 4,
      });
    });

    it('may answer by what it returns', async () => {
      expect(await userFrom(() => ada)).to.equal(ada);
    });

    it('fails the login by returning null', async () => {
      expect((await loginWith(() => null)).kind).to.equal('fail');
    });

    it('is given the request first under passReqToCallback', async () => {
      const user = await userFrom((...args: unknown[]) => ({ count: args.length }), {
        passReqToCallback: true,
      });
      expect(user).to.deep.equal({ count: 5 });
    });

    it('may return a thenable beside done, which is not run', async () => {
      let runs = 0;
      const verify = (...args: unknown[]): object => {
        setImmediate(args.at(-1) as Done, null, ada);
        return { then: () => (runs += 1) };
      };
      expect(await userFrom(verify)).to.equal(ada);
      expect(runs).to.equal(0);
    });
  });

  for (const nothing of [undefined, null, 'route', false]) {
    it(`ends the login in an Error where it throws ${String(nothing)}, which next() would take for leave`, async () => {
      const error = await errorFrom((_accessToken: string) => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw nothing;
      });
      expect(error).to.be.instanceOf(Error);
      expect(error.cause).to.equal(nothing);
    });
  }

  it('is not called twice where what passport does after a login throws: that is the error of the login', async () => {
    const session = {};
    let calls = 0;
    const ours = strategy((_accessToken: string) => {
      calls += 1;
      return ada;
    });
    const { url } = expectKind(await authenticate(ours, { session }), 'redirect');
    const thrown = new Error('req.session.regenerate is not a function');
    const error = await new Promise((resolve) => {
      const attempt = Object.assign(Object.create(ours) as DribbbleStrategy, {
        success: () => {
          throw thrown;
        },
        error: resolve,
      });
      const query = { code: 'the-code', state: url.searchParams.get('state') };
      attempt.authenticate({ query, session, headers: {} } as never);
    });
    expect(error).to.equal(thrown);
    expect(calls).to.equal(1);
  });
});
