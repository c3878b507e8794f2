import { inspect } from 'node:util';
import { expect } from 'chai';
import { OAuth2Client } from '../../lib/oauth2-client';
import { FakeDribbble, json, TOKEN } from '../support/fake-dribbble';

describe('OAuth2Client', () => {
  let dribbble: FakeDribbble;
  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
  });
  afterEach(() => dribbble.stop());

  const client = (customHeaders = {}): OAuth2Client =>
    new OAuth2Client('id', 'secret', '', '', dribbble.endpoints.tokenURL, customHeaders);
  /** What a token request, or one for the user, calls back with. */
  const requestToken = (by: OAuth2Client, code = 'the-code', params = {}): Promise<unknown[]> =>
    new Promise((resolve) => {
      by.getOAuthAccessToken(code, params, (...given: unknown[]) => {
        resolve(given);
      });
    });
  const requestUser = (by: OAuth2Client, url = dribbble.endpoints.userProfileURL): Promise<unknown> =>
    new Promise((resolve) => {
      by.get(url, 'the-token', resolve);
    });

  it('requests a token without parameters and a callback, as the oauth package does', async () => {
    const replies = [{ json: TOKEN }, { json: {} }, { status: 400, json: {} }];
    const thrown: unknown[] = [];
    const requesting = Object.assign(client(), { _onThrow: (error: unknown) => thrown.push(error) });
    for (const reply of replies) {
      const responded = new Promise<void>((resolve) => {
        dribbble.token = (socket) => socket.end(json(reply.json, String(reply.status ?? 200)), resolve);
      });
      requesting.getOAuthAccessToken('the-code', null);
      await responded;
    }
    // What a callback is given after them comes after what they throw.
    dribbble.token = { json: TOKEN };
    await requestToken(requesting);
    expect(thrown).to.be.empty;
    expect(dribbble.received).to.have.length(replies.length + 1);
  });

  it('takes a response of an overridden _request that calls back with no more than a body', async () => {
    class Stubbed extends OAuth2Client {
      override _request = (...parameters: unknown[]): void => {
        (parameters[5] as (error: null, body: string) => void)(null, '<html>');
      };
    }
    const result = await requestToken(new Stubbed('id', 'secret', ''));
    expect(result).to.deep.equal([{ statusCode: 200, data: '<html>' }]);
  });

  it('leaves the options of a request as they are: a wrapper may use them again', async () => {
    const sending = client();
    const send = sending._executeRequest.bind(sending);
    let given: object = {};
    sending._executeRequest = (library, options, body, callback) => {
      given = Object.freeze(options);
      send(library, options, body, callback);
    };
    expect((await requestToken(sending))[0]).to.equal(null);
    expect(given).not.to.have.property('agent');
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

  it('sends an access token under the type that setAuthMethod names', async () => {
    const sending = client();
    sending.setAuthMethod('OAuth');
    await requestUser(sending);
    expect(dribbble.received.at(-1)?.text).to.match(/^authorization: OAuth the-token\r$/im);
  });

  it('calls back with an error if the URL is not valid', async () => {
    expect(await requestUser(client(), 'https://[')).to.be.instanceOf(TypeError);
  });

  /** What a token request calls back with, given this response. */
  function tokenFrom(response: object, status = '200'): Promise<unknown[]> {
    dribbble.token = (socket) => socket.write(json(response, status));
    return requestToken(client());
  }

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
    it(`refuses the token of ${inspect(response)}`, async () => {
      const data = JSON.stringify(response);
      expect(await tokenFrom(response)).to.deep.equal([{ statusCode: 200, data }]);
    });
  }

  it('refuses a token with a status that is none', async () => {
    const data = JSON.stringify(TOKEN);
    expect(await tokenFrom(TOKEN, '099 Odd')).to.deep.equal([{ statusCode: 99, data }]);
  });

  it('takes a token without a type, or of one in any case, with any successful status', async () => {
    for (const token of [
      { access_token: 'a', error: null },
      { access_token: 'a', token_type: 'BEARER' },
    ])
      expect(await tokenFrom(token, '299')).to.deep.equal([null, 'a', undefined, token]);
  });

  it('hands on a refresh token, should Dribbble ever send one, if it is a string', async () => {
    for (const [refresh_token, expected] of [
      ['the-refresh-token', 'the-refresh-token'],
      [42, undefined],
    ]) {
      const result = await tokenFrom({ ...TOKEN, refresh_token });
      expect(result).to.deep.equal([null, TOKEN.access_token, expected, TOKEN]);
    }
  });

  it('sends a refresh token as one, and no code, where the grant asks for it', async () => {
    await requestToken(client(), 'the-refresh-token', { grant_type: 'refresh_token' });
    expect(dribbble.tokenForm)
      .to.include({ refresh_token: 'the-refresh-token' })
      .and.not.have.property('code');
  });

  it("calls back with an error response in the oauth package's form", async () => {
    dribbble.user = { status: 404, json: { message: 'Not found.' } };
    expect(await requestUser(client())).to.deep.equal({ statusCode: 404, data: '{"message":"Not found."}' });
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
