import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import {
  AuthorizationError,
  DribbbleAPIError,
  InternalOAuthError,
  TokenError,
} from 'passport-dribbble-oauth2';
import * as errors from '../../lib/errors';
import { HttpError } from '../../lib/http/request';
import { fixture } from '../support/fake-dribbble';

const SECRETS = ['the-client-secret', 'the-code'];
const CONTEXT = { url: 'https://dribbble.test:8443/oauth/token', secrets: SECRETS };
const HOST = 'dribbble.test:8443';

const response = (statusCode: number, data: unknown): errors.ErrorResponse => ({
  statusCode,
  data: typeof data === 'string' ? data : JSON.stringify(data),
});
/** All that a logger, an error page or a debugger could show. */
const shown = (error: unknown): string =>
  inspect(error, { depth: null, showHidden: true, maxStringLength: Infinity }) + JSON.stringify(error);

/** The codes of RFC 6749 and of Dribbble, and what the app's developer is told to do. */
const ADVICE: Record<string, RegExp> = {
  access_denied: /start the login again/,
  application_suspended: /suspended.*account settings/,
  invalid_client: /clientID and clientSecret/,
  invalid_grant: /start the login again/,
  invalid_redirect_uri: /callbackURL option.*registered/,
  invalid_request: /required parameter/,
  invalid_scope: /scope option.*public and upload/,
  redirect_uri_mismatch: /callbackURL option.*registered/,
  server_error: /try again later/,
  temporarily_unavailable: /try again later/,
  unauthorized_client: /registration/,
  unsupported_grant_type: /tokenURL/,
  unsupported_response_type: /authorizationURL/,
  // What every object has is no code that we know.
  ...Object.fromEntries(['another', 'constructor', '__proto__'].map((code) => [code, /RFC 6749/])),
};

describe('authorizationError', () => {
  const errorOf = (callback: object, more = {}): AuthorizationError =>
    errors.authorizationError(callback, CONTEXT.url, { secrets: SECRETS, ...more });

  for (const [code, advice] of Object.entries(ADVICE)) {
    it(`has the code ${code}, and says with which host and what to do`, () => {
      const error = errorOf({ error: code });
      expect(error).to.be.instanceOf(AuthorizationError).and.include({ code });
      expect(error.message).to.match(advice).and.include(`${HOST} responded with ${code}. `);
    });
  }

  it("quotes Dribbble's description as a sentence", () => {
    for (const error_description of ['The scope is unknown.', '  The scope is unknown ...\n'])
      expect(errorOf({ error: 'invalid_scope', error_description }).message).to.include(
        'invalid_scope: The scope is unknown. Check the scope option',
      );
  });

  it("has the address of Dribbble's page about it, if it is one of the web", () => {
    const uris = ['https://a.test/', 'http://a.test/', 'javascript:https://a.test/', undefined].map(
      (error_uri) => errorOf({ error: 'invalid_scope', error_uri }).uri,
    );
    expect(uris).to.deep.equal(['https://a.test/', 'http://a.test/', undefined, undefined]);
  });

  it('has a message of one line and bounded length, whatever the description', () => {
    const error_description = `a\r\nb\u001b${'x'.repeat(5000)}`;
    expect(errorOf({ error: 'invalid_scope', error_description }).message).to.match(/^[^\p{C}]{1,600}$/u);
  });

  it('has no half of a character where the description is cut off', () => {
    const description = `x${'🏀'.repeat(200)}`;
    const { message } = errorOf({ error: 'x', error_description: description });
    expect(message).to.include(`x: x${'🏀'.repeat(149)}. `);
  });

  it("has a stack, whatever the app's Error.prepareStackTrace returns", () => {
    const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
    Error.prepareStackTrace = (_error, frames) => frames;
    try {
      expect(errorOf({ error: 'invalid_scope' }).stack).to.be.a('string');
    } finally {
      // Bun goes on with one that is deleted.
      Object.assign(Error, { prepareStackTrace: before?.value as unknown });
    }
  });

  it('says which callback URL was sent, if it is what Dribbble refused', () => {
    const callbackURL = 'http://app.test/callback';
    const messageOf = (error: string, more = {}): string => errorOf({ error }, more).message;
    expect(messageOf('redirect_uri_mismatch', { callbackURL })).to.include(`${callbackURL}; behind a proxy`);
    expect(messageOf('redirect_uri_mismatch')).to.match(/to use that one\.$/);
    expect(messageOf('invalid_scope', { callbackURL })).to.match(/upload\.$/);
  });

  it('has the code server_error if there is nothing in the code that can be quoted', () => {
    const error = errorOf({ error: '\u0000' });
    expect(error.code).to.equal('server_error');
    expect(error.message).to.include('server_error');
  });
});

describe('denial', () => {
  it("has Dribbble's words, or its own", () => {
    const words = 'The resource owner denied it.';
    expect(errors.denial({ error_description: words }, SECRETS)).to.include({ message: words });
    const { message, code } = errors.denial({}, SECRETS);
    expect(message).to.include('did not let the application sign them in');
    expect(code).to.equal('access_denied');
  });
});

describe('unverified', () => {
  it('names the code and what to do only if it is known: the rest may be anybody’s words', () => {
    expect(errors.unverified('invalid_scope').message).to.match(/says invalid_scope\. .*scope option/);
    const { message, code } = errors.unverified('Call 0900-1234');
    expect(message).to.match(/sign in again\.$/);
    expect(code).to.equal('authorization_error');
  });
});

describe('tokenError', () => {
  const errorOf = (json: object, status = 400, context: Partial<errors.Context> = {}): TokenError => {
    const error = errors.tokenError(response(status, json), { ...CONTEXT, ...context });
    if (!error) throw new Error('Expected an error');
    return error;
  };

  for (const [name, code, description] of [
    ['invalid-client', 'invalid_client', 'Client authentication failed'],
    ['invalid-grant', 'invalid_grant', 'authorization grant is invalid'],
    ['invalid-request', 'invalid_request', 'Missing required parameter'],
    ['redirect-uri-mismatch', 'redirect_uri_mismatch', 'MUST match the registered'],
    ['no-description', 'invalid_grant', 'responded with invalid_grant. '],
  ] as const) {
    it(`has the code of the response ${name}, quotes Dribbble and says what to do`, () => {
      const error = errorOf(fixture(`token-error-${name}`));
      expect(error).to.be.instanceOf(TokenError).and.include({ code });
      expect(error.message)
        .to.match(ADVICE[code] ?? /^$/)
        .and.include(description)
        .and.include(HOST);
    });
  }

  it('has the code and the address of a response that nobody knows', () => {
    const error = errorOf(fixture('token-error-unknown-code'));
    expect(error).to.include({ code: 'out_of_ink', uri: 'https://example.com/out-of-ink' });
  });

  it('is null where the response holds none', () => {
    for (const data of ['', 'null', '<html>', '[]', '{}', '{"error":42}', '{"error":""}'])
      expect(errors.tokenError(response(400, data), CONTEXT), data).to.equal(null);
  });

  it('has the status that an app should respond with: 500 where its developer has to mend something', () => {
    const statuses = [200, 400, 401, 429, 500, 504].map((status) => errorOf({ error: 'x' }, status).status);
    expect(statuses).to.deep.equal([500, 500, 500, 503, 502, 504]);
  });

  it('holds no secret, though Dribbble repeats them', () => {
    const error = errorOf(fixture('token-error-echoes-secrets'));
    expect(error.message).to.include('No client has the secret [hidden], so the code [hidden] is void.');
    expect(shown(error)).not.to.match(/the-client-secret|the-code/);
  });

  describe('hides a secret', () => {
    const hidden = (code: string, text: string): string =>
      errorOf({ error: 'x', error_description: text }, 400, { secrets: [code] }).message;

    for (const [what, secret] of Object.entries({
      'as it is': 'a"code',
      'of three characters': 'xyz',
      'of thousands of characters': 'long'.repeat(1000),
    }))
      it(what, () => {
        expect(hidden(secret, `No ${secret}, here.`)).to.include('x: No [hidden], here. ');
        expect(hidden(secret, `No ${secret}`)).to.include('x: No [hidden]. ');
      });

    for (const [what, secret, written] of [
      ['percent-encoded in lower case', 'a/code=ä', 'a%2fcode%3d%c3%a4'],
      ['percent-encoded beside a lone percent sign', 'a/code', 'a%2fcode 100%'],
      ['form-encoded', 'a code+1', 'a+code%2B1'],
      ['escaped as JSON has it', 'a"code/ä🏀', 'a\\"code\\/\\u00e4\\ud83c\\udfc0'],
      ["in JSON's long escapes", 'a/code', '\\u0061\\u002Fcode'],
      ['as JSON has what looks like an escape', 'a\\u0041', 'a\\\\u0041'],
      ["in JSON's short escapes", 'a\tcode\n', 'a\\tcode\\n'],
      ['in another case', 'A-Code-Ä', 'a-code-ä'],
      ['that the response cuts off', 'abcdefghijklmnopqrstuvwxyz012345', 'abcdefghijklmnopqrstuvwxyz'],
      ['that the response cuts off after 16 characters', 'abcdefghijklmno%qrs', 'abcdefghijklmno%25'],
      ['that our own limit cuts off', 'long'.repeat(5000), 'long'.repeat(5000)],
    ] as const) {
      it(`with the line that holds it: ${what}`, () => {
        expect(hidden(secret, `No ${written}, here.`)).to.include('x: [hidden]. ');
      });
    }

    it('and leaves the other lines as they are', () => {
      expect(hidden('a/code', 'One.\nNo a%2fcode.\nThree.')).to.include('x: One. [hidden] Three. ');
    });

    it('with all of the text, where it goes over the end of a line', () => {
      expect(hidden('abc\ndef', 'One.\nNo ABC\r\nDEF, here.')).to.include('x: [hidden]. ');
      expect(hidden('a/c\ndef', 'One.\nNo a%2fc\r\ndef, here.')).to.include('x: [hidden]. ');
    });

    it('but nothing that is alike, and nothing for one or two characters', () => {
      for (const secret of ['a-code', 'äöü', 'abcdefghijklmnopqrstuvwxyz012345', 'b', 'bs'])
        expect(hidden(secret, 'A bad absence, a+code, a\\/code, aeou, abcdefghijklmno.')).not.to.include(
          '[hidden]',
        );
    });

    // The browser may send both as an authorization code and as a description.
    it('in no time if the text almost holds it', () => {
      const begun = process.cpuUsage();
      for (const character of ['a', '%25', '\\', '\\u005c', '\u0001'])
        for (const length of [31, 16_000]) {
          const secret = character.repeat(length).slice(0, length);
          const data = `${secret.slice(1)}!`.repeat(100_000 / length);
          errorOf({ error: 'x', error_description: data }, 400, { secrets: [`!${secret}`, `${secret}?`] });
          errors.noToken(response(400, data), () => null, { ...CONTEXT, secrets: [`${secret}?`] });
        }
      errors.noToken(response(400, `THE-CODE${'%\n'.repeat(200_000)}`), () => null, CONTEXT);
      expect(process.cpuUsage(begun).user).to.be.below(1_500_000);
    });

    it('with a shorter secret in it', () => {
      const secrets = ['def', 'abcdefgh'];
      const error = errorOf({ error: 'x', error_description: 'No abcdefgh.' }, 400, { secrets });
      expect(error.message).to.include('No [hidden].');
      const encoded = errorOf({ error: 'x', error_description: 'No abc%2Fdefgh.' }, 400, {
        secrets: ['%2F', 'def', 'abc/defgh'],
      });
      expect(encoded.message).to.include('x: [hidden]. ');
    });

    it('of the response itself: a token beside the error', () => {
      const tokens = { access_token: 't0ken-1', refresh_token: 't0ken-2' };
      const error = errorOf({ error: 'x', error_description: 'No t0ken-1, no t0ken-2.', ...tokens });
      expect(error.message).to.include('No [hidden], no [hidden].');
    });

    it('in a code that nobody defines, and never in one that RFC 6749 does', () => {
      expect(errorOf({ error: 'no_the-code' })).to.include({ code: 'no_[hidden]' });
      const error = errorOf({ error: 'invalid_grant' }, 400, { secrets: ['invalid'] });
      expect(error).to.include({ code: 'invalid_grant' });
      expect(error.message).to.include('invalid_grant').and.not.include('[hidden]');
    });
  });
});

describe('noToken', () => {
  type Parse = Parameters<typeof errors.noToken>[1];
  const ours: Parse = (data, statusCode) => errors.tokenError({ data, statusCode }, CONTEXT);
  const errorOf = (reason: unknown, parse = ours): Error & Record<string, unknown> =>
    errors.noToken(reason, parse, CONTEXT) as never;

  it('is the error in the response, with the response underneath', () => {
    const error = errorOf(response(400, { error: 'invalid_grant', error_description: 'No the-code.' }));
    expect(error).to.be.instanceOf(TokenError).and.include({ code: 'invalid_grant' });
    expect(error['oauthError']).to.be.instanceOf(Error).and.include({ statusCode: 400 });
    expect((error['oauthError'] as Error).message).to.equal(`${HOST} responded with 400`);
    expect((error['oauthError'] as errors.ErrorResponse).data).to.include('"No [hidden]."');
    expect(Object.keys(error['oauthError'] as Error)).to.deep.equal(['statusCode']); // it may be long
  });

  it('holds nothing of a success, which may be the token', () => {
    const dataOf = (status: number): unknown =>
      (errorOf(response(status, 'x'))['oauthError'] as { data?: string }).data;
    expect([99, 200, 299, 300].map(dataOf)).to.deep.equal(['x', undefined, undefined, 'x']);
  });

  for (const [what, data] of [
    ['an empty body', ''],
    ['JSON', '{"token_type":"bearer"}'],
    ['something other than a JSON object', '<!doctype html>'],
  ] as const) {
    it(`says that the response is ${what}, and which option to check`, () => {
      const error = errorOf(response(200, data));
      expect(error).to.be.instanceOf(InternalOAuthError).and.include({ status: 502 });
      expect(error.message).to.include(`${HOST} responded with 200 and ${what}, not with an access token`);
      expect(error.message).to.include('tokenURL option');
      expect(String(error)).to.equal(`InternalOAuthError: ${error.message}`);
    });
  }

  it("makes an Error of whatever the client calls back with, such as an app's stub", () => {
    for (const reason of ['text', 42, null, {}, { statusCode: 500 }, { data: 'text' }]) {
      const error = errorOf(reason);
      expect(error).to.be.instanceOf(InternalOAuthError).and.include({ status: 502 });
      expect(error.message)
        .to.include(HOST)
        .and.include(`called back with ${typeof reason}`);
      expect(error['oauthError']).to.be.instanceOf(Error);
    }
  });

  it('keeps an Error that the client calls back with, also of another realm, as Jest has them', () => {
    for (const cause of [
      new Error('The line is dead.'),
      Object.assign(new Error('The line is dead.'), response(500, '')),
      runInNewContext('new Error("The line is dead.")') as Error,
    ]) {
      const error = errorOf(cause);
      expect(error).to.be.instanceOf(InternalOAuthError).and.include({ oauthError: cause, cause });
      expect(error.message).to.include(HOST).and.include('The line is dead.');
    }
    expect(errorOf(new RangeError('')).message).to.include('RangeError');
  });

  it('passes on what lib/http says of a request, and its cause', () => {
    const cause = new Error('socket hang up');
    const reason = new HttpError('POST dribbble.test/ timed out. Try again.', 504, cause);
    const error = errorOf(reason);
    expect(error).to.include({ message: reason.message, status: 504, oauthError: reason, cause });
  });

  it("names Dribbble where the URL of a subclass's endpoint can't be read", () => {
    const error = errors.noToken(response(200, ''), ours, { ...CONTEXT, url: '/token' });
    expect(error.message).to.include('Dribbble responded with 200');
  });

  describe("with a subclass's parseErrorResponse", () => {
    const failed = response(400, { error: 'x', access_token: 't0ken-1' });

    it('has the error that it returns, or its own where it returns null or throws', () => {
      const own = new Error('mine');
      expect(errorOf(failed, () => own)).to.equal(own);
      expect(errorOf(failed, () => null)).to.be.instanceOf(InternalOAuthError);
      expect(errorOf(failed, (body) => JSON.parse(`<${body}`) as Error)).to.be.instanceOf(InternalOAuthError);
    });

    it('hides secrets in all of what it returns, and underneath', () => {
      const own: Error & Record<string, unknown> = new AggregateError(
        [new Error('the-code'), 'no Error'],
        'the-code, t0ken-1',
        { cause: new Error('the-client-secret') },
      ) as never;
      Object.assign(own, { uri: 'https://a.test/?code=the-code', code: 'the-code' });
      (own.cause as Error).cause = own; // a circle
      const error = errorOf(failed, () => own);
      expect(error).to.include({ message: '[hidden], [hidden]', code: '[hidden]' });
      expect(error['uri']).to.equal('https://a.test/?code=[hidden]');
      expect(shown(error)).not.to.match(/the-code|the-client-secret|t0ken-1/);
    });

    it('never changes a code that RFC 6749 defines, though an authorization code can be a part of it', () => {
      const own = Object.assign(new Error('invalid'), { code: 'invalid_grant' });
      const error = errors.noToken(failed, () => own, { ...CONTEXT, secrets: ['invalid'] });
      expect(error).to.include({ message: '[hidden]', code: 'invalid_grant' });
    });

    it('hides secrets in the cause that it gives to our error, whose message stays', () => {
      const withCause: Parse = (data, statusCode) =>
        Object.assign(ours(data, statusCode) ?? new Error(), { cause: new Error(data) });
      const error = errorOf(response(400, { error: 'hidden', error_description: 'No the-code.' }), withCause);
      expect(error.message).to.include('responded with hidden: No [hidden].');
      expect(shown(error)).not.to.include('the-code');
    });

    it('changes no word of our error, though an authorization code can be one of them', () => {
      const parsed: Parse = (data, statusCode) =>
        errors.tokenError({ data, statusCode }, { ...CONTEXT, secrets: ['RFC'] });
      const error = errors.noToken(failed, parsed, { ...CONTEXT, secrets: ['RFC'] });
      expect(error.message).to.include("Look the error's code up in RFC 6749");
    });

    it('hides secrets in what it makes of our error', () => {
      const changed: Parse = (data, statusCode) => {
        const error = ours(data, statusCode);
        return error && Object.assign(error, { message: `${error.message} the-code` });
      };
      expect(errorOf(failed, changed).message).to.match(/ \[hidden\]$/);
    });
  });
});

describe('apiError', () => {
  const limits = {
    'x-ratelimit-limit': '60',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': '1700000000',
  };
  const endless = { 'x-ratelimit-reset': '999999999999999' };
  const limited = fixture('api-error-rate-limit');
  const errorOf = (status: number, data: unknown, headers?: object): DribbbleAPIError =>
    errors.apiError(response(status, data), headers as Record<string, unknown>, CONTEXT) as DribbbleAPIError;

  for (const [what, apiStatus, status, message, data = {}, headers] of [
    ['a revoked token', 401, 502, /Bad credentials\. .*sign in/, fixture('api-error-bad-credentials')],
    ['the retired version of the API', 401, 502, /API is deprecated/, fixture('api-error-v1-retired')],
    ['a scope that is missing', 403, 502, /Forbidden\. .*scope option/, { message: 'Forbidden.' }],
    ['a limit that is not used up', 403, 502, /scope option/, {}, { 'x-ratelimit-remaining': '5' }],
    ['a wrong path', 404, 502, /Not found\. .*userProfileURL/, { message: 'Not found.' }],
    ['a validation', 422, 502, /Validation failed\. .*userProfileURL/, fixture('api-error-validation')],
    ['the rate limit', 429, 503, /after 2023-11-14T22:13:20\.000Z/, limited, limits],
    ['the rate limit, as 403', 403, 503, /again after 2023/, limited, limits],
    ['the rate limit, without its headers', 429, 503, /responded with 429\. .*again in a minute/],
    ["a rate limit that ends beyond a date's range", 429, 503, /again in a minute/, {}, endless],
    ['a failure of Dribbble', 500, 502, /500\. .*try again later/],
    ['an internal error beside a used limit', 500, 502, /internal problem/, {}, limits],
    ['a timeout at Dribbble', 504, 504, /504\. .*try again later/],
    ['a page of the proxy in front', 503, 502, /503\. .*try again later/, '<h1>Service Unavailable</h1>'],
    ['a redirect', 302, 502, /302\. .*userProfileURL/, ''],
  ] as [string, number, number, RegExp, unknown?, object?][]) {
    it(`has the statuses ${String(apiStatus)} and ${String(status)} and says what to do about ${what}`, () => {
      const error = errorOf(apiStatus, data, headers);
      expect(error).to.be.instanceOf(DribbbleAPIError).and.include({ apiStatus, status });
      expect(error.message).to.match(message).and.include(HOST);
      expect(error.oauthError).to.be.instanceOf(Error).and.include({ statusCode: apiStatus });
    });
  }

  it('has the rate limit of the headers, as far as they hold numbers', () => {
    expect(errorOf(403, {}, limits).rateLimit).to.deep.equal({ limit: 60, remaining: 0, reset: 1700000000 });
    for (const value of ['many', '1e3', '60 ', '-60', '9'.repeat(16), ['60'], undefined])
      expect(errorOf(403, {}, { 'x-ratelimit-limit': value }).rateLimit, String(value)).to.equal(undefined);
  });

  it('is an InternalOAuthError where there was no response', () => {
    const error = errors.apiError(new HttpError('GET a.test/ timed out.', 504), undefined, CONTEXT);
    expect(error).to.be.instanceOf(InternalOAuthError).and.include({ status: 504 });
  });
});

describe('noProfile', () => {
  it('says what the response is, and which option to check', () => {
    const error = errors.noProfile(response(200, '{"login":"nobody"}'), CONTEXT);
    expect(error).to.be.instanceOf(InternalOAuthError).and.include({ status: 502 });
    expect(error.message).to.match(/200 and JSON, not with a user with an id\. .*userProfileURL option/);
  });
});

describe('Errors', () => {
  it('have a stack that begins with name and message, as it is what is logged, and that can be replaced', () => {
    const failed = response(400, { error: 'invalid_client' });
    for (const error of [
      errors.authorizationError({ error: 'invalid_scope' }, CONTEXT.url, CONTEXT),
      errors.noToken(failed, () => errors.tokenError(failed, CONTEXT), CONTEXT),
      errors.apiError(failed, {}, CONTEXT),
      errors.noProfile(failed, CONTEXT),
    ]) {
      expect(error.stack?.split('\n')[0]).to.equal(`${error.name}: ${error.message}`);
      expect(Object.keys(error)).not.to.include('stack');
      error.stack = 'mine';
      expect(error.stack).to.equal('mine');
    }
  });
});
