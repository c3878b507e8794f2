import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Express } from 'express';
import { hostOf, listen } from '../support/servers';

interface Block {
  language: string;
  code: string;
}

const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
const [program, ...snippets]: Block[] = [...readme.matchAll(/^```(ts|js)\n(.*?)^```$/gms)].map(
  ([, language = '', code = '']) => ({ language, code }),
);

/** What a snippet takes for granted: the imports of the program above it, and what the text says of it. */
const PRELUDE = `
${String(program?.code).replace(/\n\n[^]*/, '')}
const db = { query: async (sql: string, values: unknown[]): Promise<{ rows: { id: number }[] }> => ({ rows: [] }) };
const [clientID, clientSecret, callbackURL] = ['id', 'secret', 'https://app.example.com/callback'];
export const app = express();
app.get('/fail', () => { throw Object.assign(new Error('for the test'), { status: 503 }); });
`;

describe('The README', () => {
  let folder: string;
  before(() => {
    // In the package's own folder, where its name leads to it.
    folder = mkdtempSync(join(__dirname, 'tmp-readme-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Writes a snippet to a file of its own, and gives its name. */
  function write(snippet: Block): string {
    const { language, code } = snippet;
    const file = join(folder, `${String(snippets.indexOf(snippet))}.${language}`);
    writeFileSync(file, language === 'js' ? code : PRELUDE + code);
    return file;
  }

  // Its program, printed from example/minimal.ts, is run by test/package/pages.test.ts.
  it('has a program and snippets', () => {
    expect(program?.code).to.include('.listen(');
    expect(snippets.map(({ language }) => language)).to.deep.equal(['js', 'ts', 'ts', 'ts']);
  });

  it('has a program and snippets that compile', () => {
    for (const snippet of snippets) if (snippet.language === 'ts') write(snippet);
    // As an app's own, which is less strict than ours in style.
    const options = {
      esModuleInterop: true,
      types: ['node'],
      noPropertyAccessFromIndexSignature: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
    };
    const config = join(folder, 'tsconfig.json');
    writeFileSync(
      config,
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: options,
        include: ['*.ts', '../../../example/minimal.ts'],
      }),
    );
    const { stdout } = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', config], {
      encoding: 'utf8',
    });
    expect(stdout).to.equal('');
  }).timeout(30_000);

  it('compares with the versions that bench/ installs', () => {
    const lock = readFileSync(join(__dirname, '../../bench/package-lock.json'), 'utf8');
    const { packages } = JSON.parse(lock) as { packages: Record<string, { version: string }> };
    const [line = ''] = /^As of .*:$/m.exec(readme) ?? [];
    const alternatives = [...line.matchAll(/(\S+) (\d+\.\d+)/g)];
    const rows = [...readme.matchAll(/^\| (\S+) (\d+\.\d+\.\d+) +\| +\d+ of/gm)].filter(
      ([, name]) => name !== 'passport-dribbble-oauth2',
    );
    expect([alternatives.length, rows.length]).to.deep.equal([3, 5]);
    for (const [, name = '', version] of [...alternatives, ...rows]) {
      const installed = packages[`node_modules/${name}`]?.version ?? '';
      expect(`${installed}.`.startsWith(`${String(version)}.`), `${name} ${installed}`).to.be.true;
    }
  });

  it('has the rows of faults that compare/README.md has', () => {
    const compare = readFileSync(join(__dirname, '../../compare/README.md'), 'utf8');
    const rows = (text: string) =>
      [...text.matchAll(/^\| \S+ \d.* of .*$/gm)].map(([row]) => row.replaceAll(/ +/g, ' '));
    expect(rows(readme)).to.have.length(6);
    expect(rows(compare)).to.include.members(rows(readme));
  });

  for (const snippet of snippets) {
    const firstLine = snippet.code.split('\n').find((line) => line.trim() !== '') ?? '';

    it(`has a snippet that runs: ${firstLine}`, async () => {
      const { app } = createRequire(__filename)(write(snippet)) as { app: Express };
      if (!snippet.code.includes('app.use(')) return;
      const server = await listen(createServer(app));
      const { status } = await fetch(`http://${hostOf(server)}/fail`);
      server.close();
      server.closeAllConnections();
      expect(status).to.equal(503);
    });
  }
});
