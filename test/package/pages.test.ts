import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { pack, run } from '../../scripts/tarball';
import { Browser, type Page } from '../support/browser';

const ROOT = join(__dirname, '../..');

/** The code of the page's blocks in this language, in order. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const fence = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms');
  return [...text.matchAll(fence)].map(([, code = '']) => code);
}

/** The first of them with this in it. */
function block(page: string, language: string, part = ''): string {
  const found = blocks(page, language).find((code) => code.includes(part));
  if (found === undefined) throw new Error(`${page} has no block in ${language} with ${part}`);
  return found;
}

describe('Somebody who copies from a page into an empty folder', function () {
  this.timeout(300_000);

  const folders: string[] = [];
  let tarball: string;
  let dribbble: Sandbox;
  let program: ChildProcess | undefined;

  before(async () => {
    tarball = pack(emptyFolder());
    dribbble = await startSandbox();
  });
  after(async () => {
    await dribbble.close();
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  beforeEach(() => dribbble.reset());
  afterEach(async () => {
    const running = program;
    program = undefined;
    if (running?.pid === undefined || running.exitCode !== null) return;
    const exited = once(running, 'exit');
    process.kill(-running.pid);
    await exited;
  });

  function emptyFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'first-ten-minutes-'));
    folders.push(folder);
    return folder;
  }

  /** Runs commands as they are printed; only the package itself comes from the tarball. */
  function install(folder: string, commands: string): void {
    expect(commands).to.match(/^npm install passport-dribbble-oauth2 /m);
    const ours = commands.replace(/(?<=^npm install )passport-dribbble-oauth2(?= )/m, tarball);
    run('sh', ['-ec', ours], folder);
  }

  /** Runs the command; the program's address. */
  async function start(folder: string, command: string): Promise<string> {
    program = spawn('sh', ['-ec', command], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        SANDBOX: JSON.stringify(dribbble.options),
        NODE_OPTIONS: `--require ${join(__dirname, 'sandbox-world.cjs')}`,
      },
    });
    const printed: string[] = [];
    for await (const line of createInterface(program.stderr as NodeJS.ReadableStream)) {
      const [, port] = /^listening on (\d+)$/.exec(line) ?? [];
      if (port !== undefined) return `http://localhost:${port}`;
      printed.push(line);
    }
    throw new Error(`${command} ended before it listened:\n${printed.join('\n')}`);
  }

  async function signIn(url: string): Promise<Page> {
    const browser = new Browser();
    let page = await browser.get(`${url}/auth/dribbble`);
    while (page.location !== undefined) {
      page = await browser.get(page.location.replace(/^http:\/\/localhost:3000/, url));
    }
    return page;
  }

  describe('from README.md', () => {
    const typescript = block('README.md', 'ts', '.listen(');
    const javascript = typescript
      .replaceAll('!', '')
      .replaceAll(': Express.User', '')
      .replaceAll(' as { messages?: string[] }', '');
    let folder: string;

    before(() => {
      folder = emptyFolder();
      install(folder, block('README.md', 'sh', 'npm install'));
      const env = block('README.md', 'ini')
        .replace('the client ID', dribbble.options.clientID)
        .replace('the client secret', dribbble.options.clientSecret);
      writeFileSync(join(folder, '.env'), env);
    });

    for (const [file, command, code] of [
      ['app.ts', block('README.md', 'sh', 'app.ts'), typescript],
      ['app.mjs', 'node --env-file=.env app.mjs', javascript],
      [
        'app.cjs',
        'node --env-file=.env app.cjs',
        block('README.md', 'js', 'require(') + javascript.replace(/^import .*\n/gm, ''),
      ],
    ] as const) {
      it(`signs in with ${file}, and reads why it did not work`, async () => {
        const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
        expect(readme).to.include(file);
        expect(readme).to.include(command.replace('app.cjs', 'app.mjs'));
        writeFileSync(join(folder, file), code);
        const url = await start(folder, command);

        dribbble.signInAs('maya');
        const home = await signIn(url);
        expect(home.status, home.body).to.equal(200);
        expect(JSON.parse(home.body)).to.deep.equal({ id: '1', name: 'Maya Lind' });

        dribbble.deny();
        const { status, body } = await signIn(url);
        expect(status, body).to.equal(200);
        expect(body).to.match(/authorize|denied|did not let/);
      });
    }

    it('has a program that compiles under strict', () => {
      writeFileSync(join(folder, 'app.ts'), typescript);
      const flags = [
        '--strict',
        '--noEmit',
        '--module',
        'nodenext',
        '--target',
        'es2022',
        '--esModuleInterop',
      ];
      run('npx', ['tsc', ...flags, '--types', 'node', 'app.ts'], folder);
    });
  });
});
