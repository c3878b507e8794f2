import { expect } from 'chai';
import { ownPath } from '../../example/own-path';

describe('ownPath', () => {
  for (const path of ['/', '/studio', '/shots?page=2&sort=recent#top', '/größe']) {
    it(`returns a path of this site: ${path}`, () => {
      expect(ownPath(path)).to.equal(path);
    });
  }

  for (const elsewhere of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    'javascript:alert(1)',
    'studio',
    '',
    ['/studio', '/profile'],
    undefined,
  ]) {
    it(`returns the other path for ${JSON.stringify(elsewhere)}`, () => {
      expect(ownPath(elsewhere, '/profile')).to.equal('/profile');
    });
  }

  it('returns / where no other path is given', () => {
    expect(ownPath('//evil.example')).to.equal('/');
  });
});
