import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import http = require('node:http');
import net = require('node:net');
import { expect } from 'chai';
import installNode = require('../../../scripts/install-node.cjs');
import { CERTIFICATE_FILE, TlsHost, until } from '../../support/tls-host';
import { Proxy } from '../../support/proxy';
import { hostOf, listen } from '../../support/servers';
import type { Reply, Task } from './process-child';

// What a process of its own alone can show: that it ends, what its environment says, and the memory it takes.

/** It does one thing with lib/http, trusting the tests' certificate, and then waits to be told that it may end. */
class HttpProcess {
  private readonly child: ChildProcess;
  private readonly exit: Promise<[number | null]>;
  private readonly message: Promise<[Reply]>;

  constructor(task: Task, { env, execArgv = [], execPath = process.execPath }: ForkOptions = {}) {
    this.child = fork(require.resolve('./process-child'), [JSON.stringify(task)], {
      execPath,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE, ...env },
      execArgv: ['--require', require.resolve('../../support/register.cjs'), ...execArgv],
    });
    this.exit = once(this.child, 'exit') as typeof this.exit;
    this.message = once(this.child, 'message') as typeof this.message;
  }

  /** What came of it. */
  async reply(): Promise<Reply> {
    const first = await Promise.race([this.message, this.exit]);
    if (typeof first[0] !== 'object' || first[0] === null) throw new Error('The process ended too early');
    return first[0];
  }

  /** Lets the process end by itself, with nothing left to do; gives its exit code, and how long it took to end. */
  async end(): Promise<{ code: number | null; milliseconds: number }> {
    await this.reply();
    const begun = performance.now();
    this.child.disconnect();
    const [code] = await this.exit;
    return { code, milliseconds: performance.now() - begun };
  }
}

describe('a process', function () {
  this.timeout(30_000);
  this.slow(1500);

  let host: TlsHost;
  beforeEach(async () => {
    host = await TlsHost.start();
    host.answer = (_req, res) => res.end('ok');
  });
  afterEach(() => host.stop());

  describe('is not kept alive by preconnect', () => {
    /** The process ends at once: an attempt to connect may take 5 s, a lookup 10 s. */
    async function ends(app: HttpProcess): Promise<void> {
      const { code, milliseconds } = await app.end();
      expect(code).to.equal(0);
      expect(milliseconds).to.be.below(4000);
    }
    const TWO_ADDRESSES = 'two addresses for every host, the first of which is wrong';

    for (const given of [undefined, TWO_ADDRESSES] as const) {
      const among = given ? `, given ${given}` : '';

      it(`when the connection is open${among}`, async () => {
        const app = new HttpProcess({ preconnect: host.url(), ...(given && { given }) });
        await until(() => host.open.size === 1, host);
        await ends(app);
      });

      it(`when the host hangs${among}`, async () => {
        const silent = await listen(net.createServer());
        const url = `https://localhost:${hostOf(silent).replace(/.*:/, '')}/`;
        const app = new HttpProcess({ preconnect: url, ...(given && { given }) });
        await once(silent, 'connection');
        await ends(app);
        silent.close();
      });
    }

    it('when the connection is idle after a request', async () => {
      const app = new HttpProcess({ preconnect: host.url(), request: host.url() });
      expect(await app.reply()).to.deep.equal({ body: 'ok' });
      await ends(app);
    });

    it('when the name server is silent', async () => {
      const nameServer = createSocket('udp4').bind(0, '127.0.0.1');
      await once(nameServer, 'listening');
      const env = { NAME_SERVER: `127.0.0.1:${String(nameServer.address().port)}` };
      const app = new HttpProcess(
        { given: 'a name server that is silent', preconnect: 'https://dribbble.test/' },
        { env },
      );
      await once(nameServer, 'message');
      await ends(app);
      nameServer.close();
    });
  });

  describe("whose Node can use the environment's proxy", () => {
    let execPath: string;
    let proxy: Proxy;
    before(function () {
      this.timeout(120_000);
      execPath = 'setGlobalProxyFromEnv' in http ? process.execPath : installNode('24');
    });
    beforeEach(async () => (proxy = await Proxy.start()));
    afterEach(() => proxy.stop());

    for (const [what, usesProxy, env, execArgv, given] of [
      ['with NODE_USE_ENV_PROXY', true, { NODE_USE_ENV_PROXY: '1' }],
      ['with --use-env-proxy', true, {}, ['--use-env-proxy']],
      [
        'after http.setGlobalProxyFromEnv()',
        true,
        {},
        [],
        "the environment's proxy, by http.setGlobalProxyFromEnv()",
      ],
      ['without any of them', false, {}],
    ] as const)
      it(`${usesProxy ? 'preconnects nothing, and goes through' : 'goes past'} the proxy, ${what}`, async () => {
        const app = new HttpProcess(
          { preconnect: host.url(), request: host.url(), ...(given && { given }) },
          {
            execPath,
            env: { HTTPS_PROXY: proxy.url, NO_PROXY: undefined, no_proxy: undefined, ...env },
            execArgv: [...(execArgv ?? [])],
          },
        );
        expect(await app.reply()).to.deep.equal({ body: 'ok' });
        expect(proxy.connects).to.deep.equal(usesProxy ? [`localhost:${String(host.port)}`] : []);
        expect(host.connections).to.equal(1);
        await app.end();
      });
  });

  it('takes little memory for a mebibyte in chunks of one byte', async () => {
    const chunks = '1\r\nx\r\n'.repeat(1024 * 1024);
    host.answer = (req) =>
      req.socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
    // A list of the chunks takes hundreds of megabytes.
    const app = new HttpProcess({ request: host.url() }, { execArgv: ['--max-old-space-size=64'] });
    const { body, error } = await app.reply();
    expect(body, error).to.have.length(1024 * 1024);
    await app.end();
  });
});
