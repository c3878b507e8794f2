import { inspect } from 'node:util';
import { expect } from 'chai';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { expectKind, login } from '../support/authenticate';
import { FakeDribbble } from '../support/fake-dribbble';

describe('DribbbleTokenResponse', () => {
  let dribbble: FakeDribbble;
  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
  });
  afterEach(() => dribbble.stop());

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
  ]) {
    it(`is refused, and no profile is requested, if it is ${inspect(response)}`, async () => {
      dribbble.token = { json: response };
      const strategy = new DribbbleStrategy(
        { clientID: 'id', clientSecret: 'secret', ...dribbble.endpoints },
        (_accessToken, _refreshToken, profile) => profile,
      );
      const { error } = expectKind(await login(strategy), 'error');
      expect(error).to.include({ name: 'InternalOAuthError', status: 502 });
      expect(error.message).to.include('an access token');
      expect(dribbble.received).to.have.length(1);
    });
  }
});
