import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { apply } from '../../scripts/apply-diff';
import { run, tarballToTest } from '../../scripts/tarball';
import { startRedis } from '../frameworks/support/redis';
import { Browser, type Page } from '../support/browser';
import { freePort } from '../support/servers';
import { Proxy } from '../support/proxy';

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

const README_INSTALL = block('README.md', 'sh', 'npm install');
const README_PROGRAM = block('README.md', 'ts', '.listen(');
const README_RUN = block('README.md', 'sh', 'app.ts');

describe('Somebody who copies from a page into an empty folder', function () {
  this.timeout(300_000);

  const folders: string[] = [];
  /** The folder that each list of commands was run in. */
  const installed = new Map<string, string>();
  let tarball: string;
  let dribbble: Sandbox;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let program: ChildProcess | undefined;

  before(async () => {
    tarball = tarballToTest(emptyFolder());
    dribbble = await startSandbox();
    redis = await startRedis();
  });
  after(async () => {
    await dribbble.close();
    await redis.stop();
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  beforeEach(() => dribbble.reset());
  afterEach(stop);

  async function stop(): Promise<void> {
    const running = program;
    program = undefined;
    if (running?.pid === undefined || running.exitCode !== null) return;
    const exited = once(running, 'exit');
    process.kill(-running.pid);
    await exited;
  }

  function emptyFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'first-ten-minutes-'));
    folders.push(folder);
    return folder;
  }

  /** A folder in which these commands ran, as they are printed; only the package itself comes from the tarball. */
  function install(commands: string): string {
    const folder = installed.get(commands) ?? emptyFolder();
    if (installed.has(commands)) return folder;
    expect(commands).to.match(/^npm install passport-dribbble-oauth2 /m);
    const ours = commands.replace(/(?<=^npm install )passport-dribbble-oauth2(?= )/m, tarball);
    runIn(folder, ours);
    installed.set(commands, folder);
    return folder;
  }

  function runIn(folder: string, commands: string): void {
    run('sh', ['-ec', `export npm_config_prefer_offline=true\n${commands}`], folder);
  }

  /** Throws where the program in the folder does not compile, as it is, under strict. */
  function compile(folder: string): void {
    const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--esModuleInterop'];
    // As `tsc --init` has it: the types of @fastify/flash import a package that its README does not install.
    run('npx', ['tsc', ...flags, '--skipLibCheck', '--types', 'node', 'app.ts'], folder);
  }

  /** Saves the `.env` of the README, with what else the page has for it. */
  function saveEnv(folder: string, page = ''): void {
    const env = block('README.md', 'ini')
      .replace('the client ID', dribbble.options.clientID)
      .replace('the client secret', dribbble.options.clientSecret);
    writeFileSync(join(folder, '.env'), env + page.replace('redis://127.0.0.1:6379', redis.url));
  }

  /** Runs the command, with the sandbox in Dribbble's place unless told otherwise; the program's address. */
  async function start(
    folder: string,
    command: string,
    env: Record<string, string> = { SANDBOX: JSON.stringify(dribbble.options) },
  ): Promise<string> {
    program = spawn('sh', ['-ec', command], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        ...env,
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

  /** Goes where the page leads, at the program's own port and protocol. */
  async function arrive(browser: Browser, url: string, page: Page): Promise<Page> {
    let current = page;
    while (current.location !== undefined) {
      current = await browser.get(current.location.replace(/^https?:\/\/localhost(:\d+)?/, url));
    }
    return current;
  }

  async function signIn(url: string, browser = new Browser(), path = '/auth/dribbble'): Promise<Page> {
    return arrive(browser, url, await browser.get(`${url}${path}`));
  }

  describe('from README.md', () => {
    const typescript = README_PROGRAM;
    const javascript = typescript
      .replaceAll('!', '')
      .replaceAll(': Express.User', '')
      .replaceAll(' as { messages?: string[] }', '');
    let folder: string;

    before(() => {
      folder = install(README_INSTALL);
      saveEnv(folder);
    });

    for (const [file, command, code] of [
      ['app.ts', README_RUN, typescript],
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
      compile(folder);
    });
  });

  describe('from docs/recipes/', () => {
    /** What a page tells to do, each step as it is printed there. */
    interface Steps {
      /** @default the README's */
      install?: string;
      /** Lines of `.env` besides those of the README. */
      env?: string;
      /** Commands after that. */
      more?: string;
      /** Files by name, the program among them. */
      files: Record<string, string>;
      run?: string;
      /** What a proxy in front of the program adds to each request. */
      proxied?: Record<string, string>;
      /** The status of the page that is shown to whoever presses Cancel. @default 200 */
      cancelled?: number;
      /** What that page says. */
      reason?: RegExp;
    }
    const recipe = (name: string) => `docs/recipes/${name}.md`;
    const program = (name: string) => block(recipe(name), 'ts', '3000');
    /** The commands of a recipe, those with this in them. */
    const sh = (name: string, part = '') => block(recipe(name), 'sh', part);

    /** Does what the page tells to do, up to the command that runs the program; the folder. */
    function prepare({ install: commands = README_INSTALL, env, more, files }: Steps): string {
      const folder = install(commands);
      saveEnv(folder, env);
      if (more !== undefined) runIn(folder, more);
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
      return folder;
    }

    /** Does what the page tells to do; the program's address. */
    function follow(steps: Steps): Promise<string> {
      return start(prepare(steps), steps.run ?? README_RUN);
    }

    /** The README's program with the two routes of the page in place of its own. */
    const returnTo = () => {
      const [helper = '', routes = ''] = blocks(recipe('return-to'), 'ts');
      const [above = '', below = ''] = README_PROGRAM.split(
        /^app\.get\('\/auth\/dribbble'[^]*(?=^app\.get\('\/',)/m,
      );
      return above + routes + below + helper;
    };
    /** The README's program with the roles above `serializeUser` and the guard before `listen`. */
    const teams = () => {
      const [roles = '', guard = ''] = blocks(recipe('teams'), 'ts');
      const rest = README_PROGRAM.slice(README_PROGRAM.indexOf('passport.serializeUser'));
      return roles + rest.replace('app.listen', `${guard}app.listen`);
    };

    /** The README's program with cookie-session in place of express-session. */
    const cookieSession = () => {
      const [line = ''] = blocks(recipe('no-sessions'), 'ts').filter((code) => code.startsWith('import c'));
      const shim = block(recipe('no-sessions'), 'ts', 'app.use(cookieSession(');
      return README_PROGRAM.replace(/^import session .*\n/m, line).replace(/^app\.use\(session\(.*\n/m, shim);
    };
    /** The README's program with the strategy of a file beside it. */
    const importing = (program: string) =>
      program
        .replace(/^passport\.use\([^]*?^\);\n/m, 'passport.use(strategy);\n')
        .replace(
          /^import .* from 'passport-dribbble-oauth2';\n/m,
          "import { strategy } from './strategy.js';\n",
        );

    const LOGINS: Record<string, Steps> = {
      nestjs: {
        install: sh('nestjs', 'npm install'),
        files: { 'app.ts': program('nestjs'), 'tsconfig.json': block(recipe('nestjs'), 'json') },
        run: sh('nestjs', 'app.js'),
        reason: /authorization server denied the request/,
      },
      fastify: {
        install: sh('fastify', 'npm install'),
        more: sh('fastify', 'SESSION_SECRET'),
        files: { 'app.ts': program('fastify') },
        run: sh('fastify', 'app.ts'),
      },
      'fastify and @fastify/secure-session': {
        install: sh('fastify', 'npm install'),
        more: sh('fastify', 'SESSION_SECRET') + sh('fastify', 'SESSION_SALT'),
        files: { 'app.ts': apply(block(recipe('fastify'), 'diff'), program('fastify')) },
        run: sh('fastify', 'app.ts'),
      },
      koa: {
        install: sh('koa', 'npm install'),
        files: { 'app.ts': program('koa') },
        run: sh('koa', 'app.ts'),
      },
      'no-sessions': {
        more: sh('no-sessions', 'STATE_SECRET'),
        files: { 'app.ts': program('no-sessions') },
        cancelled: 401, // of an API
      },
      proxy: { files: { 'app.ts': program('proxy') }, proxied: { 'x-forwarded-proto': 'https' } },
      'several-instances': {
        more: sh('several-instances', 'npm install'),
        env: block(recipe('several-instances'), 'ini'),
        files: { 'app.ts': program('several-instances') },
      },
      'return-to': { files: { 'app.ts': returnTo() } },
      teams: { files: { 'app.ts': teams() } },
      'cookie-session': {
        more: sh('no-sessions', 'cookie-session'),
        files: { 'app.ts': cookieSession() },
      },
      'from-passport-dribbble': {
        install: sh('from-passport-dribbble'),
        files: { 'app.js': block(recipe('from-passport-dribbble'), 'js') },
        run: 'node --env-file=.env app.js',
      },
    };

    for (const [name, steps] of Object.entries(LOGINS)) {
      it(`signs in with ${name}, and finds a page after Cancel`, async () => {
        const url = await follow(steps);
        const browser = () => new Browser(steps.proxied);
        dribbble.signInAs('martaquill'); // who is in a team
        const home = await signIn(url, browser());
        expect(home.status, home.body).to.equal(200);
        expect(home.body).to.include('101');

        dribbble.deny();
        const { status, body } = await signIn(url, browser());
        expect(status, body).to.equal(steps.cancelled ?? 200);
        expect(body).not.to.include('101');
        if (steps.reason) expect(body).to.match(steps.reason);
      });
    }

    const PROGRAMS: Record<string, Steps> = {
      ...LOGINS,
      'return-to with an object': {
        files: { 'app.ts': apply(block(recipe('return-to'), 'diff'), returnTo()) },
      },
      'linking-accounts': { files: { 'app.ts': program('linking-accounts') } },
    };
    for (const [name, steps] of Object.entries(PROGRAMS)) {
      // NestJS's is compiled as its page says, and one is JavaScript.
      if (name === 'nestjs' || !('app.ts' in steps.files)) continue;
      it(`has a program that compiles under strict: ${name}`, () => {
        compile(prepare(steps));
      });
    }

    for (const [runner, part] of [
      ['mocha', "from 'chai'"],
      ['node', "from 'node:test'"],
      ['vitest', "from 'vitest'"],
    ] as const) {
      it(`tests a login with ${runner}, as testing says`, () => {
        const name = recipe('testing');
        const folder = install(README_INSTALL);
        // Of the README's programs in the same folder: Vitest would load it in place of app.ts.
        rmSync(join(folder, 'app.mjs'), { force: true });
        const [, installs = '', runs = ''] =
          /^(npm install .*\n)((?:npx|node) .*\n)$/.exec(block(name, 'sh', `${runner}.test.ts`)) ?? [];
        writeFileSync(join(folder, 'app.ts'), block(name, 'ts', 'createStrategy'));
        writeFileSync(join(folder, `${runner}.test.ts`), block(name, 'ts', part));
        runIn(folder, installs);
        // Without the variable by which node:test would report to a run that it thinks it is part of.
        runIn(folder, `unset NODE_TEST_CONTEXT\n${runs}`);
      });
    }

    it('signs in with an agent of proxy, through the proxy', async () => {
      const proxy = await Proxy.start();
      try {
        const strategy = block(recipe('proxy'), 'ts', 'HttpsProxyAgent').replace(
          'http://proxy.example.com:3128',
          proxy.url,
        );
        const url = await follow({
          more: sh('proxy', 'https-proxy-agent'),
          files: { 'app.ts': importing(README_PROGRAM), 'strategy.ts': strategy },
        });
        dribbble.signInAs('maya');
        expect((await signIn(url)).body).to.include('Maya Lind');
        const { tokenURL, userProfileURL } = dribbble.options;
        expect(proxy.connects).to.include.members([tokenURL, userProfileURL].map((to) => new URL(to).host));
      } finally {
        await stop();
        await proxy.stop();
      }
    });

    it('links an account with linking-accounts, and finds a page after Cancel', async () => {
      const url = await follow({ files: { 'app.ts': program('linking-accounts') } });
      const browser = new Browser();
      const press = async (page: Page) => arrive(browser, url, await browser.submit(page));
      const user = { id: 'me' };
      await signIn(url, browser, '/sign-in/me');

      dribbble.deny();
      const cancelled = await press(await browser.get(`${url}/link`));
      expect(cancelled.status, cancelled.body).to.equal(200);
      expect(cancelled.body).to.include('Link my Dribbble account');

      dribbble.signInAs('maya');
      const confirm = await press(cancelled);
      expect(confirm.body).to.include('Link the Dribbble account maya?');
      expect(JSON.parse((await browser.get(url)).body)).to.deep.equal({ user });
      expect(JSON.parse((await press(confirm)).body)).to.deep.equal({ user, linked: '1' });
    });

    it('gets to a login in five commands, as sandbox says, and finds a page after Cancel', async () => {
      const name = recipe('sandbox');
      const commands = blocks(name, 'sh').flatMap((code) => code.trim().split('\n'));
      expect(commands).to.have.length(5);
      const [mkdir = '', cd = '', installs = '', sandbox, node = ''] = commands;
      const above = emptyFolder();
      runIn(above, [mkdir, cd, installs.replace('passport-dribbble-oauth2', tarball)].join('\n'));
      const folder = join(above, mkdir.replace('mkdir ', ''));

      expect(sandbox).to.equal('npx dribbble-sandbox');
      const port = await freePort();
      const command = spawn('node_modules/.bin/dribbble-sandbox', ['--port', String(port)], { cwd: folder });
      try {
        let printed = '';
        await new Promise<void>((resolve) => {
          command.stdout.setEncoding('utf8').on('data', (text: string) => {
            printed += text;
            if (printed.includes('Requests:')) resolve();
          });
        });
        const [env = ''] = /^(DRIBBBLE_\w+=.*\n)+/m.exec(printed) ?? [];
        // The page shows this block, at the port that the command takes by itself.
        const shown = [0, 1, 2].reduce(
          (text, n) => text.replace(`:${String(port + n)}/`, `:${String(4000 + n)}/`),
          env,
        );
        expect(blocks(name, 'ini')).to.deep.equal([shown]);
        writeFileSync(join(folder, '.env'), env);
        writeFileSync(join(folder, 'app.mjs'), block(name, 'js'));
        const url = await start(folder, node, {});

        const browser = new Browser();
        const press = async (decision: string) => {
          const consent = await browser.open(`${url}/auth/dribbble`);
          expect(consent.body).to.include('This is not Dribbble').and.include('@maya');
          return arrive(browser, url, await browser.post(consent.url, { login: 'maya', decision }));
        };
        expect(await press('cancel')).to.include({ status: 200, body: 'Sign in at /auth/dribbble' });
        expect((await press('authorize')).body).to.equal('Hello, Maya Lind');
      } finally {
        await stop();
        command.kill('SIGINT');
      }
    });
  });
});
