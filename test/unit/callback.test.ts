import { expect } from 'chai';
import type { DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { readCallback } from '../../lib/callback';
import { authenticate, expectKind, type Outcome } from '../support/authenticate';
import { OfflineDribbble } from '../support/offline';

const AUTHORIZE = 'https://dribbble.com/oauth/authorize';
const read = (query: unknown, body?: unknown): ReturnType<typeof readCallback> =>
  readCallback({ query, body } as never, AUTHORIZE);

describe('readCallback', () => {
  const readable: [what: string, query: unknown, body: unknown, expected: object][] = [
    ['a code and a state', { code: 'c', state: 's' }, undefined, { code: 'c', state: 's' }],
    ['them from a form that was posted', {}, { code: 'c', state: 's' }, { code: 'c', state: 's' }],
    ['them from a form where there is no query', undefined, { code: 'c' }, { code: 'c' }],
    [
      'an error response',
      { error: 'access_denied', state: 's' },
      undefined,
      { error: 'access_denied', state: 's' },
    ],
    ['nothing of a state alone, which begins a login', { state: '/cart', iss: 'x' }, undefined, {}],
    ['nothing of a nested state without a code', { state: { a: '1' }, returnTo: '/' }, undefined, {}],
    ['nothing of a nested state that the parser did not nest', { 'state[a]': '1' }, undefined, {}],
    ['nothing where there is no query', undefined, null, {}],
    ['nothing of a body that is text', {}, 'code=x', {}],
    ['nothing of a body of bytes', {}, Buffer.from('code=x'), {}],
    [
      'the issuer of the authorization endpoint',
      { code: 'c', iss: 'https://dribbble.com' },
      undefined,
      { code: 'c', iss: 'https://dribbble.com' },
    ],
    [
      'an issuer with a path',
      { code: 'c', iss: 'https://dribbble.com/oauth' },
      undefined,
      { code: 'c', iss: 'https://dribbble.com/oauth' },
    ],
  ];
  for (const [what, query, body, expected] of readable) {
    it(`reads ${what}`, () => {
      expect(read(query, body)).to.deep.equal(expected);
    });
  }

  const refused: [what: string, query: object, body: object | undefined, code: string][] = [
    ['a code sent twice', { code: ['a', 'b'] }, undefined, 'malformed_callback'],
    ['a code in query and body', { code: 'a' }, { code: 'a' }, 'malformed_callback'],
    ['a nested code', { code: { a: '1' } }, undefined, 'malformed_callback'],
    ['a nested code that the parser did not nest', { 'code[]': 'a' }, undefined, 'malformed_callback'],
    ['a nested state', { code: 'a', 'state[]': 's' }, undefined, 'malformed_callback'],
    ['a nested issuer', { code: 'a', 'iss[x]': 'https://example.com' }, undefined, 'malformed_callback'],
    ['a nested description', { error: 'a' }, { 'error_description[]': 'b' }, 'malformed_callback'],
    ['an error sent twice', { error: ['a', 'b'] }, undefined, 'malformed_callback'],
    ['an empty code', { code: '' }, undefined, 'malformed_callback'],
    ['an empty error', { error: '' }, undefined, 'malformed_callback'],
    ['a state sent twice', { code: 'a', state: ['s', 's'] }, undefined, 'malformed_callback'],
    ['half a character', { code: '\ud800' }, undefined, 'malformed_callback'],
    ['another host as issuer', { code: 'a', iss: 'https://example.com' }, undefined, 'issuer_mismatch'],
    ['another scheme as issuer', { code: 'a', iss: 'http://dribbble.com' }, undefined, 'issuer_mismatch'],
    ['another port as issuer', { code: 'a', iss: 'https://dribbble.com:8443' }, undefined, 'issuer_mismatch'],
    [
      'an issuer that begins alike',
      { code: 'a', iss: 'https://dribbble.com.example' },
      undefined,
      'issuer_mismatch',
    ],
    ['an issuer that is no URL', { error: 'a', iss: 'dribbble.com' }, undefined, 'issuer_mismatch'],
    ['an empty issuer', { code: 'a', iss: '' }, undefined, 'issuer_mismatch'],
  ];
  for (const [what, query, body, code] of refused) {
    it(`refuses ${what}`, () => {
      expect(read(query, body).failure).to.include({ code });
    });
  }
});

describe('DribbbleStrategy with a malformed callback', () => {
  it('fails the login with 403, and says why in an info of its own', async () => {
    const strategy = new OfflineDribbble().strategy();
    const infos = [];
    for (const code of ['', '']) {
      const { challenge, status } = expectKind(await authenticate(strategy, { query: { code } }), 'fail');
      expect(status).to.equal(403);
      expect(challenge).to.include({ code: 'malformed_callback' });
      expect(challenge?.message).to.include('sign in again');
      infos.push(challenge);
    }
    expect(infos[0]).not.to.equal(infos[1]);
  });
});

describe('DribbbleStrategy with an error response', () => {
  let dribbble: OfflineDribbble;
  let session: Record<string, unknown>;
  beforeEach(() => {
    dribbble = new OfflineDribbble();
    session = {};
  });

  /** Begins a login, and brings back the error with its state, or with another. */
  async function comeBack(query: object, options: Partial<DribbbleStrategyOptions> = {}): Promise<Outcome> {
    const strategy = dribbble.strategy(options);
    const { url } = expectKind(await authenticate(strategy, { session }), 'redirect');
    const state = url.searchParams.get('state') ?? undefined;
    return authenticate(strategy, { session, query: { state, ...query } });
  }

  for (const [what, options] of [
    ['a right state', {}],
    ['state: false', { state: false }],
  ] as const) {
    describe(`and ${what}`, () => {
      it("fails the login of a person who says no, in Dribbble's words", async () => {
        const query = { error: 'access_denied', error_description: 'Not\r\nnow.' };
        const { challenge, status } = expectKind(await comeBack(query, options), 'fail');
        expect(challenge).to.deep.equal({ message: 'Not now.', code: 'access_denied' });
        expect(status).to.equal(undefined);
      });

      it('calls back with an AuthorizationError', async () => {
        const query = {
          error: 'server_error',
          error_description: 'Oops',
          error_uri: 'https://dribbble.com/help',
        };
        const { error } = expectKind(await comeBack(query, options), 'error');
        expect(error).to.include({
          name: 'AuthorizationError',
          code: 'server_error',
          uri: 'https://dribbble.com/help',
        });
        expect(error.message).to.include('Oops');
      });
    });
  }

  it('says which callback URL was sent if that is what Dribbble refused', async () => {
    const callbackURL = 'https://app.example.com/cb';
    const outcome = await comeBack({ error: 'redirect_uri_mismatch' }, { callbackURL });
    expect(expectKind(outcome, 'error').error.message).to.include(callbackURL);
  });

  describe('and no right state', () => {
    const text = 'Call 555-0100 to restore your account';
    for (const state of [undefined, 'forged']) {
      it(`fails the login, with nothing of the query's: ${String(state)}`, async () => {
        const query = {
          error: 'urgent_notice',
          error_description: text,
          error_uri: 'https://example.com',
          state,
        };
        const { challenge, status } = expectKind(await comeBack(query), 'fail');
        expect(status).to.equal(403);
        expect(challenge).to.include({ code: 'authorization_error' });
        expect(JSON.stringify(challenge)).not.to.match(/urgent_notice|555|example\.com/);
      });
    }

    it('has words of its own for known codes', async () => {
      const { challenge } = expectKind(await comeBack({ error: 'access_denied', state: 'forged' }), 'fail');
      expect(challenge?.message).to.match(/access_denied.*start the login again/);
    });
  });
});
