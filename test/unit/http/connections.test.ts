import { AsyncLocalStorage } from 'node:async_hooks';
import * as https from 'node:https';
import { expect } from 'chai';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { DribbbleStrategy, DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { authenticate, expectKind } from '../../support/authenticate';
import { Connections } from './support';
import { loadAgain } from '../../support/process';
import { Proxy } from '../../support/proxy';
import { TlsHost, until } from '../../support/tls-host';

describe('DribbbleStrategy over TLS', () => {
  let token: TlsHost;
  let api: TlsHost;
  let connections: Connections;
  let lib: ReturnType<typeof loadAgain>;
  const visitors = new AsyncLocalStorage<string>();
  beforeEach(async () => {
    lib = loadAgain(); // the agent is one for the process
    connections = new Connections();
    token = await TlsHost.start();
    api = await TlsHost.start();
  });
  afterEach(async () => {
    connections.stop();
    await token.stop();
    await api.stop();
  });

  /** Signs in whoever the async context says. */
  function strategyOf(options: Partial<DribbbleStrategyOptions> = {}): DribbbleStrategy {
    return new lib.DribbbleStrategy(
      {
        clientID: 'the-client-id',
        clientSecret: 'the-client-secret',
        state: false,
        tokenURL: token.url(),
        userProfileURL: api.url(),
        ...options,
      },
      () => ({ visitor: visitors.getStore() }),
    );
  }

  async function redirect(strategy: DribbbleStrategy): Promise<void> {
    expectKind(await authenticate(strategy), 'redirect');
  }

  /** A visitor comes back from Dribbble: who is signed in. */
  async function callback(strategy: DribbbleStrategy, visitor = 'a visitor'): Promise<unknown> {
    const query = { code: 'the-code' };
    return expectKind(await visitors.run(visitor, () => authenticate(strategy, { query })), 'success').user;
  }

  it('carries a login on two connections, opened ahead', async () => {
    const strategy = strategyOf();
    await redirect(strategy);
    await until(() => connections.ready.length === 2, connections);
    await callback(strategy);
    expect(connections.opened).to.have.length(2);
    expect([token.requests, api.requests]).to.deep.equal([['POST on 1'], ['GET on 1']]);
  });

  it('connects to both hosts at once if a visitor comes back to an app just started', async () => {
    token.answer = (req, res) => {
      void until(() => api.connections === 1, api).then(() => {
        token.answerRightly(req, res);
      });
    };
    await callback(strategyOf());
    expect(connections.opened).to.have.length(2);
  });

  it('opens one connection to each host, however many visitors there are', async () => {
    const strategy = strategyOf();
    const names = Array.from({ length: 100 }, (_, number) => `visitor ${String(number)}`);
    await Promise.all(names.map(() => redirect(strategy)));
    expect(connections.opened).to.have.length(2);
    await until(() => connections.ready.length === 2, connections);
    const users = await Promise.all(names.map((name) => callback(strategy, name)));
    // Each carried on for its own visitor, though on connections that were opened for others.
    expect(users).to.deep.equal(names.map((visitor) => ({ visitor })));
    // One for each request, as all came at once, and at most a spare for either host.
    expect(Math.max(token.connections, api.connections)).to.be.at.most(101);
  });

  it('opens one connection if both requests go to one host', async () => {
    const strategy = strategyOf({ userProfileURL: token.url() });
    await redirect(strategy);
    expect(connections.opened).to.have.length(1);
    await callback(strategy);
    expect(token.requests[0]).to.equal('POST on 1');
  });

  it('opens none to the API if profiles are never fetched', async () => {
    await redirect(strategyOf({ skipUserProfile: true }));
    expect(connections.targets).to.deep.equal([`localhost:${String(token.port)}`]);
  });

  for (const way of ['option', 'setAgent'] as const) {
    it(`opens none ahead, and sends everything through a proxy, if the app gives its agent by ${way}`, async () => {
      const proxy = await Proxy.start();
      const agent = new HttpsProxyAgent(proxy.url) as unknown as https.Agent;
      const strategy = strategyOf(way === 'option' ? { agent } : {});
      const { _oauth2 } = strategy as unknown as { _oauth2: { setAgent(agent: https.Agent): void } };
      if (way === 'setAgent') _oauth2.setAgent(agent);
      await redirect(strategy);
      expect(connections.opened).to.be.empty;
      await callback(strategy);
      expect(proxy.connects).to.deep.equal([token, api].map(({ port }) => `localhost:${String(port)}`));
      expect([token.connections, api.connections]).to.deep.equal([1, 1]);
      connections.stop();
      await proxy.stop();
    });
  }
});
