import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PAGES, print, read } from '../../scripts/print-docs';

describe('The pages in docs/', () => {
  for (const page of PAGES) {
    it(`print the code that the tests run: ${page}`, () => {
      expect(read(page), 'npm run docs prints it anew').to.equal(print(page));
    });

    it(`lead to files that exist: ${page}`, () => {
      const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link);
      for (const link of links) expect(existsSync(join(__dirname, '../../docs', link)), link).to.be.true;
    });
  }

  it('are listed in docs/README.md', () => {
    const list = read('docs/README.md');
    for (const page of PAGES.filter((name) => name !== 'docs/README.md')) {
      expect(list).to.include(`](${page.replace('docs/', '')})`);
    }
  });
});
