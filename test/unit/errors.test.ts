import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  AuthorizationError,
  DribbbleAPIError,
  DribbbleStrategy,
  InternalOAuthError,
  TokenError,
} from 'passport-dribbble-oauth2';
import { authenticate, expectKind } from '../support/authenticate';
import { App, type Got } from '../support/app';
import { FakeDribbble, type Reply } from '../support/fake-dribbble';
import { fixture } from '../support/fixtures';

describe('A login that goes wrong', () => {
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

  function strategy(): DribbbleStrategy {
    return new DribbbleStrategy(
      { clientID: 'the-client-id', clientSecret: 'the-client-secret', ...dribbble.endpoints },
      (_accessToken, _refreshToken, profile) => profile,
    );
  }

  async function start(authenticateOptions = {}): Promise<App> {
    app = await App.start(strategy(), authenticateOptions);
    return app;
  }

  /** What the browser gets, and the error that the app gets. */
  async function comeBack(
    parameters: Record<string, string>,
  ): Promise<Got & { error: App['error'] & Error }> {
    const started = await start();
    const got = await started.comeBack(parameters);
    if (!started.error) throw new Error(`expected an error, not ${JSON.stringify(got)}`);
    return { ...got, error: started.error };
  }

  describe('because the person said no', () => {
    it('is a failed login: 401 where the app says nothing else', async () => {
      const started = await start();
      expect(await started.comeBack({ error: 'access_denied' })).to.include({
        status: 401,
        text: 'Unauthorized',
      });
      expect(started.error).to.equal(undefined);
    });

    it('goes where failureRedirect says', async () => {
      const started = await start({ failureRedirect: '/sorry' });
      expect(await started.comeBack({ error: 'access_denied' })).to.include({
        status: 302,
        location: '/sorry',
      });
    });

    it("tells the app why, in Dribbble's words", async () => {
      const query = { error: 'access_denied', error_description: 'The resource owner denied the request.' };
      const { challenge } = expectKind(await authenticate(strategy(), { query }), 'fail');
      expect(challenge).to.deep.equal({ message: 'The resource owner denied the request.' });
    });

    it('tells the app why where Dribbble has no words', async () => {
      const { challenge } = expectKind(
        await authenticate(strategy(), { query: { error: 'access_denied' } }),
        'fail',
      );
      expect(challenge?.message).to.include('did not let the application sign them in');
    });
  });

  describe('with an error redirect is an AuthorizationError:', () => {
    const cases: [code: string, status: number, hint: RegExp][] = [
      ['redirect_uri_mismatch', 500, /callbackURL option the URL registered/],
      ['application_suspended', 500, /suspended the application/],
      ['invalid_scope', 500, /scope option.*public and upload/],
      ['invalid_request', 500, /required parameter is missing/],
      ['unauthorized_client', 500, /registration/],
      ['server_error', 502, /try again later/],
      ['temporarily_unavailable', 503, /try again later/],
      ['some_other_error', 500, /RFC 6749/],
    ];
    for (const [code, status, hint] of cases) {
      it(`${code}, answered with ${String(status)} and what to do`, async () => {
        const got = await comeBack({ error: code });
        expect(got.error).to.be.instanceOf(AuthorizationError).and.include({ code, status });
        expect(got.error.message).to.match(hint).and.include('127.0.0.1');
        expect(got.status).to.equal(status);
      });
    }

    for (const code of ['constructor', '__proto__', 'toString']) {
      it(`with advice in words where the code is ${code}, which every object has`, async () => {
        const { error } = await comeBack({ error: code });
        expect(error).to.include({ code });
        expect(error.message).to.match(/answered \w+\. Look the error's code up in RFC 6749/);
      });
    }

    it("with Dribbble's description, where there is one", async () => {
      const { error } = await comeBack({
        error: 'invalid_scope',
        error_description: 'The scope is unknown.',
      });
      expect(error.message).to.include('The scope is unknown. Check the scope option');
    });

    it("with Dribbble's page about it, where there is one", async () => {
      const { error } = await comeBack({ error: 'invalid_scope', error_uri: 'https://dribbble.com/help' });
      expect(error).to.include({ uri: 'https://dribbble.com/help' });
    });

    it('with a description of one line and bounded length, whatever the browser brought', async () => {
      const { error } = await comeBack({
        error: 'invalid_scope',
        error_description: `a\r\nb\u001b${'x'.repeat(5000)}`,
      });
      expect(error.message).to.match(/^[^\p{C}]{1,600}$/u);
    });
  });

  describe('at the token endpoint is a TokenError:', () => {
    const cases: [name: string, status: number, code: string, description: string, hint: RegExp][] = [
      [
        'token-error-invalid-client',
        401,
        'invalid_client',
        'Client authentication failed',
        /clientID and clientSecret/,
      ],
      [
        'token-error-invalid-grant',
        400,
        'invalid_grant',
        'authorization grant is invalid',
        /start the login again/,
      ],
      [
        'token-error-invalid-request',
        400,
        'invalid_request',
        'Missing required parameter',
        /check the options/,
      ],
      [
        'token-error-redirect-uri-mismatch',
        400,
        'redirect_uri_mismatch',
        'MUST match the registered callback URL',
        /callbackURL option the URL registered/,
      ],
      ['token-error-no-description', 400, 'invalid_grant', 'invalid_grant', /start the login again/],
      ['token-error-unknown-code', 400, 'out_of_ink', 'out_of_ink', /RFC 6749/],
    ];
    for (const [name, status, code, description, hint] of cases) {
      it(`${name.replace('token-error-', '')}, with Dribbble's words and what to do`, async () => {
        dribbble.token = { status, json: fixture(name) };
        const got = await comeBack({ code: 'the-code' });
        expect(got.error).to.be.instanceOf(TokenError).and.include({ code, status: 500 });
        expect(got.error.message).to.include(description).and.match(hint).and.include('127.0.0.1');
        expect(got.status).to.equal(500);
      });
    }

    it('with a status of 200 too', async () => {
      dribbble.token = { json: fixture('token-error-invalid-grant') };
      const { error } = await comeBack({ code: 'the-code' });
      expect(error).to.be.instanceOf(TokenError).and.include({ code: 'invalid_grant' });
    });

    it('that an app answers with 502 where Dribbble failed, and with 503 past the rate limit', async () => {
      for (const [apiStatus, status] of [
        [500, 502],
        [504, 504],
        [429, 503],
      ] as const) {
        dribbble.token = { status: apiStatus, json: { error: 'server_error' } };
        expect(await comeBack({ code: 'the-code' })).to.include({ status });
        await app?.stop();
      }
    });

    it('whose stack begins with its message, as that is what is logged', async () => {
      dribbble.token = { status: 401, json: fixture('token-error-invalid-client') };
      const { error } = await comeBack({ code: 'the-code' });
      expect(error.stack?.split('\n')[0]).to.equal(`TokenError: ${error.message}`);
    });

    it('that holds no secret, though Dribbble says it', async () => {
      dribbble.token = { status: 401, json: fixture('token-error-echoes-secrets') };
      const { error } = await comeBack({ code: 'the-code' });
      expect(error.message).to.include('No client has the secret [hidden], so the code [hidden] is void.');
      expect(inspect(error, { depth: null, showHidden: true })).not.to.match(/the-client-secret|the-code/);
    });
  });

  describe('at the API is a DribbbleAPIError:', () => {
    const now = 1700000000;
    const limits = {
      'X-RateLimit-Limit': '60',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': String(now),
    };
    const html: Reply = (_req, res) => {
      res.writeHead(503, { 'Content-Type': 'text/html' });
      res.end('<h1>Service Unavailable</h1>');
    };
    const cases: [what: string, reply: Reply, apiStatus: number, status: number, message: RegExp][] = [
      [
        'unauthorized, for a token that is wrong or revoked',
        { status: 401, json: fixture('api-error-bad-credentials') },
        401,
        502,
        /Bad credentials\. .*sign in again/,
      ],
      [
        'the retired version of the API',
        { status: 401, json: fixture('api-error-v1-retired') },
        401,
        502,
        /This version of the API is deprecated/,
      ],
      ['forbidden', { status: 403, json: { message: 'Forbidden.' } }, 403, 502, /Forbidden\. .*scope option/],
      [
        'not found',
        { status: 404, json: { message: 'Not found.' } },
        404,
        502,
        /Not found\. .*userProfileURL/,
      ],
      [
        'unprocessable',
        { status: 422, json: fixture('api-error-validation') },
        422,
        502,
        /Validation failed\. .*userProfileURL/,
      ],
      [
        'the rate limit, as 429',
        { status: 429, headers: limits, json: fixture('api-error-rate-limit') },
        429,
        503,
        /limit is used up: try again after 2023-11-14T22:13:20\.000Z/,
      ],
      [
        'the rate limit, as 403',
        { status: 403, headers: limits, json: fixture('api-error-rate-limit') },
        403,
        503,
        /try again after 2023/,
      ],
      ['the rate limit, without its headers', { status: 429, json: {} }, 429, 503, /try again in a minute/],
      [
        "the rate limit, with an end beyond a date's range",
        { status: 429, headers: { 'X-RateLimit-Reset': '999999999999999' }, json: {} },
        429,
        503,
        /try again in a minute/,
      ],
      ['a failure of Dribbble', { status: 500, json: {} }, 500, 502, /answered 500\. .*try again later/],
      ['a timeout at Dribbble', { status: 504, json: {} }, 504, 504, /answered 504\. /],
      ['a page of the proxy', html, 503, 502, /answered 503\. .*try again later/],
      [
        'a redirect',
        { status: 302, headers: { Location: 'https://example.com/' }, json: {} },
        302,
        502,
        /answered 302/,
      ],
    ];
    for (const [what, reply, apiStatus, status, message] of cases) {
      it(`${what}, answered with ${String(status)} and what to do`, async () => {
        dribbble.user = reply;
        const got = await comeBack({ code: 'the-code' });
        expect(got.error).to.be.instanceOf(DribbbleAPIError).and.include({ apiStatus, status });
        expect(got.error.message).to.match(message).and.include('127.0.0.1');
        expect(got.status).to.equal(status);
      });
    }

    it('with the rate limit that the headers tell', async () => {
      dribbble.user = { status: 403, headers: limits, json: fixture('api-error-rate-limit') };
      const { error } = await comeBack({ code: 'the-code' });
      expect(error['rateLimit']).to.deep.equal({ limit: 60, remaining: 0, reset: now });
    });

    it('without a rate limit where the headers tell none', async () => {
      dribbble.user = { status: 403, headers: { 'X-RateLimit-Limit': 'many' }, json: {} };
      const { error } = await comeBack({ code: 'the-code' });
      expect(error['rateLimit']).to.equal(undefined);
    });

    it('whose stack begins with its name and message', async () => {
      dribbble.user = { status: 401, json: fixture('api-error-bad-credentials') };
      const { error } = await comeBack({ code: 'the-code' });
      expect(error.stack?.split('\n')[0]).to.equal(`DribbbleAPIError: ${error.message}`);
    });
  });

  describe('for want of a usable answer is an InternalOAuthError:', () => {
    it('no access token', async () => {
      dribbble.token = { json: { token_type: 'bearer' } };
      const got = await comeBack({ code: 'the-code' });
      expect(got.error).to.be.instanceOf(InternalOAuthError);
      expect(got.error.message).to.match(/answered 200 with JSON, not with an access token.*tokenURL option/);
      expect(got.status).to.equal(502);
    });

    it('a token of another type, which must not be used', async () => {
      dribbble.token = { json: { access_token: 'x', token_type: 'mac' } };
      expect((await comeBack({ code: 'the-code' })).error).to.be.instanceOf(InternalOAuthError);
    });

    it('no body', async () => {
      dribbble.token = (_req, res) => res.end();
      expect((await comeBack({ code: 'the-code' })).error.message).to.match(
        /answered 200 with an empty body/,
      );
    });

    it('a page in place of the user', async () => {
      dribbble.user = (_req, res) => res.end('<!doctype html>');
      const got = await comeBack({ code: 'the-code' });
      expect(got.error.message).to.match(
        /something else than a JSON object, not with a user.*userProfileURL option/,
      );
      expect(got.status).to.equal(502);
    });

    it('a user without an id', async () => {
      dribbble.user = { json: { login: 'nobody' } };
      expect((await comeBack({ code: 'the-code' })).error.message).to.match(/not with a user with an id/);
    });
  });
});
