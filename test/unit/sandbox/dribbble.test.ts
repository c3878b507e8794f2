import { mock } from 'node:test';
import { expect } from 'chai';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import {
  authorizationURL,
  authorize,
  CALLBACK,
  CHALLENGE,
  codeFor,
  redirectOf,
  requestToken,
  requestUser,
  tokenFor,
  VERIFIER,
} from './support';

type Form = Record<string, string | undefined>;

/** How Doorkeeper's descriptions begin. */
const WORDS: Readonly<Record<string, string>> = {
  invalid_client: 'Client authentication failed due to unknown client, ',
  invalid_grant: 'The provided authorization grant is invalid, expired, revoked, ',
  invalid_request: 'The request is missing a required parameter, ',
  invalid_scope: 'The requested scope is invalid, unknown, or malformed.',
  unsupported_grant_type: 'The authorization grant type is not supported ',
  unsupported_response_type: 'The authorization server does not support this response type.',
};

describe('sandbox, as Dribbble', () => {
  let dribbble: Sandbox;
  let log: string[];
  before(async () => {
    dribbble = await startSandbox({ callbackURL: CALLBACK, log: (line) => log.push(line) });
  });
  beforeEach(() => {
    log = [];
  });
  afterEach(() => {
    mock.timers.reset();
    return dribbble.reset();
  });
  after(() => dribbble.close());

  describe('authorization endpoint', () => {
    it('sends the person back with a code and the very state', async () => {
      dribbble.signInAs('maya');
      const { to, params } = redirectOf(await authorize(dribbble));
      expect(to).to.equal(CALLBACK);
      expect(Object.keys(params)).to.deep.equal(['code', 'state']);
      expect(params['state']).to.equal('a state & more');
    });

    it('uses the registered callback URL if no redirect_uri is sent, and sends no state back if none came', async () => {
      dribbble.signInAs('maya');
      const sent = { redirect_uri: undefined, state: undefined };
      const { to, params } = redirectOf(await authorize(dribbble, sent));
      expect(to).to.equal(CALLBACK);
      expect(params).to.have.all.keys('code');
    });

    it('sends the person back to a registered callback URL on another machine', async () => {
      const callbackURL = 'https://app.example/callback';
      const other = await startSandbox({ callbackURL });
      other.signInAs('maya');
      expect(redirectOf(await authorize(other, { redirect_uri: callbackURL })).to).to.equal(callbackURL);
      await other.close();
    });

    it('sends access_denied back if the person says no', async () => {
      dribbble.deny();
      expect(redirectOf(await authorize(dribbble)).params).to.deep.equal({
        error: 'access_denied',
        error_description: 'The resource owner or authorization server denied the request.',
        state: 'a state & more',
      });
      expect(log).to.deep.equal(['GET /oauth/authorize 302']);
    });

    const another = { redirect_uri: `${CALLBACK}/` };
    const plain = { code_challenge: CHALLENGE, code_challenge_method: 'plain' };
    for (const [what, fields, error, why] of [
      ['another redirect_uri', another, 'redirect_uri_mismatch', `is not ${CALLBACK}`],
      ['another response_type', { response_type: 'token' }, 'unsupported_response_type', 'is not code'],
      ['no response_type', { response_type: undefined }, 'unsupported_response_type', 'is not code'],
      ['a scope of API v1', { scope: 'public write' }, 'invalid_scope', 'Dribbble has no scope write'],
      ['another code_challenge_method', plain, 'invalid_request', 'its code_challenge_method is not S256'],
    ] as const) {
      it(`sends ${error} back to the registered URL for ${what}, and logs why`, async () => {
        dribbble.signInAs('maya');
        const { to, params } = redirectOf(await authorize(dribbble, fields));
        expect(to).to.equal(CALLBACK);
        expect(params).to.include({ error, state: 'a state & more' }).and.not.have.property('code');
        // What Dribbble says beside a code of its own is not known.
        if (error === 'redirect_uri_mismatch') expect(params).not.to.have.property('error_description');
        else expect(params['error_description']).to.include(WORDS[error]);
        const refused = dribbble.requests.at(-1)?.refused ?? '';
        expect(refused).to.include(why);
        expect(log).to.deep.equal([`GET /oauth/authorize 302: refused, as ${refused}`]);
      });
    }

    it('sends nobody anywhere for an unknown client_id', async () => {
      const response = await authorize(dribbble, { client_id: 'x', redirect_uri: 'https://evil.example/' });
      expect(response.status).to.equal(401);
      expect(response.headers.get('location')).to.equal(null);
      expect(await response.text())
        .to.contain('no application has its client_id')
        .and.not.contain('evil');
    });

    for (const callbackURL of [undefined, null])
      describe(`of a sandbox whose registered callback URL is ${String(callbackURL)}`, () => {
        let open: Sandbox;
        before(async () => {
          open = await startSandbox({ callbackURL: callbackURL as undefined, log: () => undefined });
          open.signInAs('maya');
        });
        after(() => open.close());

        it('sends the person back to this machine, under any of its names', async () => {
          for (const host of ['://localhost:1', '://127.0.0.10', 's://app.localhost', '://[::1]:2']) {
            const uri = `http${host}/a`;
            expect(redirectOf(await authorize(open, { redirect_uri: uri })).to).to.equal(uri);
          }
        });

        it('sends nobody anywhere else', async () => {
          for (const uri of [
            ...[undefined, '/a', 'javascript:1', 'xhttp://localhost/', 'https://app.test/'],
            ...['http://localhost.evil.test/', 'http://evil-localhost/'],
          ]) {
            const response = await authorize(open, { redirect_uri: uri });
            expect([response.status, response.headers.get('location')], uri).to.deep.equal([400, null]);
            expect(await response.text()).to.contain('it has no redirect_uri of this machine');
          }
        });
      });
  });

  describe('token endpoint', () => {
    it('responds with the keys of Doorkeeper, in their order', async () => {
      const code = await codeFor(dribbble, { scope: 'public upload' });
      const response = await requestToken(dribbble, { code });
      const body = (await response.json()) as Record<string, unknown>;
      expect(response.headers.get('content-type')).to.equal('application/json; charset=utf-8');
      expect(response.headers.get('cache-control')).to.equal('no-store');
      expect(Object.keys(body)).to.deep.equal(['access_token', 'token_type', 'scope', 'created_at']);
      expect(body).to.include({ token_type: 'Bearer', scope: 'public upload' });
      expect(body['created_at']).to.be.closeTo(Date.now() / 1000, 5);
    });

    it('grants the scope public if none was asked for', async () => {
      for (const scope of [undefined, ' ']) {
        const response = await requestToken(dribbble, { code: await codeFor(dribbble, { scope }) });
        expect(await response.json()).to.include({ scope: 'public' });
      }
    });

    it('accepts a code without redirect_uri if the authorization request had none', async () => {
      const code = await codeFor(dribbble, { redirect_uri: undefined });
      expect((await requestToken(dribbble, { code, redirect_uri: undefined })).status).to.equal(200);
    });

    const pkce = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };
    it('accepts the code_verifier of a code_challenge', async () => {
      const code = await codeFor(dribbble, pkce);
      expect((await requestToken(dribbble, { code, code_verifier: VERIFIER })).status).to.equal(200);
    });

    const WRONG_VERIFIER = 'code_verifier does not match the code_challenge';
    for (const [what, form, error, why, asked = {}] of [
      ['a wrong client_secret', { client_secret: 'x' }, 'invalid_client', 'no client_secret, or a wrong'],
      ['no client_secret', { client_secret: undefined }, 'invalid_client', 'no client_secret, or a wrong'],
      ['a wrong client_id', { client_id: 'x' }, 'invalid_client', 'no client_id, or a wrong one'],
      ['no grant_type', { grant_type: undefined }, 'invalid_request', 'no grant_type'],
      ['another grant_type', { grant_type: 'x' }, 'unsupported_grant_type', 'grant_type is x'],
      ['no code', { code: undefined }, 'invalid_request', 'no code'],
      ['a made-up code', { code: 'x' }, 'invalid_grant', 'no such code was given out'],
      ['another redirect_uri', { redirect_uri: `${CALLBACK}/` }, 'invalid_grant', 'redirect_uri differs'],
      ['a redirect_uri left out', { redirect_uri: undefined }, 'invalid_grant', 'redirect_uri differs'],
      ['no code_verifier', {}, 'invalid_request', 'no code_verifier', pkce],
      ['a wrong code_verifier', { code_verifier: 'x' }, 'invalid_grant', WRONG_VERIFIER, pkce],
      ['a code_verifier alone', { code_verifier: VERIFIER }, 'invalid_grant', WRONG_VERIFIER],
    ] as [what: string, form: Form, error: string, why: string, asked?: Form][]) {
      it(`refuses ${what} with ${error}, and logs why`, async () => {
        const response = await requestToken(dribbble, { code: await codeFor(dribbble, asked), ...form });
        const body = (await response.json()) as Record<string, string>;
        expect(response.status).to.equal(error === 'invalid_client' ? 401 : 400);
        expect(Object.keys(body)).to.deep.equal(['error', 'error_description']);
        expect(body['error']).to.equal(error);
        expect(body['error_description']).to.include(WORDS[error]);
        expect(log.at(-1))
          .to.match(/^POST \/oauth\/token 40[01]: refused, as /)
          .and.include(why);
      });
    }

    it('refuses credentials in a header, and a body that is not a form', async () => {
      const { tokenURL, clientID: client_id, clientSecret: client_secret } = dribbble.options;
      const code = await codeFor(dribbble);
      const grant = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK };
      const authorization = `Basic ${btoa(`${client_id}:${client_secret}`)}`;
      const form = 'application/x-www-form-urlencoded';
      for (const [headers, fields, status, error] of [
        [{ authorization, 'content-type': form }, grant, 401, 'invalid_client'],
        [{ 'content-type': 'text/plain' }, { ...grant, client_id, client_secret }, 400, 'invalid_request'],
      ] as const) {
        const body = new URLSearchParams(fields).toString();
        const response = await fetch(tokenURL, { method: 'POST', headers, body });
        expect(response.status).to.equal(status);
        expect(await response.json()).to.include({ error });
      }
      expect(dribbble.requests.at(-1)?.params).to.deep.equal({});
    });

    it('accepts a code once', async () => {
      const code = await codeFor(dribbble);
      expect((await requestToken(dribbble, { code })).status).to.equal(200);
      const again = await requestToken(dribbble, { code });
      expect(await again.json()).to.include({ error: 'invalid_grant' });
      expect(log.at(-1)).to.contain('its code was used before');
    });

    it('accepts a code for ten minutes', async () => {
      mock.timers.enable({ apis: ['Date'], now: Date.now() });
      const [early, late] = [await codeFor(dribbble), await codeFor(dribbble)];
      mock.timers.tick(600_000);
      expect((await requestToken(dribbble, { code: early })).status).to.equal(200);
      mock.timers.tick(1);
      expect((await requestToken(dribbble, { code: late })).status).to.equal(400);
      expect(log.at(-1)).to.contain('its code has expired');
    });
  });

  describe('GET /v2/user', () => {
    it('describes the person, with the headers of the rate limit', async () => {
      const response = await requestUser(dribbble, await tokenFor(dribbble));
      expect(response.status).to.equal(200);
      expect(await response.json()).to.deep.equal(dribbble.people[0]);
      expect(response.headers.get('x-ratelimit-limit')).to.equal('60');
      expect(response.headers.get('x-ratelimit-remaining')).to.equal('59');
      expect(Number(response.headers.get('x-ratelimit-reset'))).to.be.closeTo(Date.now() / 1000 + 60, 5);
    });

    it('refuses the 61st request of a minute, and accepts the next one after it', async () => {
      const token = await tokenFor(dribbble);
      mock.timers.enable({ apis: ['Date'], now: Date.now() });
      for (let count = 0; count < 59; count++) await (await requestUser(dribbble, token)).body?.cancel();
      const last = await requestUser(dribbble, token);
      expect([last.status, last.headers.get('x-ratelimit-remaining')]).to.deep.equal([200, '0']);
      const late = await requestUser(dribbble, token);
      expect([late.status, late.headers.get('x-ratelimit-remaining')]).to.deep.equal([429, '0']);
      expect(log.at(-1)).to.contain('rate limit');
      mock.timers.tick(60_000);
      expect((await requestUser(dribbble, token)).status).to.equal(200);
    });

    it('takes an access token from the header only, as all that follows Bearer', async () => {
      const token = await tokenFor(dribbble);
      const { userProfileURL } = dribbble.options;
      for (const [authorization, status, why] of [
        [`bearer ${token}`, 200, ''],
        [`Token Bearer ${token}`, 401, 'its access token is wrong or revoked'],
        [`Bearer ${token} and more`, 401, 'its access token is wrong or revoked'],
        ['Bearer x', 401, 'its access token is wrong or revoked'],
        [undefined, 401, 'it has no Authorization header'],
      ] as const) {
        const headers = authorization === undefined ? {} : { authorization };
        const response = await fetch(`${userProfileURL}?access_token=${token}`, { headers });
        expect(response.status, authorization).to.equal(status);
        if (status === 401) expect(await response.json()).to.deep.equal({ message: 'Bad credentials.' });
        expect(log.at(-1)).to.contain(why);
      }
    });

    it('refuses the token of a person who revoked it, and of nobody else', async () => {
      const maya = await tokenFor(dribbble);
      dribbble.revoke('rookie');
      expect((await requestUser(dribbble, maya)).status).to.equal(200);
      dribbble.revoke('maya');
      expect((await requestUser(dribbble, maya)).status).to.equal(401);
    });
  });

  it('responds 404 in JSON everywhere else, and logs it', async () => {
    for (const path of ['/v2/shots', '/avatars/maya.svg/large']) {
      const response = await fetch(dribbble.url + path);
      expect([response.status, await response.json()]).to.deep.equal([404, { message: 'Not found.' }]);
      expect(log.at(-1)).to.equal(`GET ${path} 404: refused, as there is no such endpoint`);
    }
  });

  it('serves every endpoint at each of its ports', async () => {
    const { port } = new URL(dribbble.options.tokenURL);
    const url = new URL(authorizationURL(dribbble));
    url.port = port;
    expect((await fetch(url)).status).to.equal(200);
  });
});
