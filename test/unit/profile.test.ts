import { expect } from 'chai';
import { parseProfile } from '../../lib/profile';
import { fixture } from '../support/fake-dribbble';

describe('parseProfile', () => {
  /** All but the response itself. */
  function profileOf(user: object): object | undefined {
    const { _raw, _json, ...profile } = parseProfile(JSON.stringify(user)) ?? {};
    return profile;
  }

  it('has everything that Dribbble sent, in the form of passport', () => {
    expect(profileOf(fixture('user'))).to.deep.equal({
      provider: 'dribbble',
      id: '1',
      username: 'simplebits',
      displayName: 'Dan Cederholm',
      profileUrl: 'https://dribbble.com/simplebits',
      photos: [{ value: 'https://cdn.dribbble.com/users/1/avatars/normal/dc.jpg?1371679243' }],
    });
  });

  it('has the response beside it, as text and parsed', () => {
    const raw = JSON.stringify(fixture('user'), null, 1);
    expect(parseProfile(raw)).to.deep.include({ _raw: raw, _json: fixture('user') });
  });

  it('lacks what Dribbble sent as null, and is called by the login then', () => {
    expect(profileOf(fixture('user-nulls'))).to.deep.equal({
      provider: 'dribbble',
      id: '2',
      username: 'newcomer',
      displayName: 'newcomer',
      profileUrl: 'https://dribbble.com/newcomer',
    });
  });

  it('lacks everything but the id where the API sent nothing else', () => {
    expect(profileOf(fixture('user-only-id'))).to.deep.equal({ provider: 'dribbble', id: '7' });
  });

  for (const [what, user, expected] of [
    [
      'is called by the login where the name is blank',
      fixture('user-empty-name'),
      { displayName: 'newcomer' },
    ],
    ['has a name in any script', fixture('user-other-script'), { displayName: '佐藤 愛子 🎨' }],
    [
      'has an e-mail address if one was sent',
      fixture('user-email'),
      { emails: [{ value: 'newcomer@example.com' }] },
    ],
    ['has an id that is a string if one was sent', fixture('user-id-string'), { id: 'a1b2' }],
    ['has the id 0', { id: 0 }, { id: '0' }],
    [
      'has an address over plain http',
      { id: 1, html_url: 'http://a.test/' },
      { profileUrl: 'http://a.test/' },
    ],
  ] as const)
    it(what, () => {
      expect(profileOf(user)).to.deep.include(expected);
    });

  it('lacks addresses that would run as script', () => {
    const scripts = [
      fixture('user-javascript-urls'),
      { id: 1, html_url: 'javascript:"https://dribbble.com/zoe"' },
      { id: 1, html_url: 'javascript://a.test/%0aalert(1)' },
    ];
    for (const user of scripts) expect(profileOf(user)).not.to.have.any.keys('profileUrl', 'photos');
  });

  it('is undefined without an id: one that several people share would sign them into each other’s accounts', () => {
    for (const id of [
      ...['null', 'true', 'false', '{"toString":"1"}', '[1]', '""', '" \\t\\n\\u00a0"'],
      ...['1.5', '-1', 'NaN', '9007199254740993', '1e400'],
    ])
      expect(parseProfile(`{"login":"maya","id":${id}}`), id).to.equal(undefined);
  });
});
