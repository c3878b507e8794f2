/**
 * The code in docs/ is printed from files that the tests run. Before each block stands, in a comment, where from: a
 * file, or a region of it (`// #region name` to `// #endregion`):
 *
 *     <!-- from test/frameworks/recipes/koa.ts -->
 *     <!-- from test/frameworks/recipes/return-to.ts#routes -->
 *
 * `npm run docs` prints the blocks anew; test/docs/pages.test.ts fails where one is not as its file.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const BLOCK = /(?:^<!-- from (\S+) -->\n\n)?^```(ts|js)\n.*?^```$/gms;

/** The pages whose code is printed from files, as paths from the root. */
export const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The page with each block as its file is now. Throws where a block does not say where it is from. */
export function print(page: string): string {
  return read(page).replaceAll(BLOCK, (_block, source: string | undefined, language: string) => {
    if (source === undefined) throw new Error(`${page} has a block of ${language} that is from no file.`);
    const [path = '', region] = source.split('#');
    return `<!-- from ${source} -->\n\n\`\`\`${language}\n${cut(read(path), source, region)}\`\`\``;
  });
}

function cut(code: string, source: string, region: string | undefined): string {
  if (region === undefined) return code.replaceAll(/^\/\/ #(?:end)?region.*\n/gm, '');
  const [, content] = new RegExp(`^// #region ${region}\n(.*?)^// #endregion`, 'ms').exec(code) ?? [];
  if (content === undefined) throw new Error(`There is no ${source}.`);
  return content;
}

if (require.main === module) for (const page of PAGES) writeFileSync(join(ROOT, page), print(page));
