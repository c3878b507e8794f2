/**
 * The code in README.md and docs/recipes/ is printed from files that the tests run. Before each block stands, in a
 * comment, where from: a file, or a region of it (`// #region name` to `// #endregion`):
 *
 *     <!-- from docs/recipes/koa.ts -->
 *     <!-- from docs/recipes/return-to.ts#routes -->
 *
 * `npm run docs` prints the blocks anew; test/docs/pages.test.ts fails where one is not as its file.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const BLOCK = /(?:^<!-- from (\S+) -->\n\n)?^```(ts|js|diff)\n(.*?)^```$/gms;

/** The recipes' pages, as paths from the root. */
export const PAGES = readdirSync(join(ROOT, 'docs/recipes'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/recipes/${name}`);

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The page with each block as its file is now. */
export function print(page: string): string {
  return read(page).replaceAll(BLOCK, (block, source: string | undefined, language: string) => {
    if (source === undefined) return block;
    const [path = '', region] = source.split('#');
    return `<!-- from ${source} -->\n\n\`\`\`${language}\n${cut(read(path), source, region)}\`\`\``;
  });
}

/** The blocks of code that the page does not print from a file. */
export function strayBlocks(page: string): string[] {
  return [...read(page).matchAll(BLOCK)].flatMap(([, source, , code = '']) =>
    source === undefined ? [code] : [],
  );
}

function cut(code: string, source: string, region: string | undefined): string {
  if (region === undefined) return code.replaceAll(/^\/\/ #(?:end)?region.*\n/gm, '');
  const [, content] = new RegExp(`^// #region ${region}\n(.*?)^// #endregion`, 'ms').exec(code) ?? [];
  if (content === undefined) throw new Error(`There is no ${source}.`);
  return content;
}

if (require.main === module) {
  for (const page of ['README.md', ...PAGES]) writeFileSync(join(ROOT, page), print(page));
}
