import * as https from 'node:https';
import { mock } from 'node:test';
import { expect } from 'chai';
import {
  DribbbleStrategy,
  Strategy,
  type DribbbleProfile,
  type DribbbleStrategyOptions,
  type DribbbleTokenResponse,
  type VerifyCallback,
} from 'passport-dribbble-oauth2';
import { authenticate, expectKind, login, type FakeRequest, type Outcome } from '../support/authenticate';
import { FakeDribbble, json, TOKEN } from '../support/fake-dribbble';
import { fixture } from '../support/fixtures';
import { useNock } from '../support/nock';
import { OfflineDribbble } from '../support/offline';

const REQUIRED = { clientID: 'the-client-id', clientSecret: 'the-client-secret' };
const CALLBACK = 'https://app.example.com/callback';

/** The client below, as strategies of one's own use it. */
interface Client {
  get(url: string, token: string, callback: (error: unknown, body?: string) => void): void;
  setAgent(agent: unknown): void;
}

function build(options: Partial<DribbbleStrategyOptions> = {}): DribbbleStrategy {
  return new DribbbleStrategy(
    { ...REQUIRED, ...options },
    (
      accessToken: string,
      refreshToken: string | undefined,
      params: DribbbleTokenResponse,
      profile: DribbbleProfile,
      done: VerifyCallback,
    ) => {
      done(null, { accessToken, refreshToken, params, profile });
    },
  );
}

async function redirectOf(strategy: DribbbleStrategy, req: FakeRequest = {}, options = {}): Promise<URL> {
  return expectKind(await authenticate(strategy, req, options), 'redirect').url;
}

describe('DribbbleStrategy', () => {
  it('is called dribbble', () => {
    expect(build().name).to.equal('dribbble');
  });

  it('is exported as Strategy too', () => {
    expect(Strategy).to.equal(DribbbleStrategy);
  });

  for (const [what, shared] of [
    ['the strategy itself', (strategy: DribbbleStrategy) => strategy],
    ['an object that inherits from it', (strategy: object) => Object.create(strategy) as DribbbleStrategy],
  ] as const) {
    it(`keeps logins apart where passport.authenticate() is given ${what}, not a name`, async () => {
      const dribbble = new OfflineDribbble();
      const strategy = shared(dribbble.strategy());
      const run = (req: FakeRequest): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const redirect = (url: string): void => {
            resolve(new URL(url));
          };
          Object.assign(strategy, { success: resolve, redirect, fail: reject, error: reject });
          strategy.authenticate({ headers: {}, url: '/', ...req } as never);
        });
      const callbacks: FakeRequest[] = [];
      for (const person of ['ada', 'bob']) {
        const session = {};
        const url = (await run({ query: {}, session })) as URL;
        const query = { code: dribbble.authorize(person, url), state: url.searchParams.get('state') };
        callbacks.push({ session, query });
      }

      const refused = await run({ ...callbacks[1], session: {} }).catch((failure: unknown) => failure);
      const signedIn = (await Promise.all(callbacks.map(run))) as DribbbleProfile[];

      expect(refused).to.include({ code: 'state_unknown' });
      expect(signedIn.map(({ username }) => username)).to.deep.equal(['ada', 'bob']);
    });
  }

  it('obeys a hook of its own that is not enumerable, where passport.authenticate() is given the strategy', async () => {
    const strategy = build({ agent: new https.Agent() });
    Object.defineProperty(strategy, 'authorizationParams', { value: () => ({ prompt: 'login' }) });
    const url = await new Promise<string>((redirect) => {
      Object.assign(strategy, { redirect }).authenticate({
        headers: {},
        url: '/',
        query: {},
        session: {},
      } as never);
    });
    expect(new URL(url).searchParams.get('prompt')).to.equal('login');
  });

  describe('at the beginning of a login', () => {
    // An agent of the app's keeps the strategy from opening connections ahead, here to the real Dribbble.
    const agent = new https.Agent();
    const begin = (options = {}, req: FakeRequest = {}, perRequest = {}): Promise<URL> =>
      redirectOf(build({ agent, ...options }), req, perRequest);

    it("sends the browser to Dribbble's authorization endpoint, for a code", async () => {
      const { origin, pathname, searchParams } = await begin();
      expect(origin + pathname).to.equal('https://dribbble.com/oauth/authorize');
      expect(Object.fromEntries(searchParams)).to.include({
        response_type: 'code',
        client_id: 'the-client-id',
      });
    });

    it('sends a state that nobody can guess, and another each time', async () => {
      const strategy = build({ agent });
      const states = [await redirectOf(strategy), await redirectOf(strategy)].map((url) =>
        url.searchParams.get('state'),
      );
      expect(states[0]).to.match(/^[\w-]{24,}$/);
      expect(states[0]).not.to.equal(states[1]);
    });

    it('sends no scope or callback URL unless the options ask for it', async () => {
      const { searchParams } = await begin();
      expect([...searchParams.keys()]).to.have.members([
        'response_type',
        'client_id',
        'state',
        'code_challenge',
        'code_challenge_method',
      ]);
    });

    it('sends a scope given as a string', async () => {
      expect((await begin({ scope: 'public upload' })).searchParams.get('scope')).to.equal('public upload');
    });

    it('sends scopes given as an array, separated by spaces', async () => {
      expect((await begin({ scope: ['public', 'upload'] })).searchParams.get('scope')).to.equal(
        'public upload',
      );
    });

    it('joins scopes by the scopeSeparator', async () => {
      const url = await begin({ scope: ['public', 'upload'], scopeSeparator: ',' });
      expect(url.searchParams.get('scope')).to.equal('public,upload');
    });

    it("sends the scope of the request in place of the strategy's", async () => {
      const url = await begin({ scope: 'public' }, {}, { scope: ['upload'] });
      expect(url.searchParams.get('scope')).to.equal('upload');
    });

    it('calls back with a TypeError that names scope if the request has a malformed one', async () => {
      const outcome = await authenticate(build({ agent }), {}, { scope: 5 } as never);
      expect(expectKind(outcome, 'error').error)
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .include('scope');
    });

    it('calls back with a TypeError that names callbackURL if the request has a malformed one', async () => {
      const outcome = await authenticate(build({ agent }), {}, { callbackURL: 'http://' });
      expect(expectKind(outcome, 'error').error)
        .to.be.instanceOf(TypeError)
        .with.property('message')
        .include('callbackURL');
    });

    const relative = { headers: { host: 'app.example.com' }, url: '/auth/dribbble', connection: {} };
    const proxied = {
      ...relative,
      headers: { host: 'inner:3000', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example.com' },
    };
    const callbackCases: [
      what: string,
      options: object,
      req: FakeRequest,
      perRequest: object,
      expected: string,
    ][] = [
      ['an absolute callback URL', { callbackURL: CALLBACK }, {}, {}, CALLBACK],
      [
        "the request's callback URL",
        { callbackURL: CALLBACK },
        {},
        { callbackURL: `${CALLBACK}/2` },
        `${CALLBACK}/2`,
      ],
      [
        "a path, resolved against the request's URL",
        { callbackURL: '/cb' },
        relative,
        {},
        'http://app.example.com/cb',
      ],
      [
        'a path resolved without trust in a proxy, by default',
        { callbackURL: '/cb' },
        proxied,
        {},
        'http://inner:3000/cb',
      ],
      [
        'a path resolved behind a proxy, under the proxy option',
        { callbackURL: '/cb', proxy: true },
        proxied,
        {},
        'https://app.example.com/cb',
      ],
      // Fastify's requests have no connection.
      ...[false, true].map((encrypted): (typeof callbackCases)[number] => [
        `a path resolved by the socket where there is no connection, encrypted: ${String(encrypted)}`,
        { callbackURL: '/cb' },
        { connection: undefined, socket: { encrypted }, headers: { host: 'app.test' } },
        {},
        `http${encrypted ? 's' : ''}://app.test/cb`,
      ]),
    ];
    for (const [what, options, req, perRequest, expected] of callbackCases) {
      it(`sends ${what}`, async () => {
        expect((await begin(options, req, perRequest)).searchParams.get('redirect_uri')).to.equal(expected);
      });
    }

    it('sends a PKCE challenge', async () => {
      const { searchParams } = await begin();
      expect(searchParams.get('code_challenge_method')).to.equal('S256');
      expect(searchParams.get('code_challenge')).to.match(/^[\w-]{43}$/);
    });

    it('sends no state if state is false', async () => {
      expect((await begin({ state: false })).searchParams.has('state')).to.equal(false);
    });

    it("sends the app's own state if state is false", async () => {
      expect((await begin({ state: false }, {}, { state: 'mine' })).searchParams.get('state')).to.equal(
        'mine',
      );
    });

    it("sends its own state if the request's is a string", async () => {
      expect((await begin({}, {}, { state: 'mine' })).searchParams.get('state')).not.to.equal('mine');
    });

    it('calls back with an error that names both ways out if there is no session', async () => {
      const { error } = expectKind(await authenticate(build({ agent }), { session: undefined }), 'error');
      expect(error.message).to.include('express-session').and.include('new CookieStateStore({ secret })');
    });

    it('needs no session if state is false', async () => {
      expect((await begin({ state: false }, { session: undefined })).host).to.equal('dribbble.com');
    });
  });

  describe('after a callback', () => {
    const nock = useNock();
    const agent = new https.Agent();

    it('requests a token and the user from Dribbble, and signs in whom verify gives', async () => {
      const tokenRequest: Record<string, string> = {};
      const token = nock('https://dribbble.com', {
        reqheaders: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      })
        .post('/oauth/token', (form: Record<string, string>) => Boolean(Object.assign(tokenRequest, form)))
        .reply(200, fixture('token'));
      const user = nock('https://api.dribbble.com', {
        reqheaders: { authorization: `Bearer ${String(fixture('token')['access_token'])}` },
      })
        .get('/v2/user')
        .reply(200, fixture('user'));

      const outcome = await login(build({ agent, callbackURL: CALLBACK }), { query: { code: 'the-code' } });

      expect(expectKind(outcome, 'success').user).to.deep.include({
        accessToken: fixture('token')['access_token'],
        refreshToken: undefined,
        params: fixture('token'),
      });
      expect(tokenRequest['code_verifier']).to.match(/^[\w-]{43}$/);
      delete tokenRequest['code_verifier'];
      expect(tokenRequest).to.deep.equal({
        grant_type: 'authorization_code',
        client_id: 'the-client-id',
        client_secret: 'the-client-secret',
        code: 'the-code',
        redirect_uri: CALLBACK,
      });
      expect([token.isDone(), user.isDone()]).to.deep.equal([true, true]);
    });
  });

  describe('in a whole login', () => {
    let dribbble: FakeDribbble;
    beforeEach(async () => {
      dribbble = await FakeDribbble.start();
    });
    afterEach(() => dribbble.stop());

    const at = (options: Partial<DribbbleStrategyOptions> = {}): DribbbleStrategy =>
      build({ ...dribbble.endpoints, ...options });
    const tokenForm = (): Record<string, string> =>
      Object.fromEntries(
        new URLSearchParams(dribbble.received.find(({ method }) => method === 'POST')?.body),
      );

    it('sends no redirect_uri in either request if there is no callback URL', async () => {
      expectKind(await login(at()), 'success');
      expect(tokenForm()).not.to.have.property('redirect_uri');
    });

    it("sends the request's callback URL in both requests", async () => {
      expectKind(await login(at(), { options: { callbackURL: CALLBACK } }), 'success');
      expect(tokenForm()).to.include({ redirect_uri: CALLBACK });
    });

    it('puts the secret, the code and the token into no URL', async () => {
      expectKind(await login(at()), 'success');
      expect(dribbble.received.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
        'POST /oauth/token',
        'GET /v2/user',
      ]);
    });

    it('sends its name as User-Agent unless customHeaders have another', async () => {
      await login(at());
      await login(at({ customHeaders: { 'User-Agent': 'the-app', 'X-App': '1' } }));
      const agents = dribbble.received.map(({ headers }) => headers['user-agent']);
      expect(agents).to.deep.equal([
        ...Array<string>(2).fill('passport-dribbble-oauth2'),
        'the-app',
        'the-app',
      ]);
      expect(dribbble.received.map(({ headers }) => headers['x-app'])).to.deep.equal([
        undefined,
        undefined,
        '1',
        '1',
      ]);
    });

    it("lets customHeaders replace neither the token nor the form's type", async () => {
      await login(at({ customHeaders: { authorization: 'Basic eA==', 'content-type': 'text/plain' } }));
      const [token, user] = dribbble.received;
      expect(token?.headers['content-type']).to.equal('application/x-www-form-urlencoded');
      expect(user?.headers['authorization']).to.equal(`Bearer ${TOKEN.access_token}`);
    });

    it('sends the PKCE verifier in the token request', async () => {
      expectKind(await login(at({ pkce: 'S256' })), 'success');
      expect(tokenForm()['code_verifier']).to.match(/^[\w-]{43}$/);
    });

    it('keeps the state under the sessionKey', async () => {
      const session = {};
      await authenticate(at({ sessionKey: 'dribbble-login' }), { session });
      expect(session).to.have.all.keys('dribbble-login');
    });

    it('calls back with what the store throws', async () => {
      const thrown = new Error('The store is down.');
      const broken = (_req: unknown, _callback: unknown): never => {
        throw thrown;
      };
      const strategy = at({ store: { store: broken, verify: broken } as never });
      expect(expectKind(await authenticate(strategy), 'error').error).to.equal(thrown);
    });

    describe('with skipUserProfile', () => {
      type Done = (error: unknown, skip?: boolean) => void;
      const loginWith = (skipUserProfile: unknown): Promise<Outcome> =>
        login(at({ skipUserProfile } as object));
      const rejected = new Error('No idea.');

      for (const [what, skipUserProfile, skips] of [
        ['is true', true, true],
        ['returns true', () => true, true],
        ['returns true without done', (_token: string) => true, true],
        ['returns false', () => false, false],
        ['resolves to true', () => Promise.resolve(true), true],
        ['resolves to false', () => Promise.resolve(false), false],
        ['takes done and resolves to true', (_token: string, _done: Done) => Promise.resolve(true), true],
        [
          'calls back with true',
          (_token: string, done: Done) => {
            done(null, true);
          },
          true,
        ],
        [
          'calls back with true after its promise has resolved to undefined',
          (_token: string, done: Done) => {
            setImmediate(done, null, true);
            return Promise.resolve();
          },
          true,
        ],
        [
          'returns true, and calls back with false',
          (_token: string, done: Done) => {
            setImmediate(done, null, false);
            return true;
          },
          false,
        ],
        [
          'calls back with true and then throws',
          (_token: string, done: Done) => {
            done(null, true);
            throw rejected;
          },
          true,
        ],
      ] as const)
        it(`requests ${skips ? 'no' : 'the'} profile if it ${what}`, async () => {
          const { user } = expectKind(await loginWith(skipUserProfile), 'success');
          expect((user as { profile: unknown }).profile === undefined).to.equal(skips);
          expect(dribbble.received).to.have.length(skips ? 1 : 2);
        });

      for (const [what, skipUserProfile] of [
        [
          'throws',
          () => {
            throw rejected;
          },
        ],
        ['rejects with', () => Promise.reject(rejected)],
        ['takes done and rejects with', (_token: string, _done: Done) => Promise.reject(rejected)],
        [
          'calls back with',
          (_token: string, done: Done) => {
            done(rejected);
          },
        ],
      ] as const)
        it(`calls back with the error that it ${what}`, async () => {
          expect(expectKind(await loginWith(skipUserProfile), 'error').error).to.equal(rejected);
        });

      it('calls back with a TypeError if it returns a thenable, such as a query, which is not run', async () => {
        let runs = 0;
        const outcome = await loginWith(() => ({ then: () => (runs += 1) }));
        const { error } = expectKind(outcome, 'error');
        expect(error)
          .to.be.instanceOf(TypeError)
          .with.property('message')
          .include('skipUserProfile function');
        expect(runs).to.equal(0);
      });

      it('calls back with an error if it has not called back after a minute', async () => {
        mock.timers.enable({ apis: ['setTimeout'] });
        try {
          let outcome: Promise<Outcome> | undefined;
          await new Promise((resolve) => {
            outcome = loginWith((_token: string, _done: Done) => void setImmediate(resolve, undefined));
          });
          mock.timers.tick(60_000);
          if (!outcome) throw new Error('The login was not begun.');
          expect(expectKind(await outcome, 'error').error.message).to.include('within a minute');
        } finally {
          mock.timers.reset();
        }
      });
    });

    describe('as _oauth2', () => {
      const client = (strategy: DribbbleStrategy): Client =>
        (strategy as unknown as { _oauth2: Client })._oauth2;
      const get = (url: string): Promise<unknown> =>
        new Promise((resolve) => {
          client(at()).get(url, 'the-token', (error, body) => {
            resolve(error ?? body);
          });
        });

      it("calls back with an error response in the oauth package's form", async () => {
        dribbble.user = { status: 404, json: { message: 'Not found.' } };
        expect(await get(dribbble.endpoints.userProfileURL)).to.deep.equal({
          statusCode: 404,
          data: '{"message":"Not found."}',
        });
      });

      it('calls back with an error if the response is cut off, as in a login', async () => {
        dribbble.user = (socket) => socket.destroy();
        expect(await get(dribbble.endpoints.userProfileURL)).to.be.instanceOf(Error);
      });
    });

    it('hides the secrets of the login in its error, though Dribbble repeats them', async () => {
      const fields = ['client_secret', 'code', 'code_verifier'];
      dribbble.token = (socket, { body }) => {
        const form = new URLSearchParams(body);
        const error_description = fields.map((name) => `${name}=${String(form.get(name))}`).join();
        socket.write(json({ error: 'invalid_request', error_description }, '400'));
      };
      const { message } = expectKind(await login(at()), 'error').error;
      expect(message).to.include(fields.map((name) => `${name}=[hidden]`).join());

      dribbble.token = { json: TOKEN };
      dribbble.user = (socket, { headers }) =>
        socket.write(json({ message: `No ${String(headers['authorization'])} here.` }, '401'));
      expect(expectKind(await login(at()), 'error').error.message).to.include('No Bearer [hidden] here.');
    });

    it('refuses a code with half a character, which a JSON body can hold', async () => {
      const { status } = expectKind(await login(at(), { query: { code: 'the-\ud800-code' } }), 'fail');
      expect(status).to.equal(403);
      expect(dribbble.received).to.deep.equal([]);
    });

    it('gives verify a refresh token, should Dribbble ever send one', async () => {
      dribbble.token = { json: { ...TOKEN, refresh_token: 'the-refresh-token' } };
      const { user } = expectKind(await login(at()), 'success');
      expect(user).to.deep.include({ refreshToken: 'the-refresh-token', params: TOKEN });
    });
  });
});
