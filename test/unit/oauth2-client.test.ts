import { inspect } from 'node:util';
import { expect } from 'chai';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { OAuth2Client } from '../../lib/oauth2-client';
import { expectKind, login } from '../support/authenticate';
import { FakeDribbble, json, TOKEN, USER } from '../support/fake-dribbble';

describe('DribbbleTokenResponse', () => {
  let dribbble: FakeDribbble;
  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
  });
  afterEach(() => dribbble.stop());

  const strategyOf = (): DribbbleStrategy =>
    new DribbbleStrategy(
      { clientID: 'id', clientSecret: 'secret', ...dribbble.endpoints },
      (_accessToken, _refreshToken, profile) => profile,
    );

  // RFC 6749: the type in section 7.1, the characters in appendix A.12.
  for (const response of [
    { access_token: null },
    { access_token: 42 },
    { access_token: true },
    { access_token: ['a'] },
    { access_token: { toString: 'a' } },
    { access_token: '' },
    { access_token: ' ' },
    { access_token: 'a\r\nX-Admin: 1' },
    { access_token: 'tökén' },
    { access_token: 'a', token_type: 'mac' },
    { access_token: 'a', token_type: ['bearer'] },
    { access_token: 'a', error: true },
  ]) {
    it(`is refused, and no profile is requested, if it is ${inspect(response)}`, async () => {
      dribbble.token = { json: response };
      const { error } = expectKind(await login(strategyOf()), 'error');
      expect(error).to.include({ name: 'InternalOAuthError', status: 502 });
      expect(error.message).to.include('an access token');
      expect(dribbble.received).to.have.length(1);
    });
  }

  it('is refused with a status that is none', async () => {
    dribbble.token = (socket) => socket.end(json(TOKEN, '099 Odd'));
    expectKind(await login(strategyOf()), 'error');
  });

  it('is taken without a token type, and of any case and any successful status', async () => {
    for (const token of [{ access_token: 'a' }, { access_token: 'a', token_type: 'BEARER' }]) {
      dribbble.token = { status: 299, json: token };
      dribbble.user = { status: 299, json: USER };
      expectKind(await login(strategyOf()), 'success');
    }
  });
});

describe('OAuth2Client', () => {
  let dribbble: FakeDribbble;
  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
  });
  afterEach(() => dribbble.stop());

  const client = (customHeaders = {}): OAuth2Client =>
    new OAuth2Client('id', 'secret', '', '', dribbble.endpoints.tokenURL, customHeaders);

  it('requests a token without a callback, as the oauth package does', async () => {
    const replies = [{ json: TOKEN }, { json: {} }, { status: 400, json: {} }];
    const thrown: unknown[] = [];
    const requesting = Object.assign(client(), { _onThrow: (error: unknown) => thrown.push(error) });
    for (const reply of replies) {
      const responded = new Promise<void>((resolve) => {
        dribbble.token = (socket) => socket.end(json(reply.json, String(reply.status ?? 200)), resolve);
      });
      requesting.getOAuthAccessToken('the-code', {});
      await responded;
    }
    // What a callback is given after them comes after what they throw.
    dribbble.token = { json: TOKEN };
    await new Promise((resolve) => {
      requesting.getOAuthAccessToken('the-code', {}, resolve);
    });
    expect(thrown).to.be.empty;
    expect(dribbble.received).to.have.length(replies.length + 1);
  });

  it('takes a response of an overridden _request that calls back with no more than a body', async () => {
    class Stubbed extends OAuth2Client {
      override _request = (...parameters: unknown[]): void => {
        (parameters[5] as (error: null, body: string) => void)(null, '<html>');
      };
    }
    const error = await new Promise((resolve) => {
      new Stubbed('id', 'secret', '').getOAuthAccessToken('the-code', {}, resolve);
    });
    expect(error).to.deep.equal({ statusCode: 200, data: '<html>' });
  });

  it('sends an access token in one header, whatever the method, unless the call has one of its own', async () => {
    const url = `${dribbble.endpoints.userProfileURL}?page=2`;
    for (const [method, parameters, expected] of [
      ['get', [url, 'the-token'], 'Bearer the-token'],
      ['getProtectedResource', [url, 'the-token'], 'Bearer the-token'],
      ['_request', ['GET', url, null, null, 'the-token'], 'Bearer the-token'],
      ['_request', ['GET', url, { authorization: 'Basic eA==' }, null, 'the-token'], 'Basic eA=='],
      ['_request', ['GET', url, { AUTHORIZATION: 'Basic eA==' }, null, 'the-token'], 'Basic eA=='],
      ['_request', ['GET', url, null, null, ''], undefined],
    ] as [string, unknown[], string | undefined][])
      for (const custom of [undefined, 'Custom']) {
        const sending = client(custom === undefined ? {} : { authorization: custom });
        sending.useAuthorizationHeaderforGET(false);
        await new Promise((resolve) => {
          (sending as unknown as Record<string, (...all: unknown[]) => void>)[method]?.(
            ...parameters,
            resolve,
          );
        });
        const { path, text } = dribbble.received.at(-1) ?? {};
        expect(path).to.equal('/v2/user?page=2');
        const lines = text?.match(/^authorization: .*/gim)?.map((line) => line.slice(15));
        const sent = expected ?? custom;
        expect(lines, method).to.deep.equal(sent === undefined ? undefined : [sent]);
      }
  });

  it('calls back with an error if the URL is not valid', () => {
    let error: unknown;
    client().get('https://[', 'the-token', (failure) => {
      error = failure;
    });
    expect(error).to.be.instanceOf(TypeError);
  });

  it('hands on a refresh token, should Dribbble ever send one, if it is a string', async () => {
    for (const [refresh_token, expected] of [
      ['the-refresh-token', 'the-refresh-token'],
      [42, undefined],
    ]) {
      dribbble.token = { json: { ...TOKEN, refresh_token } };
      const result = await new Promise((resolve) => {
        client().getOAuthAccessToken('the-code', {}, (...given: unknown[]) => {
          resolve(given);
        });
      });
      expect(result).to.deep.equal([null, TOKEN.access_token, expected, TOKEN]);
    }
  });

  it("calls back with an error response in the oauth package's form", async () => {
    dribbble.user = { status: 404, json: { message: 'Not found.' } };
    const error = await new Promise((resolve) => {
      client().get(dribbble.endpoints.userProfileURL, 'the-token', resolve);
    });
    expect(error).to.deep.equal({ statusCode: 404, data: '{"message":"Not found."}' });
  });

  it('lets what a callback throws outside a login reach the process', async () => {
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const rejected = new Promise((resolve) => process.once('unhandledRejection', resolve));
    const thrown = new Error('The callback is wrong.');
    client().get(dribbble.endpoints.userProfileURL, 'the-token', () => {
      throw thrown;
    });
    try {
      expect(await rejected).to.equal(thrown);
    } finally {
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });
});
