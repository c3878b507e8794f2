import { expect } from 'chai';
import type OAuth2Strategy = require('passport-oauth2');
import {
  DribbbleAPIError,
  DribbbleStrategy,
  InternalOAuthError,
  type DribbbleProfile,
  type DribbbleStrategyOptions,
} from 'passport-dribbble-oauth2';
import {
  authenticate,
  expectKind,
  login,
  type Outcome,
  BaseStrategy,
  clientOf,
} from '../support/authenticate';
import { CODE, FakeDribbble, TOKEN } from '../support/fake-dribbble';
import { warningsDuring } from '../support/process';

type Callback = (error: unknown, body?: unknown, response?: unknown) => void;
type Constructor = new (...args: ConstructorParameters<typeof DribbbleStrategy>) => DribbbleStrategy;
const SECRET = 'the-client-secret';

/** A store that answers at once, and one that does so later, when nothing is on the stack that would catch. */
const storeBy = (answer: (callback: Callback, ...outcome: unknown[]) => unknown) => ({
  store: (_req: unknown, callback: Callback) => answer(callback, null, 'the-state'),
  verify: (_req: unknown, _state: unknown, callback: Callback) => answer(callback, null, true),
});
const STORES = {
  'at once': storeBy((callback, ...outcome) => {
    callback(...(outcome as [unknown]));
  }),
  later: storeBy(setImmediate),
};

describe('DribbbleStrategy, as a strategy of passport-oauth2,', () => {
  let dribbble: FakeDribbble;
  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
  });
  afterEach(() => dribbble.stop());

  const options = (): DribbbleStrategyOptions => ({
    clientID: 'the-client-id',
    clientSecret: SECRET,
    ...dribbble.endpoints,
  });
  const build = (Class: Constructor = DribbbleStrategy): DribbbleStrategy =>
    new Class(options(), (_accessToken: string, _refreshToken: unknown, profile: DribbbleProfile) => profile);
  const buildBase = (): BaseStrategy => new BaseStrategy({ ...options(), state: true });
  const errorOf = (outcome: Outcome): Error & Record<string, unknown> => expectKind(outcome, 'error').error;

  for (const [name, make] of [
    ['passport-oauth2', buildBase],
    ['DribbbleStrategy', build],
  ] as const) {
    describe(`whose client is replaced in ${name},`, () => {
      it('obeys a replaced get', async () => {
        const strategy = make();
        clientOf(strategy).get = (_url, _token, callback) => {
          callback(null, '{"id":42}', {});
        };
        expect(expectKind(await login(strategy), 'success').user).to.include({ id: '42' });
      });

      it('obeys a replaced getOAuthAccessToken', async () => {
        const strategy = make();
        clientOf(strategy).getOAuthAccessToken = (_code, _params, callback) => {
          callback(null, 'a-stubbed-token', undefined, {});
        };
        expectKind(await login(strategy), 'success');
        expect(dribbble.received.map(({ path }) => path.split('?')[0])).to.deep.equal(['/v2/user']);
        expect(dribbble.received[0]?.text).to.include('a-stubbed-token');
      });

      for (const method of ['_request', '_executeRequest'] as const) {
        it(`obeys a wrapped ${method}`, async () => {
          const strategy = make();
          const client = clientOf(strategy) as unknown as Record<string, (...all: unknown[]) => void>;
          const wrapped = client[method]?.bind(client);
          let calls = 0;
          client[method] = (...parameters) => {
            calls += 1;
            wrapped?.(...parameters);
          };
          expectKind(await login(strategy), 'success');
          expect(calls).to.equal(2);
        });
      }

      it('sends what overridden tokenParams and authorizationParams return', async () => {
        const strategy = make();
        Object.assign(strategy, {
          tokenParams: () => ({ audience: 'token' }),
          authorizationParams: () => ({ prompt: 'login' }),
        });
        const { url } = expectKind(await authenticate(strategy), 'redirect');
        expect(url.searchParams.get('prompt')).to.equal('login');
        expectKind(await login(strategy), 'success');
        expect(dribbble.tokenForm).to.include({ audience: 'token' });
      });

      it('gives authorizationParams options of its own, which it may change or return', async () => {
        const strategy = make();
        Object.assign(strategy, {
          authorizationParams: (given: Record<string, unknown>) => Object.assign(given, { prompt: 'login' }),
        });
        const options = { state: { page: '/shots' }, login_hint: 'me' };
        const before = structuredClone(options);
        const { url } = expectKind(await authenticate(strategy, {}, options), 'redirect');
        expect(Object.fromEntries(url.searchParams)).to.include({ login_hint: 'me', prompt: 'login' });
        if (strategy instanceof DribbbleStrategy) expect(options).to.deep.equal(before);
      });

      it('shows authorizationParams and tokenParams the state of the request', async () => {
        const strategy = make();
        const hook = ({ state }: { state?: { page: string } }): object => ({ page: state?.page });
        Object.assign(strategy, { authorizationParams: hook, tokenParams: hook });
        const { url } = expectKind(
          await authenticate(strategy, {}, { state: { page: '/shots' } }),
          'redirect',
        );
        expect(url.searchParams.get('page')).to.equal('/shots');
        expectKind(await login(strategy, { options: { state: { page: '/shots' } } }), 'success');
        expect(dribbble.tokenForm).to.include({ page: '/shots' });
      });

      it('gives an overridden parseErrorResponse the body as it came, and uses its error', async () => {
        const strategy = make();
        const own = new Error('mine');
        const given: unknown[] = [];
        Object.assign(strategy, {
          parseErrorResponse: (body: unknown, status: unknown) => {
            given.push(body, status);
            return own;
          },
        });
        dribbble.token = { status: 418, json: { error: 'teapot', code: CODE } };
        expect(errorOf(await login(strategy))).to.equal(own);
        expect(given).to.deep.equal([JSON.stringify({ error: 'teapot', code: CODE }), 418]);
      });

      it('obeys an overridden _loadUserProfile', async () => {
        const strategy = make();
        Object.assign(strategy, {
          _loadUserProfile: (_token: string, done: (error: null, profile: object) => void) => {
            done(null, { id: 'mine' });
          },
        });
        expect(expectKind(await login(strategy), 'success').user).to.deep.equal({ id: 'mine' });
      });
    });
  }

  it('obeys a subclass whose authenticate overrides a hook for one request', async () => {
    class Subclass extends DribbbleStrategy {
      override authenticate(req: never, perRequest?: object): void {
        const { prompt } = req as { prompt?: string };
        if (prompt) this.authorizationParams = () => ({ prompt });
        super.authenticate(req, perRequest);
      }
    }
    const strategy = build(Subclass);
    for (const prompt of ['login', undefined]) {
      const { url } = expectKind(await authenticate(strategy, { prompt }), 'redirect');
      expect(url.searchParams.get('prompt')).to.equal(prompt ?? null);
    }
  });

  for (const [how, write] of [
    ['assigns', (self: object, req: unknown) => Object.assign(self, { _req: req })],
    ['defines', (self: object, req: unknown) => Object.defineProperty(self, '_req', { value: req })],
  ] as const) {
    it(`gives the hooks of a subclass what its authenticate ${how}, before super and after it`, async () => {
      for (const isAfter of [false, true]) {
        class Subclass extends DribbbleStrategy {
          override authenticate(...parameters: Parameters<DribbbleStrategy['authenticate']>): void {
            if (!isAfter) write(this, 'the request');
            super.authenticate(...parameters);
            if (isAfter) write(this, 'the request');
          }
          override userProfile(_token: string, done: (error?: unknown, profile?: never) => void): void {
            done(null, { req: (this as { _req?: unknown })._req } as never);
          }
        }
        const strategy = build(Subclass);
        expect(expectKind(await login(strategy), 'success').user).to.deep.equal({ req: 'the request' });
      }
    });
  }

  it("obeys a subclass whose authenticate looks at what Passport's success is given", async () => {
    class Subclass extends DribbbleStrategy {
      declare success: (user: unknown, info?: object) => void;
      declare fail: (challenge: object, status?: number) => void;
      override authenticate(req: never, perRequest?: object): void {
        this.success = () => {
          this.fail({ message: 'banned' }, 403);
        };
        super.authenticate(req, perRequest);
      }
    }
    expect(expectKind(await login(build(Subclass)), 'fail')).to.deep.include({
      challenge: { message: 'banned' },
      status: 403,
    });
  });

  it('obeys a subclass whose authenticate begins again where a state is unknown', async () => {
    class Subclass extends DribbbleStrategy {
      declare fail: (challenge: object, status?: number) => void;
      override authenticate(req: never, perRequest?: object): void {
        this.fail = () => {
          super.authenticate({ ...(req as object), query: {} } as never, perRequest);
        };
        super.authenticate(req, perRequest);
      }
    }
    const strategy = build(Subclass);
    const query = { code: 'the-code', state: 'unknown' };
    expectKind(await authenticate(strategy, { query }), 'redirect');
  });

  it('hides a client secret that the app has put in place of the first', async () => {
    const strategy = build();
    Object.assign(clientOf(strategy), { _clientSecret: 'the-rotated-secret' });
    dribbble.token = { status: 400, json: { error: 'x', error_description: 'No the-rotated-secret.' } };
    expect(errorOf(await login(strategy)).message).to.include('x: No [hidden]. ');
  });

  it('leaves the names free that a subclass would choose', async () => {
    class Subclass extends DribbbleStrategy {
      client = 'mine';
      _client = 'mine';
      _timeout = 'mine';
      _userProfileURL = 'mine';
      connections = 'mine';
    }
    expectKind(await login(build(Subclass)), 'success');
  });

  it('begins a login without a warning with a client whose endpoints are paths', async () => {
    const strategy = build();
    const { origin, pathname } = new URL(dribbble.endpoints.tokenURL);
    Object.assign(clientOf(strategy), { _baseSite: origin, _accessTokenUrl: pathname });
    const warnings = await warningsDuring(async () => {
      expectKind(await login(strategy), 'success');
    });
    expect(warnings).to.be.empty;
  });

  it('works with a client put in place of its own that has #private members', async () => {
    const strategy = build();
    const { OAuth2 } = await import('oauth');
    class Private extends OAuth2 {
      readonly #prefix = 'Token ';
      override buildAuthHeader(token: string): string {
        return this.#prefix + token;
      }
    }
    const { authorizationURL, tokenURL } = dribbble.endpoints;
    Object.assign(strategy, {
      _oauth2: new Private('the-client-id', SECRET, '', authorizationURL, tokenURL),
    });
    clientOf(strategy).useAuthorizationHeaderforGET(true);
    expectKind(await login(strategy), 'success');
    expect(dribbble.received[1]?.headers['authorization']).to.equal(`Token ${TOKEN.access_token}`);
  });

  for (const [how, result, ErrorClass, status, says] of [
    ['with no response', [null, '{}'], InternalOAuthError, 502, /with 200 .*a user with an id/],
    ['with an error response', [{ statusCode: 429, data: '{}' }, undefined], DribbbleAPIError, 503, /429/],
  ] as const) {
    it(`makes an error of its own where a replaced get calls back ${how}`, async () => {
      const strategy = build();
      clientOf(strategy).get = (_url, _token, callback) => {
        callback(result[0], result[1]);
      };
      const error = errorOf(await login(strategy));
      expect(error).to.be.instanceOf(ErrorClass).and.include({ status });
      expect(error.message).to.match(says);
    });
  }

  // mocha fails a test during which an exception or a rejection reaches the process.
  describe('one of whose hooks throws,', () => {
    const thrown = new Error('The hook is wrong.');
    const fail = (): never => {
      throw thrown;
    };
    const reject = (): Promise<never> => Promise.reject(thrown);
    /** A userProfile that gives the client this callback. */
    const calling = (callback: () => unknown) =>
      function (this: OAuth2Strategy, token: string): void {
        clientOf(this).get(dribbble.endpoints.userProfileURL, token, callback);
      };
    let verified: number;
    beforeEach(() => (verified = 0));
    /** A strategy with hooks in place of its own, as in a subclass. */
    function withHooks(hooks: object, more: object = {}): DribbbleStrategy {
      const strategy = new DribbbleStrategy(
        { ...options(), ...more },
        (_accessToken, _refreshToken, profile) => {
          verified += 1;
          return profile;
        },
      );
      return Object.assign(strategy, hooks);
    }

    for (const [what, hooks] of [
      ['authorizationParams', { authorizationParams: fail }],
      ['tokenParams', { tokenParams: fail }],
      ['userProfile', { userProfile: fail }],
      ['an async userProfile', { userProfile: reject }],
      ['a callback of _oauth2.get in userProfile', { userProfile: calling(fail) }],
      ['an async callback of _oauth2.get in userProfile', { userProfile: calling(reject) }],
    ] as const) {
      for (const [when, store] of Object.entries(STORES)) {
        it(`ends the login in the error of ${what}, with a store that answers ${when}`, async () => {
          const strategy = withHooks(hooks, { store });
          const outcome = await login(strategy).catch(
            (reason: unknown) => (reason as Error).cause as Outcome,
          );
          expect(errorOf(outcome)).to.equal(thrown);
          expect(verified).to.equal(0);
        });
      }
    }

    it('ends the login in the error of a userProfile that follows an async skipUserProfile', async () => {
      const skipUserProfile = (): Promise<boolean> => Promise.resolve(false);
      expect(errorOf(await login(withHooks({ userProfile: fail }, { skipUserProfile })))).to.equal(thrown);
    });

    it('calls verify once if userProfile calls back twice, and prints its second error', async () => {
      const userProfile = (_token: string, done: Callback): void => {
        done(null, {});
        done(null, {});
        done(thrown);
      };
      const warnings = await warningsDuring(async () => {
        expectKind(await login(withHooks({ userProfile })), 'success');
      });
      expect(verified).to.equal(1);
      expect(warnings).to.deep.equal([thrown]);
    });
  });
});
