import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { PAGES, print, read, strayBlocks } from '../../scripts/print-docs';

const ROOT = join(__dirname, '../..');

for (const page of ['README.md', 'docs/troubleshooting.md', ...PAGES]) {
  describe(page, () => {
    it('prints the code that the tests run', () => {
      expect(read(page), 'npm run docs prints it anew').to.equal(print(page));
    });

    it('links to files that exist', () => {
      const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link);
      for (const link of links) expect(existsSync(join(ROOT, dirname(page), link)), link).to.be.true;
    });
  });
}

describe('docs/recipes/', () => {
  it('prints all its code from files, but for the one line of moving from passport-dribbble', () => {
    for (const page of PAGES) {
      const expected = page.endsWith('/from-passport-dribbble.md') ? 1 : 0;
      expect(strayBlocks(page), page).to.have.length(expected);
    }
  });

  // That the commands install what the code needs, types included: test/package/pages.test.ts.
  it('says on each page with code what to install, or leads there', () => {
    for (const page of PAGES.filter((name) => /^```(ts|js)$/m.test(read(name))))
      expect(read(page), page).to.match(/^npm install |\(\.\.\/\.\.\/README\.md#(install|usage)\)/m);
  });

  it('lists every page in its README.md', () => {
    const list = read('docs/recipes/README.md');
    for (const page of PAGES.filter((name) => !name.endsWith('/README.md'))) {
      expect(list).to.include(`](${page.replace('docs/recipes/', '')})`);
    }
  });
});

describe('docs/api/', () => {
  const CLASSES = 'docs/api/index/classes';

  for (const name of ['AuthorizationError', 'DribbbleAPIError', 'InternalOAuthError', 'TokenError']) {
    it(`describes ${name}`, () => {
      expect(read(`${CLASSES}/${name}.md`)).to.match(/^# Class: \w+\n\n[A-Z]/);
    });
  }

  it('describes each overload of the constructor of DribbbleStrategy', () => {
    const [, ...overloads] = read(`${CLASSES}/DribbbleStrategy.md`).split('### Constructor\n');
    expect(overloads).to.have.length(5);
    for (const overload of overloads) expect(overload).to.match(/^\n> .*\n\n[A-Z]/);
  });
});
