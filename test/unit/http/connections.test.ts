import { expect } from 'chai';
import { AppProcess, type Setup } from '../../support/app-process';
import { TlsHost, until } from '../../support/tls-host';

describe('DribbbleStrategy over TLS', function () {
  this.timeout(10_000); // an app process takes a while to start
  this.slow(1000);

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

  it('carries a login on two connections, opened ahead', async () => {
    await app.setUp({ options: hosts() });
    await app.redirect();
    await bothConnected();
    expect(await app.callback()).to.include({ kind: 'success', opened: 2 });
    expect([token.connections, api.connections]).to.deep.equal([1, 1]);
    expect([token.requests, api.requests]).to.deep.equal([['POST on 1'], ['GET on 1']]);
  });

  it('connects to both hosts at once if a visitor comes back to an app just started', async () => {
    token.answer = (req, res) => {
      void until(() => api.connections === 1, api).then(() => {
        token.answerRightly(req, res);
      });
    };
    await app.setUp({ options: hosts() });
    expect(await app.callback()).to.include({ kind: 'success', opened: 2 });
  });

  it('opens one connection to each host, however many visitors there are', async () => {
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

  it('opens one connection if both requests go to one host', async () => {
    await app.setUp({ options: { tokenURL: token.url(), userProfileURL: token.url() } });
    expect(await app.redirect()).to.include({ opened: 1 });
    await until(() => token.connections === 1, token);
    expect(await app.callback()).to.include({ kind: 'success' });
    expect(token.requests[0]).to.equal('POST on 1');
  });

  it('opens none to the API if profiles are never fetched', async () => {
    await app.setUp({ options: { ...hosts(), skipUserProfile: true } });
    expect(await app.redirect()).to.include({ opened: 1 });
  });

  for (const agent of ['option', 'setAgent'] as const) {
    it(`opens none ahead if the app gives its own agent, by ${agent}`, async () => {
      await app.setUp({ options: hosts(), agent });
      expect(await app.redirect()).to.include({ kind: 'redirect', opened: 0 });
      expect(await app.callback()).to.include({ kind: 'success', opened: 2 });
    });
  }
});
