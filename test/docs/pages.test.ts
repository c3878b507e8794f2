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

/** Packages whose types are in a package of their own. */
const TYPES: Record<string, string> = {
  '@koa/router': '@types/koa__router',
  ...Object.fromEntries(
    ['express', 'express-session', 'koa', 'koa-passport', 'koa-session', 'passport'].map((name) => [
      name,
      `@types/${name}`,
    ]),
  ),
};

/** What the page tells to install, the README's line included where the page names it. */
function installed(page: string): string[] {
  const own = read(page);
  const text = own + (/\(\.\.\/\.\.\/README\.md#(install|usage)\)/.test(own) ? read('README.md') : '');
  return [...text.matchAll(/^npm install (.*)$/gm)].flatMap(([, names = '']) => names.split(' '));
}

/** What the page's code imports; without what it removes. */
function imported(page: string): string[] {
  const code = [...read(page).matchAll(/^```(?:ts|js|diff)\n(.*?)^```$/gms)]
    .map(([, text = '']) => text)
    .join('');
  const names = [...code.matchAll(/^(?!-).*?(?:from |require\(|^\+?import )'((?:@[^/']+\/)?[^./'][^/']*)/gm)];
  return [...new Set(names.map(([, name = '']) => name))].filter((name) => !name.startsWith('node:'));
}

for (const page of ['README.md', ...PAGES]) {
  if (page.endsWith('/testing.md') || imported(page).length === 0) continue;
  describe(page, () => {
    it('tells to install what its code imports', () => {
      expect(installed(page)).to.include.members(imported(page));
    });

    it('tells to install the types of it', () => {
      if (!read(page).includes('```ts')) return;
      const types = imported(page).flatMap((name) => TYPES[name] ?? []);
      expect(installed(page)).to.include.members(types);
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
