import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { Browser } from '../support/browser';
import { fixture } from '../support/fixtures';

interface Block {
  language: string;
  code: string;
  isProgram: boolean;
}

const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
const MINIMAL = join(__dirname, '../../example/minimal.ts');
const blocks: Block[] = [...readme.matchAll(/^```(ts|js)\n(.*?)^```$/gms)].map(
  ([, language = '', code = '']) => ({
    language,
    code,
    isProgram: code.includes('.listen('),
  }),
);

/** What a snippet takes for granted: the imports of the program above it, and what the text says of it. */
const PRELUDE = `
${(blocks[0]?.code ?? '').replace(/\n\n[^]*/, '')}
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

  /** The file that the block is in: the first program is printed from example/minimal.ts, as pages.test.ts sees to. */
  function write(block: Block, number: number): string {
    if (block.isProgram && block.language === 'ts') return MINIMAL;
    const file = join(folder, `${String(number)}.${block.language}`);
    writeFileSync(file, block.language === 'js' ? block.code : PRELUDE + block.code);
    return file;
  }

  it('has snippets', () => {
    expect(blocks.map(({ language, isProgram }) => [language, isProgram])).to.deep.equal([
      ['ts', true],
      ['js', false],
      ['ts', false],
      ['ts', false],
      ['ts', false],
    ]);
  });

  it('has snippets that compile', () => {
    blocks.forEach((block, number) => block.language === 'ts' && write(block, number));
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
        include: ['*.ts', MINIMAL],
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

  for (const [number, block] of blocks.entries()) {
    const firstLine = block.code.split('\n').find((line) => line.trim() !== '') ?? '';

    if (block.isProgram) {
      it(`has a program that signs somebody in`, async () => {
        const program = start(write(block, number));
        try {
          const [{ port }] = (await once(program, 'message')) as [{ port: number }];
          const url = `http://127.0.0.1:${String(port)}`;
          const browser = new Browser();
          const begun = await browser.get(`${url}/auth/dribbble`);
          const dribbble = new URL(begun.location ?? '');
          expect(dribbble.origin + dribbble.pathname).to.equal('https://dribbble.com/oauth/authorize');

          const state = dribbble.searchParams.get('state') ?? '';
          const back = await browser.get(`${url}/auth/dribbble/callback?code=the-code&state=${state}`);
          expect(back.headers.get('location')).to.equal('/');

          const home = await browser.get(`${url}/`);
          expect(JSON.parse(home.body)).to.deep.equal({ id: '1', name: fixture('user')['name'] });
        } finally {
          program.kill();
        }
      }).timeout(20_000);
    } else {
      it(`has a snippet that runs: ${firstLine}`, async () => {
        const { app } = createRequire(__filename)(write(block, number)) as { app: import('express').Express };
        if (!block.code.includes('app.use(')) return;
        const server = app.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { port } = server.address() as import('node:net').AddressInfo;
        const { status } = await fetch(`http://127.0.0.1:${String(port)}/fail`);
        server.close();
        server.closeAllConnections();
        expect(status).to.equal(503);
      });
    }
  }
});

function start(file: string): ChildProcess {
  return fork(file, {
    execArgv: [
      '--require',
      require.resolve('../support/register.cjs'),
      '--require',
      join(__dirname, '../support/readme-world.ts'),
    ],
    env: {
      ...process.env,
      DRIBBBLE_CLIENT_ID: 'the-client-id',
      DRIBBBLE_CLIENT_SECRET: 'the-client-secret',
      SESSION_SECRET: 'for a test',
    },
  });
}
