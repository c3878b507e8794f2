import { expect } from 'chai';
import { readCallback } from '../../lib/callback';
import { authenticate, expectKind, login } from '../support/authenticate';
import { OfflineDribbble } from '../support/offline';

const AUTHORIZE = 'https://dribbble.com/oauth/authorize';
const read = (query: unknown, body?: unknown): ReturnType<typeof readCallback> =>
  readCallback({ query, body } as never, AUTHORIZE);

describe('readCallback', () => {
  const both = { code: 'c', state: 's' };
  const denied = { error: 'access_denied', state: 's' };
  const issued = { code: 'c', iss: 'https://dribbble.com' };
  for (const [what, expected, query, body] of [
    ['a code and a state', both, both],
    ['them from a form that was posted', both, {}, both],
    ['a code from a form where there is no query', { code: 'c' }, undefined, { code: 'c' }],
    ['an error response', denied, denied],
    ['nothing of a state alone, which begins a login', {}, { state: '/cart', iss: 'x' }],
    ['nothing of a nested state without a code', {}, { state: { a: '1' }, returnTo: '/' }],
    ['nothing of a nested state that the parser did not nest', {}, { 'state[a]': '1' }],
    ['nothing where there is no query', {}, undefined, null],
    ['nothing of a body that is text', {}, {}, 'code=x'],
    ['nothing of a body of bytes', {}, {}, Buffer.from('code=x')],
    ['the issuer of the authorization endpoint', issued, issued],
    ['an issuer with a path', { ...issued, iss: `${AUTHORIZE}/a` }, { ...issued, iss: `${AUTHORIZE}/a` }],
  ] as [what: string, expected: object, query: unknown, body?: unknown][]) {
    it(`reads ${what}`, () => {
      expect(read(query, body)).to.deep.equal(expected);
    });
  }

  for (const [what, query, body] of [
    ['a code sent twice', { code: ['a', 'b'] }],
    ['a code in query and body', { code: 'a' }, { code: 'a' }],
    ['a nested code', { code: { a: '1' } }],
    ['a nested code that the parser did not nest', { 'code[]': 'a' }],
    ['a nested state', { code: 'a', 'state[]': 's' }],
    ['a nested issuer', { code: 'a', 'iss[x]': 'https://example.com' }],
    ['a nested description', { error: 'a' }, { 'error_description[]': 'b' }],
    ['an error sent twice', { error: ['a', 'b'] }],
    ['an empty code', { code: '' }],
    ['an empty error', { error: '' }],
    ['a state sent twice', { code: 'a', state: ['s', 's'] }],
    ['half a character', { code: '\ud800' }],
  ] as [what: string, query: object, body?: object][]) {
    it(`refuses ${what}`, () => {
      expect(read(query, body).failure)
        .to.include({ code: 'malformed_callback' })
        .and.have.property('message')
        .include('sign in again');
    });
  }

  for (const [what, iss] of [
    ['another host', 'https://example.com'],
    ['another scheme', 'http://dribbble.com'],
    ['another port', 'https://dribbble.com:8443'],
    ['a host that begins alike', 'https://dribbble.com.example'],
    ['no URL', 'dribbble.com'],
    ['nothing', ''],
  ] as const) {
    it(`refuses ${what} as the issuer, of a code and of an error`, () => {
      for (const query of [{ code: 'a' }, { error: 'a' }])
        expect(read({ ...query, iss }).failure)
          .to.include({ code: 'issuer_mismatch' })
          .and.have.property('message')
          .include('another authorization server');
    });
  }
});

// With a right state, both are in test/faults/table.ts.
describe('DribbbleStrategy with an error response', () => {
  const dribbble = new OfflineDribbble();

  it("fails the login of a person who says no, in Dribbble's words, with state: false", async () => {
    const query = { error: 'access_denied', error_description: 'Not\r\nnow.' };
    const outcome = await login(dribbble.strategy({ state: false }), { query });
    const { challenge, status } = expectKind(outcome, 'fail');
    expect(challenge).to.deep.equal({ message: 'Not now.', code: 'access_denied' });
    expect(status).to.equal(undefined);
  });

  it('calls back with an AuthorizationError, with state: false', async () => {
    const uri = 'https://dribbble.com/help';
    const query = { error: 'server_error', error_description: 'Oops', error_uri: uri };
    const { error } = expectKind(await login(dribbble.strategy({ state: false }), { query }), 'error');
    expect(error).to.include({ name: 'AuthorizationError', code: 'server_error', uri });
    expect(error.message).to.include('Oops');
  });

  it('says which callback URL was sent if that is what Dribbble refused', async () => {
    const callbackURL = 'https://app.example.com/cb';
    const outcome = await login(dribbble.strategy({ callbackURL }), {
      query: { error: 'redirect_uri_mismatch' },
    });
    expect(expectKind(outcome, 'error').error.message).to.include(callbackURL);
  });

  for (const state of [undefined, 'forged']) {
    it(`fails the login, with nothing of the query's, with the state ${String(state)}`, async () => {
      const error_description = 'Call 555-0100 to restore your account';
      const query = { error: 'urgent_notice', error_description, error_uri: 'https://example.com', state };
      const { challenge, status } = expectKind(await authenticate(dribbble.strategy(), { query }), 'fail');
      expect(status).to.equal(403);
      expect(challenge).to.include({ code: 'authorization_error' });
      expect(JSON.stringify(challenge)).not.to.match(/urgent_notice|555|example\.com/);
    });
  }
});
