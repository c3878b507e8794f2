import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  AuthorizationError,
  DribbbleAPIError,
  DribbbleStrategy,
  InternalOAuthError,
  TokenError,
} from 'passport-dribbble-oauth2';
import { App, Visitor } from '../support/app';
import { expectKind, login } from '../support/authenticate';
import type { Page } from '../support/browser';
import { FakeDribbble, type Reply } from '../support/fake-dribbble';
import { fixture } from '../support/fixtures';
import { useNock } from '../support/nock';
import { response } from '../support/raw-server';

describe('errors', () => {
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

  /** Somebody comes back with these parameters and the right state: what the browser gets. */
  async function comeBack(parameters: Record<string, string>, authenticate = {}): Promise<Page> {
    app = await App.start(strategy(), { authenticate });
    return new Visitor(app.login, dribbble.endpoints.authorizationURL).comeBack(parameters);
  }

  /** Somebody comes back and the login ends in an error, with its status: the error. */
  async function errorOf(
    parameters: Record<string, string> = { code: 'the-code' },
  ): Promise<Error & Record<string, unknown>> {
    const page = await comeBack(parameters);
    if (!app?.error) throw new Error(`Expected an error, not ${inspect(page)}`);
    expect(app.error.message).to.include('127.0.0.1');
    expect(page.status).to.equal(app.error['status']);
    return app.error;
  }

  /** The error where the token endpoint, or the API, responds like this. */
  function tokenErrorOf(reply: Reply): ReturnType<typeof errorOf> {
    dribbble.token = reply;
    return errorOf();
  }
  function apiErrorOf(reply: Reply): ReturnType<typeof errorOf> {
    dribbble.user = reply;
    return errorOf();
  }

  describe('A person who says no', () => {
    it('makes a failed login: 401 unless the app says otherwise', async () => {
      expect(await comeBack({ error: 'access_denied' })).to.include({ status: 401, body: 'Unauthorized' });
      expect(app?.outcomes).to.be.empty;
    });

    it('goes where failureRedirect says', async () => {
      const page = await comeBack({ error: 'access_denied' }, { failureRedirect: '/sorry' });
      expect(page).to.include({ status: 302, location: `${app?.url ?? ''}/sorry` });
    });

    it("tells the app why, in Dribbble's words", async () => {
      const query = { error: 'access_denied', error_description: 'The resource owner denied it.' };
      const { challenge } = expectKind(await login(strategy(), { query }), 'fail');
      expect(challenge?.message).to.equal('The resource owner denied it.');
    });

    it('tells the app why if Dribbble has no words', async () => {
      const { challenge } = expectKind(
        await login(strategy(), { query: { error: 'access_denied' } }),
        'fail',
      );
      expect(challenge?.message).to.include('did not let the application sign them in');
    });
  });

  it('gives a person who says no the app state back, for where they were going', async () => {
    const query = { error: 'access_denied' };
    const { challenge } = expectKind(
      await login(strategy(), { query, options: { state: '/shots' } }),
      'fail',
    );
    expect(challenge).to.include({ code: 'access_denied', state: '/shots' });
  });

  describe('AuthorizationError', () => {
    const cases: [code: string, status: number, hint: RegExp][] = [
      ['redirect_uri_mismatch', 500, /callbackURL option.*registered/],
      ['application_suspended', 500, /suspended/],
      ['invalid_scope', 500, /scope option.*public and upload/],
      ['invalid_request', 500, /required parameter/],
      ['unauthorized_client', 500, /registration/],
      ['server_error', 502, /try again later/],
      ['temporarily_unavailable', 503, /try again later/],
      // What every object has is no code that we know.
      ...['some_other_error', 'constructor', '__proto__', 'toString'].map(
        (code): [string, number, RegExp] => [code, 500, /RFC 6749/],
      ),
    ];
    for (const [code, status, hint] of cases) {
      it(`has the code ${code}, the status ${String(status)} and says what to do`, async () => {
        const error = await errorOf({ error: code });
        expect(error).to.be.instanceOf(AuthorizationError).and.include({ code, status });
        expect(error.message).to.match(hint);
      });
    }

    it("quotes Dribbble's description", async () => {
      const error = await errorOf({ error: 'invalid_scope', error_description: 'The scope is unknown.' });
      expect(error.message).to.include('The scope is unknown. Check the scope option');
    });

    it("has the address of Dribbble's page about it", async () => {
      const error = await errorOf({ error: 'invalid_scope', error_uri: 'https://dribbble.com/help' });
      expect(error).to.include({ uri: 'https://dribbble.com/help' });
    });

    it('has a message of one line and bounded length, whatever the description', async () => {
      const error_description = `a\r\nb\u001b${'x'.repeat(5000)}`;
      const { message } = await errorOf({ error: 'invalid_scope', error_description });
      expect(message).to.match(/^[^\p{C}]{1,600}$/u);
    });
  });

  describe('TokenError', () => {
    const cases: [name: string, status: number, code: string, description: string, hint: RegExp][] = [
      ['invalid-client', 401, 'invalid_client', 'Client authentication failed', /clientID and clientSecret/],
      ['invalid-grant', 400, 'invalid_grant', 'authorization grant is invalid', /start the login again/],
      ['invalid-request', 400, 'invalid_request', 'Missing required parameter', /check the options/],
      [
        'redirect-uri-mismatch',
        400,
        'redirect_uri_mismatch',
        'MUST match the registered',
        /callbackURL option/,
      ],
      ['no-description', 400, 'invalid_grant', 'invalid_grant', /start the login again/],
      ['unknown-code', 400, 'out_of_ink', 'out_of_ink', /RFC 6749/],
    ];
    for (const [name, status, code, description, hint] of cases) {
      it(`has the code of ${name}, quotes Dribbble and says what to do`, async () => {
        const error = await tokenErrorOf({ status, json: fixture(`token-error-${name}`) });
        expect(error).to.be.instanceOf(TokenError).and.include({ code, status: 500 });
        expect(error.message).to.include(description).and.match(hint);
      });
    }

    it('is made of an error response with 200 too', async () => {
      const error = await tokenErrorOf({ json: fixture('token-error-invalid-grant') });
      expect(error).to.be.instanceOf(TokenError).and.include({ code: 'invalid_grant' });
    });

    for (const [apiStatus, status] of [
      [500, 502],
      [504, 504],
      [429, 503],
    ] as const) {
      it(`has the status ${String(status)} for an app to respond with if Dribbble responds with ${String(apiStatus)}`, async () => {
        expect(await tokenErrorOf({ status: apiStatus, json: { error: 'server_error' } })).to.include({
          status,
        });
      });
    }

    it('holds no secret, though Dribbble repeats them', async () => {
      const error = await tokenErrorOf({ status: 401, json: fixture('token-error-echoes-secrets') });
      expect(error.message).to.include('No client has the secret [hidden], so the code [hidden] is void.');
      expect(inspect(error, { depth: null, showHidden: true })).not.to.match(/the-client-secret|the-code/);
    });
  });

  describe('DribbbleAPIError', () => {
    const now = 1700000000;
    const limits = {
      'X-RateLimit-Limit': '60',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': String(now),
    };
    const limited = fixture('api-error-rate-limit');
    const cases: [what: string, reply: Reply & object, apiStatus: number, status: number, message: RegExp][] =
      [
        [
          'a token that is wrong or revoked',
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
        [
          'a scope that is missing',
          { status: 403, json: { message: 'Forbidden.' } },
          403,
          502,
          /Forbidden\. .*scope option/,
        ],
        [
          'a wrong path',
          { status: 404, json: { message: 'Not found.' } },
          404,
          502,
          /Not found\. .*userProfileURL/,
        ],
        [
          'a validation',
          { status: 422, json: fixture('api-error-validation') },
          422,
          502,
          /Validation failed\. .*userProfileURL/,
        ],
        [
          'the rate limit, as 429',
          { status: 429, headers: limits, json: limited },
          429,
          503,
          /try again after 2023-11-14T22:13:20\.000Z/,
        ],
        [
          'the rate limit, as 403',
          { status: 403, headers: limits, json: limited },
          403,
          503,
          /try again after 2023/,
        ],
        ['the rate limit, without its headers', { status: 429, json: {} }, 429, 503, /try again in a minute/],
        [
          "a rate limit that ends beyond a date's range",
          { status: 429, headers: { 'X-RateLimit-Reset': '999999999999999' }, json: {} },
          429,
          503,
          /try again in a minute/,
        ],
        ['a failure of Dribbble', { status: 500, json: {} }, 500, 502, /500.*try again later/],
        ['a timeout at Dribbble', { status: 504, json: {} }, 504, 504, /504/],
        [
          'a page of the proxy in front',
          (socket) =>
            socket.write(response('<h1>Service Unavailable</h1>', { status: '503 Service Unavailable' })),
          503,
          502,
          /503.*try again later/,
        ],
        [
          'a redirect',
          { status: 302, headers: { Location: 'https://example.com/' }, json: {} },
          302,
          502,
          /302/,
        ],
      ];
    for (const [what, reply, apiStatus, status, message] of cases) {
      it(`has the statuses ${String(apiStatus)} and ${String(status)} and says what to do about ${what}`, async () => {
        const error = await apiErrorOf(reply);
        expect(error).to.be.instanceOf(DribbbleAPIError).and.include({ apiStatus, status });
        expect(error.message).to.match(message);
      });
    }

    it('has the rate limit of the headers', async () => {
      const error = await apiErrorOf({ status: 403, headers: limits, json: limited });
      expect(error['rateLimit']).to.deep.equal({ limit: 60, remaining: 0, reset: now });
    });

    it('has no rate limit if the headers are malformed', async () => {
      const error = await apiErrorOf({ status: 403, headers: { 'X-RateLimit-Limit': 'many' }, json: {} });
      expect(error['rateLimit']).to.equal(undefined);
    });
  });

  for (const [name, error] of [
    ['TokenError', () => tokenErrorOf({ status: 401, json: fixture('token-error-invalid-client') })],
    ['DribbbleAPIError', () => apiErrorOf({ status: 401, json: fixture('api-error-bad-credentials') })],
  ] as const) {
    describe(name, () => {
      it('has a stack that begins with its name and message, as the stack is what is logged', async () => {
        const { stack, message } = await error();
        expect(stack?.split('\n')[0]).to.equal(`${name}: ${message}`);
      });
    });
  }

  describe('InternalOAuthError', () => {
    const page: Reply = (socket) => socket.write(response('<!doctype html>'));
    for (const [what, legOf, reply, message] of [
      [
        'a token response without a token',
        tokenErrorOf,
        { json: { token_type: 'bearer' } },
        /access token.*tokenURL option/,
      ],
      [
        'a token of another type',
        tokenErrorOf,
        { json: { access_token: 'x', token_type: 'mac' } },
        /access token/,
      ],
      ['an empty token response', tokenErrorOf, (socket) => socket.write(response('')), /empty body/],
      ['a page in place of the user', apiErrorOf, page, /JSON object.*userProfileURL option/],
      ['a user without an id', apiErrorOf, { json: { login: 'nobody' } }, /a user with an id/],
    ] as [string, typeof tokenErrorOf, Reply, RegExp][]) {
      it(`has the status 502 and says what is wrong with ${what}`, async () => {
        const error = await legOf(reply);
        expect(error).to.be.instanceOf(InternalOAuthError).and.include({ status: 502 });
        expect(error.message).to.match(message);
      });
    }
  });

  describe('Secrets', () => {
    const shown = (error: unknown): string =>
      inspect(error, { depth: null, showHidden: true, maxStringLength: Infinity }) + JSON.stringify(error);
    /** The error of a login with this authorization code, where the token endpoint responds like this. */
    function errorOfCode(code: string, reply: Reply): ReturnType<typeof errorOf> {
      dribbble.token = reply;
      return errorOf({ code });
    }
    const text = (body: string): Reply => ({
      status: 400,
      json: { error: 'invalid_grant', error_description: body },
    });

    it('leave a code that RFC 6749 defines as it is, in the message too, if the authorization code is a part of it', async () => {
      const error = await errorOfCode('invalid', { status: 400, json: { error: 'invalid_grant' } });
      expect(error).to.include({ code: 'invalid_grant' });
      expect(error.message).to.include('invalid_grant').and.not.include('[hidden]');
    });

    it('are hidden in a code that nobody defines', async () => {
      const error = await errorOfCode('s3cret-code', { status: 400, json: { error: 'no_s3cret-code' } });
      expect(error).to.include({ code: 'no_[hidden]' });
      expect(shown(error)).not.to.include('s3cret-code');
    });

    for (const code of ['a', 'ab']) {
      it(`of ${String(code.length)} characters garble no message`, async () => {
        const error = await errorOfCode(code, text('A bad absence.'));
        expect(error.message).to.include('A bad absence. The authorization code is expired');
      });
    }

    it('are hidden if the response holds a token beside the error', async () => {
      const json = { error: 'invalid_grant', error_description: 'No t0ken-1.', access_token: 't0ken-1' };
      for (const status of [200, 400]) {
        const error = await errorOfCode('the-code', { status, json });
        expect(error.message).to.include('No [hidden].');
        expect(shown(error)).not.to.include('t0ken-1');
        await app?.stop();
      }
    });

    for (const [what, secret, written] of [
      ['percent-encoded in lower case', 'a/code=ä', 'a%2fcode%3d%c3%a4'],
      ['form-encoded', 'a code+1', 'a+code%2B1'],
      ['escaped as JSON has it', 'a"code/ä', 'a\\"code\\/\\u00e4'],
      ["in JSON's short escapes", 'a\tcode\n', 'a\\tcode\\n'],
      ['in another case', 'A-Code-1', 'a-code-1'],
    ] as const) {
      it(`are hidden ${what}`, async () => {
        const error = await errorOfCode(secret, text(`No ${written} here.`));
        expect(error.message).to.include('No [hidden] here.');
        expect(shown(error)).not.to.include(written);
      });
    }

    for (const [what, character] of [
      ['letters', 'a'],
      ['quotes', '"'],
      ['backslashes', '\\'],
      ['percent signs', '%'],
    ] as const) {
      it(`cost no time to look for if a text almost holds them: ${what}`, async () => {
        const begun = process.cpuUsage();
        const almost = `${character.repeat(26)}!${'x'.repeat(80)}`;
        const error = await errorOfCode(character.repeat(31), text(almost));
        expect(error.message).to.include(almost);
        // With two ways to match each character it takes seconds, and with a few characters more, days.
        expect(process.cpuUsage(begun).user).to.be.below(1_000_000);
      });
    }

    it('are hidden where a response cuts them off', async () => {
      const code = '0123456789abcdef0123456789ABCDEF';
      const error = await errorOfCode(code, text(`No ${code.slice(0, 25)}... here.`));
      expect(error.message).to.include('No [hidden]... here.');
      expect(shown(error)).not.to.include(code.slice(0, 16));
    });

    it('are hidden whole if they are long', async () => {
      const code = 'long'.repeat(1000);
      const error = await errorOfCode(code, text(`No ${code} here.`));
      expect(error.message).to.include('No [hidden] here.');
      expect(shown(error)).not.to.include('longlong');
    });

    describe('in an error of nock', () => {
      const nock = useNock();

      it('that holds the whole request are hidden, in its cause too', async () => {
        nock('https://dribbble.com').get('/another').reply(200);
        const ours = new DribbbleStrategy(
          { clientID: 'the-client-id', clientSecret: 'the-client-secret' },
          (_accessToken, _refreshToken, profile) => profile,
        );
        const { error } = expectKind(await login(ours, { query: { code: 'the/code' } }), 'error');
        expect(error.message).to.include('No match for request').and.include('client_secret=[hidden]');
        expect(shown(error)).not.to.match(/the-client-secret|the%2Fcode|the\/code|code_verifier=[^[]/);
      });

      it('that holds the access token are hidden', async () => {
        nock('https://dribbble.com').post('/oauth/token').reply(200, fixture('token'));
        const ours = new DribbbleStrategy(
          { clientID: 'the-client-id', clientSecret: 'the-client-secret' },
          (_accessToken, _refreshToken, profile) => profile,
        );
        nock('https://api.dribbble.com').get('/another').reply(200);
        const { error } = expectKind(await login(ours), 'error');
        expect(error.message).to.include('Bearer [hidden]');
        expect(shown(error)).not.to.include(String(fixture('token')['access_token']));
      });
    });
  });
});
