import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../support/free-port';
import { Browser } from '../support/browser';

const INSTALLED = join(__dirname, '../../../node_modules/passport-dribbble-oauth2');
const PAGE = readFileSync(join(__dirname, '../../../../../docs/recipes/sandbox.md'), 'utf8');
const blocks = (language: string) =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);

describe('docs/recipes/sandbox.md', function () {
  this.timeout(120_000);
  let folder: string;
  const running: ChildProcess[] = [];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'five-commands-'));
  });
  after(async () => {
    for (const child of running) {
      const exited = child.exitCode === null && once(child, 'exit');
      child.kill('SIGINT');
      await exited;
    }
    rmSync(folder, { recursive: true });
  });

  /** Starts a command that goes on, as its own program rather than by npx, and waits for what it prints or does. */
  async function start(args: string[], cwd: string, isUp: (output: string) => Promise<boolean> | boolean) {
    const child = spawn(process.execPath, args, { cwd });
    running.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    while (!(await isUp(output))) {
      if (child.exitCode !== null) throw new Error(output);
      await new Promise(setImmediate);
    }
    return output;
  }

  it('leads from an empty folder to a login in five commands', async () => {
    const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));
    expect(commands).to.have.length(5);
    const [mkdir = '', cd = '', install = '', sandbox = '', app = ''] = commands;
    const name = mkdir.replace('mkdir ', '');
    expect(cd).to.equal(`cd ${name}`);
    const cwd = join(folder, name);
    const [port, sandboxPort] = [await freePort(), await freePort()];

    spawnSync('sh', ['-c', mkdir], { cwd: folder });
    // The package as it is packed, in place of the one of the registry.
    const installed = install.replace('passport-dribbble-oauth2', packed(folder));
    expect(
      spawnSync('sh', ['-c', `${installed} --no-audit --no-fund`], { cwd, encoding: 'utf8' }),
    ).to.include({
      status: 0,
    });

    expect(sandbox).to.equal('npx dribbble-sandbox');
    const bin = join(cwd, 'node_modules/.bin/dribbble-sandbox');
    const printed = await start([bin, '--port', String(sandboxPort)], cwd, (output) =>
      output.includes('Requests:'),
    );
    const env = /^(DRIBBBLE_\w+=.*\n)+/m.exec(printed)?.[0] ?? '';
    // The page shows this block, at the port that the command takes by itself.
    const shown = [0, 1, 2].reduce(
      (text, n) => text.replace(`:${String(sandboxPort + n)}/`, `:${String(4000 + n)}/`),
      env,
    );
    expect(blocks('ini')).to.deep.equal([shown]);
    writeFileSync(join(cwd, '.env'), env);

    const [code = ''] = blocks('js');
    writeFileSync(join(cwd, 'app.mjs'), code.replaceAll('3000', String(port)));
    const url = `http://localhost:${String(port)}`;
    const isUp = () =>
      fetch(url).then(
        () => true,
        () => false,
      );
    const [node, ...args] = app.split(' ');
    expect(node).to.equal('node');
    await start(args, cwd, isUp);

    const browser = new Browser();
    let consent = await browser.open(`${url}/auth/dribbble`);
    expect(consent.body).to.include('This is not Dribbble').and.include('@maya');
    const press = async (decision: string) => {
      return browser.follow(browser.post(consent.url, { login: 'maya', decision }));
    };
    const cancelled = await press('cancel');
    expect(cancelled).to.include({ status: 200, body: 'Sign in at /auth/dribbble' });
    consent = await browser.open(`${url}/auth/dribbble`);
    expect((await press('authorize')).body).to.equal('Hello, Maya Lind');
  });
});

/** The tarball that the package of this folder was installed from, made anew. */
function packed(folder: string): string {
  const { stdout } = spawnSync(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
    {
      cwd: INSTALLED,
      encoding: 'utf8',
    },
  );
  return join(folder, stdout.trim());
}
