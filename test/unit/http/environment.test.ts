import { once } from 'node:events';
import http = require('node:http');
import https = require('node:https');
import net = require('node:net');
import { expect } from 'chai';
import { createProxy } from 'proxy';
import { isMocked } from '../../../lib/http/environment';
import installNode = require('../../../scripts/install-node.cjs');
import { HttpProcess, type SetUp } from '../../support/http-process';
import { TlsHost, until } from '../../support/tls-host';

// Each test has a process of its own, whose default agent it sets up.

describe('isDefaultAgentSetUp', function () {
  this.timeout(10_000);
  this.slow(1500);

  let host: TlsHost;
  let app: HttpProcess;
  beforeEach(async () => {
    host = await TlsHost.start();
    host.answer = (_req, res) => res.end('ok');
  });
  afterEach(async () => {
    await app.end();
    await host.stop();
  });

  /** Nothing is opened ahead, and the request is sent all the same. */
  async function isObeyed(): Promise<void> {
    expect(await app.preconnect(host.url())).to.include({ opened: 0 });
    expect(await app.request(host.url())).to.include({ body: 'ok' });
  }

  const SET_UPS: SetUp[] = [
    'is replaced',
    "is replaced by one of the app's own class",
    'is given a way to connect',
    'is given a client certificate',
    'is given a lookup function',
  ];
  for (const setUp of SET_UPS) {
    it(`is true when https.globalAgent ${setUp}: nothing is preconnected`, async () => {
      app = HttpProcess.start();
      await app.setUp(setUp);
      await isObeyed();
    });
  }

  const distrusting = { NODE_EXTRA_CA_CERTS: '' };
  for (const setUp of ['is given a CA', 'is told to trust everybody'] as const) {
    it(`is true when https.globalAgent ${setUp}: a request trusts whom it trusts`, async () => {
      app = HttpProcess.start({ env: distrusting });
      expect((await app.request(host.url())).error).to.match(/self-signed certificate/);
      await app.setUp(setUp);
      const { opened } = await app.preconnect(host.url());
      expect(opened, 'the failed one').to.equal(1);
      expect(await app.request(host.url())).to.include({ body: 'ok' });
    });
  }

  it('is false as long as nobody has set it up, and becomes true when somebody does', async () => {
    app = HttpProcess.start();
    await app.preconnect(host.url());
    await until(() => host.open.size === 1, host);
    await app.setUp('is replaced');
    expect(await app.request(host.url())).to.include({ body: 'ok' });
    expect(host.requests).to.deep.equal(['POST on 2']);
  });

  describe('behind a proxy', () => {
    let proxy: http.Server;
    let url: string;
    /** The hosts that the proxy was asked to connect to. */
    let connects: string[];
    beforeEach(async () => {
      proxy = createProxy(http.createServer()).listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      url = `http://127.0.0.1:${String((proxy.address() as net.AddressInfo).port)}`;
      connects = [];
      proxy.on('connect', (req: http.IncomingMessage) => connects.push(String(req.url)));
    });
    afterEach(() => {
      proxy.closeAllConnections();
      proxy.close();
    });

    async function goesThroughProxy(): Promise<void> {
      expect(await app.preconnect(host.url())).to.include({ opened: 0 });
      expect(connects).to.deep.equal([]);
      expect(await app.request(host.url())).to.include({ body: 'ok' });
      expect(connects).to.deep.equal([`localhost:${String(host.port)}`]);
      expect(host.connections).to.equal(1);
    }

    it("is true when https.globalAgent is replaced by a proxy's agent: a request goes through the proxy", async () => {
      app = HttpProcess.start({ env: { APP_PROXY: url } });
      await app.setUp("is replaced by one that uses the app's proxy");
      await goesThroughProxy();
    });

    describe("named by the environment, on a Node that uses the environment's proxy", () => {
      let execPath: string;
      before(function () {
        this.timeout(120_000);
        execPath = 'setGlobalProxyFromEnv' in http ? process.execPath : installNode('24');
      });

      const env = (): NodeJS.ProcessEnv => ({ HTTPS_PROXY: url, NO_PROXY: undefined, no_proxy: undefined });

      it('is true with NODE_USE_ENV_PROXY: a request goes through the proxy', async () => {
        app = HttpProcess.start({ execPath, env: { ...env(), NODE_USE_ENV_PROXY: '1' } });
        await goesThroughProxy();
      });

      it('is true with --use-env-proxy: a request goes through the proxy', async () => {
        app = HttpProcess.start({ execPath, env: env(), execArgv: ['--use-env-proxy'] });
        await goesThroughProxy();
      });

      it('is true after http.setGlobalProxyFromEnv(): a request goes through the proxy', async () => {
        app = HttpProcess.start({ execPath, env: env() });
        await app.setUp("is given the environment's proxy");
        await goesThroughProxy();
      });

      it('is false without any of them: a request goes past the proxy', async () => {
        app = HttpProcess.start({ execPath, env: env() });
        await app.preconnect(host.url());
        await until(() => host.open.size === 1, host);
        expect(await app.request(host.url())).to.include({ body: 'ok', opened: 1 });
        expect(connects).to.deep.equal([]);
      });
    });
  });
});

describe('isMocked', () => {
  it('is true under nock: nothing is preconnected, and nock responds', async () => {
    const host = await TlsHost.start();
    const app = HttpProcess.start();
    await app.setUp('is under nock');
    expect(await app.preconnect(host.url())).to.include({ opened: 0 });
    expect(await app.request(host.url())).to.include({ body: 'mocked', opened: 0 });

    await app.setUp('is under nock no more');
    expect(await app.preconnect(host.url())).to.include({ opened: 1 });
    await until(() => host.open.size === 1, host);
    await app.end();
    await host.stop();
  }).timeout(10_000);

  it('is false where nothing replaces Node', () => {
    expect(isMocked()).to.equal(false);
  });

  // By what nock 13 and 14 and msw 2 and 3 do.
  for (const [what, target, name, replace] of [
    ['https.request is wrapped in a proxy', https, 'request', (request) => new Proxy(request, {})],
    ['http.ClientRequest is replaced', http, 'ClientRequest', () => http.Agent],
    ['Socket.prototype.connect is replaced', net.Socket.prototype, 'connect', () => () => undefined],
  ] as [string, object, string, (original: object) => object][]) {
    it(`is true while ${what}`, () => {
      const original = Reflect.get(target, name) as object;
      Reflect.set(target, name, replace(original));
      try {
        expect(isMocked()).to.equal(true);
      } finally {
        Reflect.set(target, name, original);
      }
      expect(isMocked()).to.equal(false);
    });
  }
});
