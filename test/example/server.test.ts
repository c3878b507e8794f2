import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { anotherPort, readSettings } from '../../example/settings';
import { stop } from '../../example/stop';
import { Browser } from '../support/browser';
import { signIn, spawnExample } from './support';
import { hostOf, listen } from '../support/servers';

describe('npm start', function () {
  this.timeout(60_000);

  let folder: string;
  let running: ChildProcess[];
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'example-'));
    running = [];
  });
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  /** Starts the server in an empty folder. */
  function start(env: Record<string, string>): ReturnType<typeof spawnExample> {
    const started = spawnExample(folder, env);
    running.push(started.child);
    return started;
  }

  async function refusal(env: Record<string, string>): Promise<string> {
    const { ended, said } = start(env);
    expect(await ended).to.deep.equal([1, null]);
    expect(said.out).to.equal('');
    return said.err;
  }

  it('signs people in at the sandbox, says how to leave it, and stops when told to', async () => {
    const { child, ended, ready, said } = start({});
    const url = await ready;
    expect((await signIn(new Browser(), url, 'iroha')).body).to.contain('@iroha');
    expect(said.out).to.contain('put DRIBBBLE_CLIENT_ID and DRIBBBLE_CLIENT_SECRET into .env');
    child.kill('SIGTERM');
    expect(await ended).to.deep.equal([0, null]);
    expect(said.err).to.equal('');
  });

  it('signs people in at Dribbble with the credentials in .env, and names the callback URL', async () => {
    writeFileSync(path.join(folder, '.env'), 'DRIBBBLE_CLIENT_ID=an-id\nDRIBBBLE_CLIENT_SECRET=a-secret\n');
    // Where Node's default agent is set up, nothing preconnects, here to the real Dribbble.
    const hook = path.join(folder, 'agent.cjs');
    writeFileSync(hook, "const https = require('https'); https.globalAgent = new https.Agent();");
    const { child, ended, ready, said } = start({ NODE_OPTIONS: `--require ${hook}` });
    const url = await ready;
    const { location = '' } = await new Browser().get(`${url}/auth/dribbble`);
    expect(location).to.match(/^https:\/\/dribbble\.com\/oauth\/authorize\?.*client_id=an-id/);
    expect((await new Browser().get(url)).body).not.to.contain('sandbox');
    expect(said.out).to.contain(`callback URL: ${url}/auth/dribbble/callback`);
    expect(said.out).not.to.contain('a-secret');
    child.kill('SIGINT');
    expect(await ended).to.deep.equal([0, null]);
  });

  it('loads Redis only where the sessions are in one', async () => {
    const hook = path.join(folder, 'loaded.cjs');
    const isRedis = String.raw`/node_modules.(@redis|redis|connect-redis)\b/`;
    writeFileSync(
      hook,
      `process.on('exit', () => console.log('Redis:', Object.keys(require.cache).some((file) => ${isRedis}.test(file))));`,
    );
    const NODE_OPTIONS = `--require ${hook}`;

    const without = start({ NODE_OPTIONS });
    await without.ready;
    without.child.kill('SIGTERM');
    await without.ended;
    expect(without.said.out).to.match(/^Redis: false$/m);

    // As above, with Redis: it is seen where it is loaded.
    const withRedis = start({ NODE_OPTIONS, REDIS_URL: 'redis://127.0.0.1:1' });
    await withRedis.ended;
    expect(withRedis.said.out).to.match(/^Redis: true$/m);
  });

  it('takes .env.example as it is for an .env, which sets nothing', async () => {
    copyFileSync(path.join(__dirname, '../../.env.example'), path.join(folder, '.env'));
    const { ready, said } = start({});
    await ready;
    expect(said.out).to.contain('It signs in at a sandbox on this machine');
  });

  it('ends with the SIGTERM that npm gets', async () => {
    const npm = spawn('npm', ['start'], {
      cwd: path.join(__dirname, '../..'),
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(npm);
    let out = '';
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('is ready') && !npm.killed) npm.kill('SIGTERM');
    });
    // npm's own code is the server's only where that ended by itself, and the pipe closes when both have.
    expect(await once(npm, 'close')).to.deep.equal([0, null]);
  }).timeout(60_000);

  it('says in one line that the port is taken', async () => {
    const server = await listen(createServer());
    const port = Number(new URL(`http://${hostOf(server)}`).port);
    const another = String(port > 60_000 ? 8000 : port + 10);
    expect(await refusal({ PORT: String(port) })).to.equal(
      `Port ${String(port)} is taken. Stop what uses it, or choose another one: PORT=${another} npm start\n`,
    );
    server.close();
  });

  const mistakes: [what: string, env: Record<string, string>, line: RegExp][] = [
    ['half of the credentials', { DRIBBBLE_CLIENT_ID: 'x' }, /^DRIBBBLE_CLIENT_SECRET is missing\. .*\n$/],
    ['the sandbox open to others', { HOST: '0.0.0.0' }, /^The sandbox .* stays on this machine: .*\n$/],
    ['a port that is none', { PORT: 'http' }, /^PORT must be a number from 0 to 65535, .*"http"\.\n$/],
    ['a base URL that is none', { BASE_URL: 'app.example' }, /^BASE_URL must be like https:.*\n$/],
    ['a base URL with a space', { BASE_URL: 'http://a b' }, /^BASE_URL must be like https:.*\n$/],
    ['proxies that are none', { TRUST_PROXY: 'nonsense' }, /^TRUST_PROXY must be .*"nonsense"\.\n$/],
    [
      'an address of another machine',
      { HOST: '192.0.2.1', DRIBBBLE_CLIENT_ID: 'x', DRIBBBLE_CLIENT_SECRET: 'x' },
      /^HOST must be an address of this machine.*"192\.0\.2\.1"\.\n$/,
    ],
    ['a Redis that is not there', { REDIS_URL: 'redis://127.0.0.1:1' }, /^There is no Redis at .*\n$/],
  ];
  for (const [what, env, line] of mistakes) {
    it(`refuses ${what}, in one line`, async () => {
      expect(await refusal(env)).to.match(line);
    });
  }
});

describe('The settings of the example', () => {
  /** The names that it reads of the environment. */
  const read = new Set<string>();
  before(() => {
    const empty = new Proxy<NodeJS.ProcessEnv>(
      {},
      {
        get: (_, name) => {
          read.add(String(name));
          return undefined;
        },
      },
    );
    readSettings(empty);
  });

  const text = (file: string) => readFileSync(path.join(__dirname, '../..', file), 'utf8');

  it('are all in .env.example, and nothing else is', () => {
    const names = [...text('.env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(names).to.have.members([...read]);
  });

  it('are all in the table of its README.md, and nothing else is', () => {
    const [, table = ''] = text('example/README.md').split('## Settings');
    const cells = [...table.matchAll(/^\| (`.*?) +\|/gm)].map(([, cell = '']) => cell);
    const names = cells.flatMap((cell) => cell.replaceAll('`', '').split(', '));
    expect(names).to.have.members([...read]);
  });
});

describe('anotherPort', () => {
  it('advises a port that is not the taken one', () => {
    expect(anotherPort(3000, [3000])).to.equal(3010);
  });

  it("advises none of the sample's own, nor one that the sandbox takes beside its own", () => {
    expect(anotherPort(2990, [3000, 3010])).to.equal(3020);
    expect(anotherPort(2993, [3000])).to.equal(3013);
  });

  it('advises a port that exists', () => {
    expect(anotherPort(65_535, [3000])).to.equal(8000);
  });
});

describe('Stopping a server', () => {
  let server: Server;
  let pending: Promise<[IncomingMessage, ServerResponse]>;
  beforeEach(async () => {
    server = await listen(createServer());
    pending = once(server, 'request') as typeof pending;
  });

  /** The status of a response. */
  async function ask(): Promise<number | undefined> {
    const asked = get(`http://${hostOf(server)}`, { agent: new Agent({ keepAlive: true }) });
    const [res] = (await once(asked, 'response')) as [IncomingMessage];
    await once(res.resume(), 'end');
    return res.statusCode;
  }

  it('lets a request under way finish, and does not wait for the kept-alive connection after it', async () => {
    const answered = ask();
    const [, res] = await pending;
    const stopped = stop(server);
    res.end('done');
    expect(await answered).to.equal(200);
    await stopped;
  });

  it('ends a request that does not end by itself, after a while', async () => {
    const answered = ask().catch((error: unknown) => (error as Error).message);
    await pending;
    await stop(server, 20);
    expect(await answered).to.equal('socket hang up');
  });
});
