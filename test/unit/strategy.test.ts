import * as https from 'node:https';
import { expect } from 'chai';
import {
  DribbbleStrategy,
  Strategy,
  type DribbbleProfile,
  type DribbbleStrategyOptions,
  type DribbbleVerifyFunctionWithParams,
} from 'passport-dribbble-oauth2';
import { authenticate, expectKind, login, type FakeRequest } from '../support/authenticate';
import { FakeDribbble, json, TOKEN, fixture } from '../support/fake-dribbble';
import { useNock } from '../support/nock';
import { OfflineDribbble } from '../support/offline';

const REQUIRED = { clientID: 'the-client-id', clientSecret: 'the-client-secret' };
const CALLBACK = 'https://app.example.com/callback';

const verify: DribbbleVerifyFunctionWithParams = (accessToken, refreshToken, params, profile, done) => {
  done(null, { accessToken, refreshToken, params, profile });
};
const build = (options: Partial<DribbbleStrategyOptions> = {}): DribbbleStrategy =>
  new DribbbleStrategy({ ...REQUIRED, ...options }, verify);

async function redirectOf(
  strategy: DribbbleStrategy,
  req: FakeRequest = {},
  options: object | null = {},
): Promise<URL> {
  return expectKind(await authenticate(strategy, req, options), 'redirect').url;
}

/** Runs the strategy itself, as Passport does where passport.authenticate() is given one and not a name. */
function run(strategy: DribbbleStrategy, req: FakeRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const redirect = (url: string): void => {
      resolve(new URL(url));
    };
    Object.assign(strategy, { success: resolve, redirect, fail: reject, error: reject });
    strategy.authenticate({ headers: {}, url: '/', ...req } as never);
  });
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
      const callbacks: FakeRequest[] = [];
      for (const person of ['ada', 'bob']) {
        const session = {};
        const url = (await run(strategy, { query: {}, session })) as URL;
        const query = { code: dribbble.authorize(person, url), state: url.searchParams.get('state') };
        callbacks.push({ session, query });
      }
      const refused = await run(strategy, { ...callbacks[1], session: {} }).catch(
        (failure: unknown) => failure,
      );
      const signedIn = (await Promise.all(callbacks.map((req) => run(strategy, req)))) as DribbbleProfile[];
      expect(refused).to.include({ code: 'state_unknown' });
      expect(signedIn.map(({ username }) => username)).to.deep.equal(['ada', 'bob']);
    });
  }

  it('obeys a hook of its own that is not enumerable, where passport.authenticate() is given the strategy', async () => {
    const strategy = build({ agent: new https.Agent() });
    Object.defineProperty(strategy, 'authorizationParams', { value: () => ({ prompt: 'login' }) });
    const url = (await run(strategy, { query: {}, session: {} })) as URL;
    expect(url.searchParams.get('prompt')).to.equal('login');
  });

  describe('at the beginning of a login', () => {
    // An agent of the app's keeps the strategy from opening connections ahead, here to the real Dribbble.
    const agent = new https.Agent();
    const begin = (options = {}, req: FakeRequest = {}, perRequest: object | null = {}): Promise<URL> =>
      redirectOf(build({ agent, ...options }), req, perRequest);

    it("sends the browser to Dribbble's authorization endpoint, with no more than is needed", async () => {
      const { origin, pathname, searchParams } = await begin();
      expect(origin + pathname).to.equal('https://dribbble.com/oauth/authorize');
      const { state, code_challenge, ...rest } = Object.fromEntries(searchParams);
      expect(rest).to.deep.equal({
        response_type: 'code',
        client_id: 'the-client-id',
        code_challenge_method: 'S256',
      });
      expect(code_challenge).to.match(/^[\w-]{43}$/);
      expect(state).to.match(/^[\w-]{32}$/);
      expect((await begin()).searchParams.get('state')).not.to.equal(state);
    });

    const scope = ['public', 'upload'];
    const own = { scope: 'public', callbackURL: CALLBACK };
    const ownSent = { scope: 'public', redirect_uri: CALLBACK };
    const app = { scope: ['upload'], callbackURL: 'myapp://signed-in' };
    const path = { callbackURL: '/cb' };
    const here = { headers: { host: 'app.test' }, url: '/auth/dribbble' };
    const headers = { host: 'inner:3000', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.test' };
    const proxied = { headers };
    const trusting = { ...path, proxy: true };
    // Fastify's requests have no connection.
    const secure = { ...here, connection: undefined, socket: { encrypted: true } };
    const plain = { ...here, connection: undefined, socket: { encrypted: false } };
    const noState = { state: false };
    const noSession = { session: undefined };
    for (const [what, sends, options, perRequest, req] of [
      ['a scope given as a string', { scope: 'public' }, { scope: 'public' }],
      ['scopes given as an array', { scope: 'public upload' }, { scope }],
      ['scopes joined by the scopeSeparator', { scope: 'public,upload' }, { scope, scopeSeparator: ',' }],
      ["the request's scope and URL", { scope: 'upload', redirect_uri: 'myapp://signed-in' }, own, app],
      ["its own in place of the request's empty ones", ownSent, own, { scope: '', callbackURL: '' }],
      ["its own in place of the request's null", ownSent, own, { scope: null, callbackURL: null }],
      ['its own if there are no options', ownSent, own, null],
      ['a path at the host of the request', { redirect_uri: 'http://app.test/cb' }, path, {}, here],
      ['a path over https on an encrypted socket', { redirect_uri: 'https://app.test/cb' }, path, {}, secure],
      ['a path over http on any other socket', { redirect_uri: 'http://app.test/cb' }, path, {}, plain],
      ['a path without trust in a proxy', { redirect_uri: 'http://inner:3000/cb' }, path, {}, proxied],
      ['a path with trust in a proxy', { redirect_uri: 'https://app.test/cb' }, trusting, {}, proxied],
      ['no state, without a session, if state is false', { state: null }, noState, {}, noSession],
      ["the app's own state if state is false", { state: 'mine' }, noState, { state: 'mine' }],
    ] as [what: string, sends: object, options: object, perRequest?: object | null, req?: FakeRequest][]) {
      it(`sends ${what}`, async () => {
        const { searchParams } = await begin(options, req, perRequest);
        for (const [name, value] of Object.entries(sends))
          expect(searchParams.get(name), name).to.equal(value);
      });
    }

    it("sends its own state if the request's is a string", async () => {
      expect((await begin({}, {}, { state: 'mine' })).searchParams.get('state')).not.to.equal('mine');
    });

    for (const [name, value] of Object.entries({ scope: 5, callbackURL: 'http://' })) {
      it(`calls back with a TypeError that names ${name} if the request has a malformed one`, async () => {
        const { error } = expectKind(await authenticate(build({ agent }), {}, { [name]: value }), 'error');
        expect(error).to.be.instanceOf(TypeError).with.property('message').include(name);
      });
    }

    it('calls back with the error of a scope with half a character', async () => {
      const { error } = expectKind(await authenticate(build({ agent }), {}, { scope: '\ud800' }), 'error');
      expect(error).to.be.instanceOf(URIError);
    });

    it('keeps the state under a key of its own in the session, or under the sessionKey', async () => {
      const session = {};
      await begin({}, { session });
      await begin({ sessionKey: 'the-key' }, { session });
      expect(session).to.have.all.keys('oauth2:dribbble.com', 'the-key');
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

    it('puts the secret, the code and the token into no URL, and sends no redirect_uri of its own', async () => {
      expectKind(await login(at()), 'success');
      const sent = dribbble.received.map(({ method, path }) => `${method} ${path}`);
      expect(sent).to.deep.equal(['POST /oauth/token', 'GET /v2/user']);
      expect(dribbble.tokenForm).not.to.have.property('redirect_uri');
    });

    it("sends the request's callback URL in the token request too", async () => {
      expectKind(await login(at(), { options: { callbackURL: CALLBACK } }), 'success');
      expect(dribbble.tokenForm).to.include({ redirect_uri: CALLBACK });
    });

    it('sends its name as User-Agent unless customHeaders have another', async () => {
      await login(at());
      await login(at({ customHeaders: { 'User-Agent': 'the-app', 'X-App': '1' } }));
      const sent = dribbble.received.map(({ headers }) => [headers['user-agent'], headers['x-app']]);
      const [usual, custom] = [
        ['passport-dribbble-oauth2', undefined],
        ['the-app', '1'],
      ];
      expect(sent).to.deep.equal([usual, usual, custom, custom]);
    });

    it("lets customHeaders replace neither the token nor the form's type", async () => {
      await login(at({ customHeaders: { authorization: 'Basic eA==', 'content-type': 'text/plain' } }));
      const [token, user] = dribbble.received;
      expect(token?.headers['content-type']).to.equal('application/x-www-form-urlencoded');
      expect(user?.headers['authorization']).to.equal(`Bearer ${TOKEN.access_token}`);
    });

    it('requests no profile if skipUserProfile is true, or says so', async () => {
      for (const skipUserProfile of [true, () => true]) {
        const { user } = expectKind(await login(at({ skipUserProfile })), 'success');
        expect(user).to.have.property('profile', undefined);
      }
      expect(dribbble.received.map(({ path }) => path)).to.deep.equal(['/oauth/token', '/oauth/token']);
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
  });
});
