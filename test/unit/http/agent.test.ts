import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import * as net from 'node:net';
import { expect } from 'chai';
import { HttpProcess } from '../../support/http-process';
import { TlsHost, until } from '../../support/tls-host';

// Each test has a process of its own: the agent is one for the process, and the certificate has to be trusted.

describe('preconnect', function () {
  this.timeout(10_000);
  this.slow(1500);

  let host: TlsHost;
  let app: HttpProcess;
  beforeEach(async () => {
    app = HttpProcess.start();
    host = await TlsHost.start();
    host.answer = (_req, res) => res.end('ok');
  });
  afterEach(async () => {
    await app.end();
    await host.stop();
  });

  /** Opens a connection ahead and waits for it; the process knows of it too. */
  async function connected(url = host.url()): Promise<void> {
    await app.preconnect(url);
    await until(() => host.open.size === 1, host);
    await app.preconnect(url);
  }

  it('opens the connection that carries the request', async () => {
    await connected();
    expect(await app.request(host.url())).to.include({ body: 'ok', opened: 1 });
    expect(host.requests).to.deep.equal(['POST on 1']);
  });

  it('opens one connection, however often it is called', async () => {
    await app.preconnect(Array.from({ length: 100 }, () => host.url()));
    await connected();
    expect(await app.preconnect(host.url())).to.include({ opened: 1 });
  });

  it('opens none where one is idle', async () => {
    await app.request(host.url());
    expect(await app.preconnect(host.url())).to.include({ opened: 1 });
    expect(await app.request(host.url())).to.include({ body: 'ok', opened: 1 });
  });

  it('opens one that a request takes before it is open', async () => {
    void app.preconnect(host.url());
    expect(await app.request(host.url())).to.include({ body: 'ok', opened: 1 });
  });

  it('opens one to each host', async () => {
    const other = await TlsHost.start();
    await app.preconnect([host.url(), other.url()]);
    await until(() => host.open.size + other.open.size === 2, host, other);
    expect(await app.request(host.url())).to.include({ body: 'ok', opened: 2 });
    await other.stop();
  });

  it('opens one to an IP address', async () => {
    await connected(host.url('127.0.0.1'));
    const { body, opened, warnings } = await app.request(host.url('127.0.0.1'));
    expect({ body, opened }).to.deep.equal({ body: 'ok', opened: 1 });
    expect(warnings).not.to.include('DEP0123'); // an IP address as a TLS server name
  });

  it('opens one to an IPv6 address', async function () {
    // Not every machine has one, and Node 22.23 takes none for the one in its certificate.
    if (process.version.startsWith('v22.23.')) this.skip();
    const v6 = await TlsHost.start('::1').catch(() => this.skip());
    v6.answer = host.answer;
    await app.preconnect(v6.url('[::1]'));
    await until(() => v6.open.size === 1, v6);
    expect(await app.request(v6.url('[::1]'))).to.include({ body: 'ok', opened: 1 });
    await v6.stop();
  });

  it('opens one to port 443 where the URL names none', async () => {
    expect(await app.preconnect('https://127.0.0.1/')).to.include({ opened: 1 });
  });

  it('opens none over plain http', async () => {
    expect(await app.preconnect(host.url().replace('https', 'http'))).to.include({ opened: 0 });
  });

  it('opens a new one in the moment in which the old one breaks', async () => {
    await connected();
    expect(await app.preconnect(host.url(), { breaking: true })).to.include({ opened: 2 });
  });

  it('opens one that is kept open for 55 s, before a request and after', async () => {
    await connected();
    expect((await app.preconnect(host.url())).timeouts).to.deep.equal([55_000]);
    await app.request(host.url());
    expect((await app.preconnect(host.url())).timeouts).to.deep.equal([55_000]);
  });

  it('opens one that is closed when the host closes it', async () => {
    await connected();
    host.closeConnections();
    await until(() => app.open === 0, app);
    expect(await app.request(host.url())).to.include({ body: 'ok', opened: 2 });
  });

  it('opens one that is closed when the host sends a 408 without closing', async () => {
    await connected();
    for (const socket of host.open) socket.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
    await until(() => app.open === 0, app);
  });

  it('opens one whose request is sent again, on a new one, when the host hangs up on it', async () => {
    host.answer = (req, res) => (host.connections === 1 ? req.socket.destroy() : res.end('ok'));
    await connected();
    expect(await app.request(host.url())).to.include({ body: 'ok', opened: 2 });
    expect(host.requests).to.deep.equal(['POST on 1', 'POST on 2']);
  });

  it('opens one that is closed when another to the host turns out dead', async () => {
    host.answer = () => undefined;
    await connected();
    const timedOut = app.request(host.url(), 500);
    await until(() => host.requests.length === 1, host);
    await app.preconnect(host.url());
    expect((await timedOut).error).to.match(/did not respond within 500 ms/);
    await until(() => app.open === 0, app);
    host.answer = (_req, res) => res.end('ok');
    expect(await app.request(host.url())).to.include({ body: 'ok', opened: 3 });
  });

  describe('to a host that', () => {
    it('refuses is silent, and does not try again', async () => {
      const url = host.url();
      await host.stop();
      await app.preconnect(url);
      await until(() => app.open === 0, app);
      expect(await app.preconnect([url, url, url])).to.include({ opened: 1 });
      expect((await app.request(url)).error).to.match(
        /^POST localhost:\d+\/ could not be reached: .*ECONNREFUSED/,
      );
      host = await TlsHost.start();
    });

    it('hangs up at once does not try again', async () => {
      await connected();
      host.closeConnections();
      await until(() => app.open === 0, app);
      expect(await app.preconnect([host.url(), host.url()])).to.include({ opened: 1 });
    });

    it('has a certificate that is not trusted is silent, and does not try again', async () => {
      const distrustful = HttpProcess.start({ env: { NODE_EXTRA_CA_CERTS: '' } });
      await distrustful.preconnect(host.url());
      await until(() => distrustful.open === 0, distrustful);
      expect(await distrustful.preconnect(host.url())).to.include({ opened: 1 });
      expect((await distrustful.request(host.url())).error).to.match(/could not be reached: self-signed/);
      expect(await distrustful.end()).to.equal(0);
    });

    describe('hangs', () => {
      let silent: net.Server;
      let url: string;
      beforeEach(async () => {
        silent = net.createServer().listen(0, '127.0.0.1');
        await once(silent, 'listening');
        url = `https://localhost:${String((silent.address() as net.AddressInfo).port)}/`;
      });
      afterEach(() => silent.close());

      it('gives up after 5 s', async () => {
        expect((await app.preconnect(url)).timeouts).to.deep.equal([5000]);
      });

      for (const setUp of [
        undefined,
        'finds every host at two addresses, the first of which is wrong',
      ] as const)
        it(`does not keep the process alive${setUp ? `, which ${setUp}` : ''}`, async () => {
          if (setUp) await app.setUp(setUp);
          await Promise.all([once(silent, 'connection'), app.preconnect(url)]);
          const begun = performance.now();
          expect(await app.end()).to.equal(0);
          expect(performance.now() - begun).to.be.below(4000); // of those 5 s
          app = HttpProcess.start();
        });
    });
  });

  describe('does not keep the process alive', () => {
    afterEach(() => (app = HttpProcess.start()));

    it('when the connection is open', async () => {
      await connected();
      expect(await app.end()).to.equal(0);
    });

    it('when the connection is idle after a request', async () => {
      await app.request(host.url());
      expect(await app.end()).to.equal(0);
    });

    it("when the connection is to the host's second address", async () => {
      await app.setUp('finds every host at two addresses, the first of which is wrong');
      await connected();
      expect(await app.end()).to.equal(0);
    });

    it('when the name server is silent', async () => {
      const nameServer = createSocket('udp4').bind(0, '127.0.0.1');
      await once(nameServer, 'listening');
      await app.end();
      app = HttpProcess.start({
        env: { NAME_SERVER: `127.0.0.1:${String(nameServer.address().port)}` },
      });
      await app.setUp('has a name server that is silent');
      await Promise.all([once(nameServer, 'message'), app.preconnect('https://dribbble.test/')]);
      const begun = performance.now();
      expect(await app.end()).to.equal(0);
      expect(performance.now() - begun).to.be.below(4000); // of the 10 s of the lookup
      nameServer.close();
    });
  });
});
