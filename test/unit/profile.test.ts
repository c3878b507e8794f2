import { expect } from 'chai';
import { DribbbleStrategy, type DribbbleProfile } from 'passport-dribbble-oauth2';
import { expectKind, login } from '../support/authenticate';
import { FakeDribbble } from '../support/fake-dribbble';
import { fixture } from '../support/fixtures';
import { response } from '../support/raw-server';

describe('DribbbleProfile', () => {
  let dribbble: FakeDribbble;
  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
  });
  afterEach(() => dribbble.stop());

  function strategy(): DribbbleStrategy {
    return new DribbbleStrategy(
      { clientID: 'id', clientSecret: 'secret', ...dribbble.endpoints },
      (_accessToken, _refreshToken, profile) => profile,
    );
  }

  async function profileOf(name: string): Promise<DribbbleProfile> {
    dribbble.user = { json: fixture(name) };
    return expectKind(await login(strategy()), 'success').user as DribbbleProfile;
  }

  it('has the id 0', async () => {
    dribbble.user = { json: { id: 0, login: 'zero' } };
    expect(expectKind(await login(strategy()), 'success').user).to.include({ id: '0' });
  });

  for (const [url, kept] of [
    ['http://dribbble.com/zoe', 'http://dribbble.com/zoe'],
    ['javascript:"https://dribbble.com/zoe"', undefined],
  ]) {
    it(`has ${kept === undefined ? 'no profileUrl' : 'a profileUrl'} if Dribbble sends ${String(url)}`, async () => {
      dribbble.user = { json: { id: 1, login: 'zoe', html_url: url } };
      const profile = expectKind(await login(strategy()), 'success').user as DribbbleProfile;
      expect(profile.profileUrl).to.equal(kept);
    });
  }

  it('has everything that Dribbble sent, in the form of passport', async () => {
    const { _raw, _json, ...profile } = await profileOf('user');
    expect(profile).to.deep.equal({
      provider: 'dribbble',
      id: '1',
      username: 'simplebits',
      displayName: 'Dan Cederholm',
      profileUrl: 'https://dribbble.com/simplebits',
      photos: [{ value: 'https://cdn.dribbble.com/users/1/avatars/normal/dc.jpg?1371679243' }],
    });
  });

  it('has the answer beside it, as text and parsed', async () => {
    const { _raw, _json } = await profileOf('user');
    expect(_json).to.deep.equal(fixture('user'));
    expect(_raw).to.equal(JSON.stringify(fixture('user')));
  });

  it('lacks what Dribbble sent as null, and is called by the login then', async () => {
    const { _raw, _json, ...profile } = await profileOf('user-nulls');
    expect(profile).to.deep.equal({
      provider: 'dribbble',
      id: '2',
      username: 'newcomer',
      displayName: 'newcomer',
      profileUrl: 'https://dribbble.com/newcomer',
    });
  });

  it('is called by the login where the name is blank', async () => {
    expect((await profileOf('user-empty-name')).displayName).to.equal('newcomer');
  });

  it('has a name in any script', async () => {
    expect((await profileOf('user-other-script')).displayName).to.equal('佐藤 愛子 🎨');
  });

  it('has an e-mail address where the API sent one', async () => {
    expect((await profileOf('user-email')).emails).to.deep.equal([{ value: 'newcomer@example.com' }]);
  });

  it('has an id that is a string where the API sent a string', async () => {
    expect((await profileOf('user-id-string')).id).to.equal('a1b2');
  });

  it('lacks addresses that would run as script', async () => {
    expect(await profileOf('user-javascript-urls')).not.to.have.any.keys('profileUrl', 'photos');
  });

  it('lacks everything but the id where the API sent nothing else', async () => {
    const { _raw, _json, ...profile } = await profileOf('user-only-id');
    expect(profile).to.deep.equal({ provider: 'dribbble', id: '7' });
  });

  // Apps key accounts by the id: one that several people share would sign them into each other's.
  for (const id of [
    ...['null', 'true', 'false', '{"toString":"1"}', '[1]', '""', '" \\t\\n\\u00a0"'],
    ...['1.5', '-1', 'NaN', '9007199254740993', '1e400'],
  ]) {
    it(`is refused if the id is ${id}`, async () => {
      dribbble.user = (socket) => socket.write(response(`{"login":"maya","id":${id}}`));
      const { error } = expectKind(await login(strategy()), 'error');
      expect(error).to.include({ name: 'InternalOAuthError', status: 502 });
      expect(error.message).to.include('a user with an id');
    });
  }
});
