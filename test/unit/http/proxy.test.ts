import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createProxy } from 'proxy';
import { AppProcess } from '../../support/app-process';
import { TlsHost } from '../../support/tls-host';

describe('DribbbleStrategy behind a proxy', function () {
  this.timeout(10_000); // an app process takes a while to start
  this.slow(1000);

  let app: AppProcess;
  let token: TlsHost;
  let api: TlsHost;
  let proxy: http.Server;
  /** The hosts that the proxy was asked to connect to. */
  let connects: string[];
  before(() => {
    app = AppProcess.start();
  });
  after(() => app.end());
  beforeEach(async () => {
    token = await TlsHost.start();
    api = await TlsHost.start();
    proxy = createProxy(http.createServer()).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    connects = [];
    proxy.on('connect', (req: http.IncomingMessage) => connects.push(String(req.url)));
  });
  afterEach(async () => {
    await token.stop();
    await api.stop();
    proxy.closeAllConnections();
    proxy.close();
  });

  for (const agent of ['option', 'setAgent'] as const) {
    it(`sends everything through the agent given by ${agent}`, async () => {
      const url = `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}`;
      await app.setUp({
        options: { tokenURL: token.url(), userProfileURL: api.url() },
        agent,
        proxy: url,
        // The proxy finds the hosts by name, the app can't.
        addresses: ['127.0.0.2'],
      });
      expect(await app.redirect()).to.include({ kind: 'redirect' });
      expect(connects).to.deep.equal([]);
      expect(await app.callback()).to.include({ kind: 'success' });
      expect(connects).to.deep.equal([token, api].map(({ port }) => `localhost:${String(port)}`));
      expect([token.connections, api.connections]).to.deep.equal([1, 1]);
    });
  }
});
