import { once } from 'node:events';
import * as net from 'node:net';
import { expect } from 'chai';
import { AppProcess, type Setup } from '../../support/app-process';
import { FakeDribbble } from '../../support/fake-dribbble';
import { TlsHost, until } from '../../support/tls-host';

describe('Connections to Dribbble', function () {
  this.timeout(10_000); // an app process takes a while to start
  this.slow(1000);

  const MINUTE = 55_000;
  const SECURED = [MINUTE, MINUTE];
  let app: AppProcess;
  let token: TlsHost;
  let api: TlsHost;
  before(() => {
    app = AppProcess.start();
  });
  after(() => app.end());
  beforeEach(async () => {
    token = await TlsHost.start();
    api = await TlsHost.start();
  });
  afterEach(async () => {
    await token.stop();
    await api.stop();
  });

  function hosts(): Setup['options'] {
    return { tokenURL: token.url(), userProfileURL: api.url() };
  }

  async function bothConnected(): Promise<void> {
    await until(() => token.open.size === 1 && api.open.size === 1, token, api);
  }

  async function allClosed(): Promise<void> {
    await until(() => app.open + token.open.size + api.open.size === 0, app, token, api);
  }

  describe('that are opened ahead', () => {
    it('carry the login: the hosts see two connections, not four', async () => {
      await app.setUp({ options: hosts() });
      await app.redirect();
      await bothConnected();
      expect(await app.callback()).to.include({ kind: 'success', opened: 2 });
      expect([token.connections, api.connections]).to.deep.equal([1, 1]);
      expect([token.requests, api.requests]).to.deep.equal([['POST on 1'], ['GET on 1']]);
    });

    it('carry the logins that follow', async () => {
      await app.setUp({ options: hosts() });
      for (let login = 0; login < 3; login++) {
        expect(await app.redirect()).to.include({ kind: 'redirect' });
        expect(await app.callback()).to.include({ kind: 'success', opened: 2 });
      }
      expect(api.requests).to.deep.equal(['GET on 1', 'GET on 1', 'GET on 1']);
    });

    it('are opened to both hosts at once where a visitor comes back to an app just started', async () => {
      token.answer = (req, res) => {
        void until(() => api.connections === 1, api).then(() => {
          token.answerRightly(req, res);
        });
      };
      await app.setUp({ options: hosts() });
      expect(await app.callback()).to.include({ kind: 'success', opened: 2 });
    });

    it('are carried on with before they are open', async () => {
      await app.setUp({ options: hosts() });
      void app.redirect();
      expect(await app.callback()).to.include({ kind: 'success', opened: 2 });
    });

    it('are one for each host, however many visitors there are', async () => {
      await app.setUp({ options: hosts() });
      const visitors = Array.from({ length: 100 }, (_, number) => `visitor ${String(number)}`);
      await Promise.all(visitors.map((visitor) => app.redirect(visitor)));
      expect(await app.redirect()).to.include({ opened: 2 });
      await bothConnected();
      const replies = await Promise.all(visitors.map((visitor) => app.callback(visitor)));
      // Each carried on for its own visitor, though on connections that were opened for others.
      expect(replies.map(({ user }) => user)).to.deep.equal(visitors.map((visitor) => ({ visitor })));
      // One for each request, as all came at once, and at most a spare for either host.
      expect(Math.max(token.connections, api.connections)).to.be.at.most(101);
    });

    it('are one for both requests where they go to one host', async () => {
      await app.setUp({ options: { tokenURL: token.url(), userProfileURL: token.url() } });
      expect(await app.redirect()).to.include({ opened: 1 });
      await until(() => token.connections === 1, token);
      expect(await app.callback()).to.include({ kind: 'success', opened: 1 });
      expect(token.requests).to.deep.equal(['POST on 1', 'GET on 1']);
    });

    it('are used where the host is an IP address', async () => {
      await app.setUp({
        options: { tokenURL: token.url('127.0.0.1'), userProfileURL: api.url('127.0.0.1') },
      });
      await app.redirect();
      await bothConnected();
      const { kind, opened, warnings } = await app.callback();
      expect({ kind, opened }).to.deep.equal({ kind: 'success', opened: 2 });
      expect(warnings).not.to.include('DEP0123'); // an IP address as a TLS server name
    });

    it('are used where the host is an IPv6 address', async function () {
      // Not every machine has one, and Node 22.23 takes none for the one in its certificate.
      if (process.version.startsWith('v22.23.')) this.skip();
      const v6 = await TlsHost.start('::1').catch(() => this.skip());
      try {
        await app.setUp({ options: { tokenURL: v6.url('[::1]'), userProfileURL: v6.url('[::1]') } });
        await app.redirect();
        expect(await app.callback()).to.include({ kind: 'success', opened: 1 });
      } finally {
        await v6.stop();
      }
    });

    it('are not opened to the API where profiles are never fetched', async () => {
      await app.setUp({ options: { ...hosts(), skipUserProfile: true } });
      expect(await app.redirect()).to.include({ opened: 1 });
    });
  });

  describe('are not opened ahead', () => {
    for (const agent of ['option', 'setAgent'] as const) {
      it(`where the app gave its own agent, by ${agent}`, async () => {
        await app.setUp({ options: hosts(), agent });
        expect(await app.redirect()).to.include({ kind: 'redirect', opened: 0 });
        expect(await app.callback()).to.include({ kind: 'success', opened: 2 });
      });
    }

    it('over plain http', async () => {
      const dribbble = await FakeDribbble.start();
      try {
        await app.setUp({ options: dribbble.endpoints });
        await app.redirect();
        expect(await app.callback()).to.include({ kind: 'success', opened: 0 });
      } finally {
        await dribbble.stop();
      }
    });
  });

  describe('that fail while being opened ahead', () => {
    it('are silent; the login itself reports a host that is not there', async () => {
      const options = hosts();
      await token.stop();
      await app.setUp({ options });
      expect(await app.redirect()).to.include({ kind: 'redirect' });
      await until(() => app.open === 1, app); // the API's
      const { kind, error } = await app.callback();
      expect(kind).to.equal('error');
      expect(error).to.match(/^POST localhost:\d+\/ could not be reached: connect ECONNREFUSED/);
      token = await TlsHost.start();
    });

    it('are silent; the login itself reports a certificate that is not trusted', async () => {
      const distrustful = AppProcess.start({ trusts: false });
      await distrustful.setUp({ options: hosts() });
      expect(await distrustful.redirect()).to.include({ kind: 'redirect' });
      await until(() => distrustful.open === 0, distrustful);
      expect((await distrustful.callback()).error).to.match(
        /^POST localhost:\d+\/ could not be reached: self-signed/,
      );
      expect(await distrustful.end()).to.equal(0);
    });

    describe('by hanging', () => {
      let silent: net.Server;
      let options: Setup['options'];
      beforeEach(async () => {
        silent = net.createServer().listen(0, '127.0.0.1');
        await once(silent, 'listening');
        const { port } = silent.address() as net.AddressInfo;
        options = { tokenURL: `https://localhost:${String(port)}/`, skipUserProfile: true };
      });
      afterEach(() => silent.close());

      it('are given up after 5 s', async () => {
        await app.setUp({ options });
        expect((await app.redirect()).timeouts).to.deep.equal([5000]);
      });

      it("don't keep the process alive", async function () {
        this.timeout(4000); // less than those 5 s
        const ending = AppProcess.start();
        await ending.setUp({ options });
        await Promise.all([once(silent, 'connection'), ending.redirect()]);
        expect(await ending.end()).to.equal(0);
      });
    });
  });

  describe('that are kept open', () => {
    it('stay so for a minute, opened ahead as well as after a login', async () => {
      await app.setUp({ options: hosts() });
      await app.redirect();
      await bothConnected();
      await app.redirect(); // by when the app, too, knows that they are open
      expect(await app.timeouts()).to.deep.equal(SECURED);
      expect((await app.callback()).timeouts).to.deep.equal(SECURED);
    });

    for (const [what, visit] of [
      ['opened ahead', 'redirect'],
      ['idle after a login', 'callback'],
    ] as const) {
      it(`are closed when the host closes them, ${what}`, async () => {
        await app.setUp({ options: hosts() });
        await app[visit]();
        await bothConnected();
        token.closeConnections();
        api.closeConnections();
        await allClosed();
        expect(await app.callback()).to.include({ kind: 'success', opened: 4 });
      });

      it(`don't keep the process alive, ${what}`, async () => {
        const ending = AppProcess.start();
        await ending.setUp({ options: hosts() });
        await ending[visit]();
        await bothConnected();
        expect(await ending.end()).to.equal(0);
      });
    }

    it("don't keep the process alive where the host was found at its second address only", async () => {
      const ending = AppProcess.start();
      await ending.setUp({ options: hosts(), addresses: ['127.0.0.2', '127.0.0.1'] });
      await ending.redirect();
      await bothConnected();
      expect(await ending.end()).to.equal(0);
    });

    it('are replaced in the moment in which they break', async () => {
      await app.setUp({ options: hosts() });
      await app.redirect();
      await bothConnected();
      expect(await app.redirect('another', { breaking: true })).to.include({ opened: 4 });
    });

    it('are closed where the host complains about the wait, without closing', async () => {
      await app.setUp({ options: hosts() });
      await app.redirect();
      await bothConnected();
      for (const socket of [...token.open, ...api.open])
        socket.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
      await allClosed();
      expect(await app.callback()).to.include({ kind: 'success', opened: 4 });
    });
  });

  describe('that went stale', () => {
    for (const [what, visit] of [
      ['opened ahead', 'redirect'],
      ['idle after a login', 'callback'],
    ] as const) {
      for (const host of ['token', 'API'] as const) {
        it(`don't cost a login: ${what}, the ${host} host hangs up on the request`, async () => {
          await app.setUp({ options: hosts() });
          await app[visit]();
          await bothConnected();
          const stale = host === 'token' ? token : api;
          stale.answer = (req, res) => {
            if (stale.connections === 1) req.socket.destroy();
            else stale.answerRightly(req, res);
          };
          expect(await app.callback('another')).to.deep.include({
            kind: 'success',
            user: { visitor: 'another' },
            opened: 3,
          });
          const method = host === 'token' ? 'POST' : 'GET';
          expect(stale.requests.slice(-2)).to.deep.equal([`${method} on 1`, `${method} on 2`]);
        });
      }

      it(`don't cost a login: ${what}, the host's complaint about the wait crosses the request`, async () => {
        await app.setUp({ options: hosts() });
        await app[visit]();
        await bothConnected();
        token.answer = (req, res) => {
          if (token.connections === 1) res.writeHead(408).end('waited too long');
          else token.answerRightly(req, res);
        };
        expect(await app.callback()).to.include({ kind: 'success', opened: 3 });
        await until(() => token.open.size === 1, token);
      });
    }

    it("are not blamed for a host that hangs up on everything: it is asked once more, and that's it", async () => {
      await app.setUp({ options: hosts() });
      await app.redirect();
      await bothConnected();
      token.answer = (req) => req.socket.destroy();
      expect((await app.callback()).error).to.match(
        /^POST localhost:\d+\/ closed the connection without a response: socket hang up/,
      );
      expect(token.requests).to.deep.equal(['POST on 1', 'POST on 2']);
    });

    it('are not blamed for a 408 on a connection that is new', async () => {
      token.answer = (_req, res) => res.writeHead(408, { Connection: 'close' }).end();
      await app.setUp({ options: hosts(), agent: 'option' });
      expect((await app.callback()).kind).to.equal('error');
      expect(token.requests).to.deep.equal(['POST on 1']);
    });
  });
});
