import { once } from 'node:events';
import http = require('node:http');
import https = require('node:https');
import net = require('node:net');
import tls = require('node:tls');
import { expect } from 'chai';
import { Connections, NameServer } from './support';
import { loadAgain } from '../../support/process';
import { useNock } from '../../support/nock';
import { hostOf, listen } from '../../support/servers';
import { TLS, TlsHost, until } from '../../support/tls-host';

describe('preconnect', () => {
  let host: TlsHost;
  let connections: Connections;
  let lib: ReturnType<typeof loadAgain>;
  const now = performance.now.bind(performance);
  beforeEach(async () => {
    lib = loadAgain(); // the agent is one for the process
    connections = new Connections();
    host = await TlsHost.start();
    host.answer = (_req, res) => res.end('ok');
  });
  afterEach(async () => {
    performance.now = now;
    connections.stop();
    await host.stop();
  });

  /** Opens a connection ahead, and waits for it. */
  async function connected(name = 'localhost', to = host): Promise<void> {
    lib.preconnect(to.url(name));
    await until(() => connections.ready.length === 1 && to.open.size === 1, connections, to);
  }

  /** Sends a request, and gives the body of the response. */
  async function send(url = host.url(), { timeout = 5000, agent }: https.RequestOptions = {}) {
    const { hostname, port, host: Host } = new URL(url);
    const options = { host: hostname.replace(/[[\]]/g, ''), port, method: 'POST', headers: { Host }, agent };
    return (await lib.request(https, options, 'x', timeout)).body;
  }

  async function errorOf(sent: Promise<string>): Promise<string> {
    return sent.catch((error: unknown) => (error as Error).message);
  }

  /** Waits until the connection opened ahead is closed. */
  async function closed(): Promise<void> {
    await until(() => connections.open.length === 0, connections);
  }

  /** Lets this time pass, in milliseconds. */
  function pass(time: number): void {
    performance.now = () => now() + time;
  }

  it('opens the connection that carries the request', async () => {
    await connected();
    expect(await send()).to.equal('ok');
    expect(connections.opened).to.have.length(1);
    expect(host.requests).to.deep.equal(['POST on 1']);
  });

  it('opens one connection, however often it is called, and none where one is idle', async () => {
    lib.preconnect(...Array.from({ length: 100 }, () => host.url()));
    await connected();
    await send();
    lib.preconnect(host.url());
    expect(await send()).to.equal('ok');
    expect(connections.opened).to.have.length(1);
  });

  it('opens one that a request takes before it is open, and the next call another', async () => {
    lib.preconnect(host.url());
    const sent = send();
    lib.preconnect(host.url());
    expect(await sent).to.equal('ok');
    expect(connections.opened).to.have.length(2);
  });

  it('opens one to an IP address, without a server name (RFC 6066, section 3)', async () => {
    await connected('127.0.0.1');
    expect(await send(host.url('127.0.0.1'))).to.equal('ok');
    expect(connections.opened).to.have.length(1);
    expect([...host.open]).to.have.nested.property('[0].servername', false);
  });

  it('opens one to an IPv6 address', async function () {
    // Not every machine has one, and Node 22.23 takes none for the one in its certificate.
    if (process.version.startsWith('v22.23.')) this.skip();
    const v6 = await TlsHost.start('::1').catch(() => this.skip());
    v6.answer = host.answer;
    await connected('[::1]', v6);
    expect(await send(v6.url('[::1]'))).to.equal('ok');
    expect(connections.opened).to.have.length(1);
    await v6.stop();
  });

  it('opens one to port 443 where the URL names none', () => {
    lib.preconnect('https://127.0.0.1/');
    expect(connections.targets).to.deep.equal(['127.0.0.1:443']);
  });

  it('opens none over plain http, or to what is no absolute URL', () => {
    lib.preconnect(host.url().replace('https', 'http'), '/v2/user');
    expect(connections.opened).to.be.empty;
  });

  it('opens a new one in the moment in which the old one breaks', async () => {
    await connected();
    connections.opened[0]?.destroy();
    lib.preconnect(host.url());
    expect(connections.opened).to.have.length(2);
  });

  it('opens one that is kept open for 55 s, before a request and after', async () => {
    await connected();
    const timeouts = (): unknown[] => connections.open.map(({ timeout }) => timeout);
    expect(timeouts()).to.deep.equal([55_000]);
    await send();
    expect(timeouts()).to.deep.equal([55_000]);
    connections.opened[0]?.setTimeout(1);
    lib.preconnect(host.url()); // they begin anew
    expect(timeouts()).to.deep.equal([55_000]);
  });

  it('opens one that is closed when nothing uses it for that long', async () => {
    await connected();
    connections.opened[0]?.emit('timeout');
    await closed();
  });

  it('opens one that is kept open for 55 s after a request that took it before it was open', async () => {
    lib.preconnect(host.url());
    await send();
    expect(connections.open.map(({ timeout }) => timeout)).to.deep.equal([55_000]);
  });

  it('opens another at once after a request whose response closed the connection', async () => {
    host.answer = (_req, res) => res.setHeader('Connection', 'close').end('ok');
    await connected();
    await send();
    await closed();
    lib.preconnect(host.url());
    expect(connections.opened).to.have.length(2);
  });

  it('opens one that stays when the one that carried a request closes', async () => {
    const responding = new Promise<() => void>((resolve) => {
      host.answer = (_req, res) => {
        resolve(() => res.setHeader('Connection', 'close').end('ok'));
      };
    });
    await connected();
    const sent = send();
    const respond = await responding;
    lib.preconnect(host.url());
    await until(() => connections.ready.length === 2, connections);
    respond();
    await sent;
    await until(() => connections.open.length === 1, connections);
    lib.preconnect(host.url());
    expect(connections.opened).to.have.length(2);
  });

  it('opens one that waits for its response for as long as the request may take', async () => {
    host.answer = () => undefined;
    await connected();
    const sent = send();
    await until(() => host.requests.length === 1, host);
    host.answer = (_req, res) => res.end('ok');
    connections.opened[0]?.emit('timeout');
    expect(connections.opened[0]?.destroyed).to.equal(false);
    connections.opened[0]?.destroy();
    await errorOf(sent);
  });

  it('opens one that is closed when the host closes it', async () => {
    await connected();
    host.closeConnections();
    await closed();
    expect(await send()).to.equal('ok');
    expect(connections.opened).to.have.length(2);
  });

  it('opens one that is closed when the host sends a 408 without closing', async () => {
    await connected();
    for (const socket of host.open) socket.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
    await closed();
  });

  it('opens one whose request is sent again, on a new one, when the host hangs up on it', async () => {
    host.answer = (req, res) => (host.connections === 1 ? req.socket.destroy() : res.end('ok'));
    await connected();
    expect(await send()).to.equal('ok');
    expect(host.requests).to.deep.equal(['POST on 1', 'POST on 2']);
  });

  it('opens one that is closed when another to the host, but not to another host, turns out dead', async () => {
    const other = await TlsHost.start();
    host.answer = () => undefined;
    await connected();
    const sent = errorOf(send(host.url(), { timeout: 200 }));
    await until(() => host.requests.length === 1, host);
    lib.preconnect(host.url(), other.url());
    await until(() => connections.ready.length === 3, connections);
    expect(await sent).to.include('did not respond within 200 ms');
    await until(() => connections.open.length === 1, connections);
    expect(connections.open[0]?.remotePort).to.equal(other.port);
    await other.stop();
  });

  it('opens one that is not closed when a request through another agent turns out dead', async () => {
    host.answer = () => undefined;
    await connected();
    for (const agent of [new https.Agent(), false])
      expect(await errorOf(send(host.url(), { timeout: 100, agent }))).to.include('within 100 ms');
    expect(connections.opened[0]?.destroyed).to.equal(false);
  });

  describe('to a host that', () => {
    it('refuses is silent, and does not try again for 30 s', async () => {
      const url = host.url();
      await host.stop();
      lib.preconnect(url);
      await closed();
      pass(29_000);
      lib.preconnect(url, url);
      expect(connections.opened).to.have.length(1);
      expect(await errorOf(send(url))).to.match(/^POST localhost:\d+\/ could not be reached: .*ECONNREFUSED/);
      pass(30_001);
      lib.preconnect(url);
      expect(connections.opened).to.have.length(3);
      host = await TlsHost.start();
    });

    for (const [when, time, opened] of [
      ['at once does not try', 0, 1],
      ['after a second tries', 1000, 2],
    ] as const) {
      it(`hangs up ${when} again`, async () => {
        await connected();
        pass(time);
        host.closeConnections();
        await closed();
        lib.preconnect(host.url());
        expect(connections.opened).to.have.length(opened);
      });
    }

    it('has a certificate that is not trusted is silent, and does not try again', async () => {
      connections.trusted = undefined;
      lib.preconnect(host.url());
      await closed();
      lib.preconnect(host.url());
      expect(connections.opened).to.have.length(1);
      expect(await errorOf(send())).to.include('could not be reached: self-signed');
    });

    it('hangs gives up after 5 s, and does not try again', async () => {
      const silent = await listen(net.createServer());
      const url = `https://${hostOf(silent)}/`;
      lib.preconnect(url);
      lib.preconnect(url);
      expect(connections.opened[0]?.timeout).to.equal(5000);
      connections.opened[0]?.emit('timeout');
      await closed();
      lib.preconnect(url);
      expect(connections.opened).to.have.length(1);
      silent.close();
    });
  });

  describe('by a name', () => {
    let nameServer: NameServer;
    beforeEach(async () => {
      nameServer = await NameServer.start((callback) => {
        setImmediate(callback, new Error('not found'));
      });
    });
    afterEach(() => {
      nameServer.stop();
    });

    it('asks the name server, and Node only once a request needs it: its lookup keeps the process alive', async () => {
      lib.preconnect('https://spare.test/');
      await once(nameServer.socket, 'message');
      await closed();
      expect(nameServer.lookups).to.be.empty;
      lib.preconnect('https://needed.test/');
      expect(await errorOf(send('https://needed.test/'))).to.include('not found');
      expect(nameServer.lookups).to.deep.equal(['needed.test']);
    });

    it('of this machine asks Node at once', async () => {
      lib.preconnect(host.url());
      await closed();
      expect(nameServer.lookups).to.deep.equal(['localhost']);
    });
  });

  it("leaves everything to Node's default agent where the app has set that up, also later", async () => {
    const { globalAgent } = https;
    await connected();
    https.globalAgent = new https.Agent({ keepAlive: false });
    try {
      lib.preconnect(host.url('127.0.0.1'));
      expect(await send()).to.equal('ok');
    } finally {
      https.globalAgent = globalAgent;
    }
    expect(host.requests).to.deep.equal(['POST on 2']);
    expect(connections.opened).to.have.length(2);
  });

  describe('under nock', () => {
    const nock = useNock();

    it('opens none, and the request gets the response of nock', async () => {
      nock(host.url()).post('/').reply(200, 'mocked');
      lib.preconnect(host.url());
      expect(await send()).to.equal('mocked');
      expect(connections.opened).to.be.empty;
      nock.restore();
      await connected();
      nock.activate();
    });
  });

  it('leaves a request on a TLS connection that its agent hands over open, which says how the response broke', async () => {
    host.answer = (_req, res) => {
      res.writeHead(200, { 'Content-Length': 10 }).write('half', () => res.socket?.destroy());
    };
    const open = tls.connect({ host: 'localhost', port: host.port, ca: TLS.cert });
    await once(open, 'secureConnect');
    const agent = Object.assign(new https.Agent(), { createConnection: () => open });
    expect(await errorOf(send(host.url(), { agent }))).to.include('in the middle of its response');
  });

  it('opens none for a request that has an agent, which waits for a response on a connection of its own', async () => {
    host.answer = () => undefined;
    const agent = new https.Agent();
    expect(await errorOf(send(host.url(), { timeout: 500, agent }))).to.include('did not respond within 500');
    expect(connections.opened).to.have.length(1);
  });

  it('opens none for a request over plain http, whose agent is another', async () => {
    const server = await listen(http.createServer((_req, res) => res.end('plain')));
    const [hostname, port] = hostOf(server).split(':');
    expect(await lib.request(http, { hostname, port }, null, 5000)).to.include({ body: 'plain' });
    expect(connections.opened).to.be.empty;
    server.close();
    server.closeAllConnections();
  });
});
