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

  it('lists every page in its README.md', () => {
    const list = read('docs/recipes/README.md');
    for (const page of PAGES.filter((name) => !name.endsWith('/README.md'))) {
      expect(list).to.include(`](${page.replace('docs/recipes/', '')})`);
    }
  });
});
