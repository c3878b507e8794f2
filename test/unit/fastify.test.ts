import { expect } from 'chai';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { authenticate, expectKind, type FakeRequest, type Outcome } from '../support/authenticate';
import { FakeDribbble } from '../support/fake-dribbble';

/** What is particular to one framework's requests; whole logins in each are in test/frameworks. */
describe('DribbbleStrategy with a request of Fastify', () => {
  let dribbble: FakeDribbble;
  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
  });
  afterEach(() => dribbble.stop());

  function strategy(options = {}): DribbbleStrategy {
    return new DribbbleStrategy(
      { clientID: 'the-id', clientSecret: 'the-secret', ...dribbble.endpoints, ...options },
      (_accessToken, _refreshToken, profile) => profile,
    );
  }

  for (const [what, options, socket, headers, expected] of [
    ['over http', {}, {}, {}, 'http://app.test/callback'],
    ['over https', {}, { encrypted: true }, {}, 'https://app.test/callback'],
    [
      'behind a proxy',
      { proxy: true },
      {},
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'www.app.test' },
      'https://www.app.test/callback',
    ],
  ] as const) {
    it(`resolves a path by the socket, as there is no connection, ${what}`, async () => {
      const outcome = await authenticate(strategy({ callbackURL: '/callback', ...options }), {
        connection: undefined,
        socket,
        headers: { host: 'app.test', ...headers },
      });
      expect(expectKind(outcome, 'redirect').url.searchParams.get('redirect_uri')).to.equal(expected);
    });
  }

  describe('with a session in a cookie that is written only after an assignment', () => {
    let cookie: string;
    beforeEach(() => {
      cookie = '{}';
    });

    /** As @fastify/secure-session does it. */
    async function visit(request: FakeRequest = {}): Promise<Outcome> {
      const content = JSON.parse(cookie) as Record<string, unknown>;
      const assigned = new Set<string | symbol>();
      const session = new Proxy(content, {
        set(target, name, value) {
          assigned.add(name);
          return Reflect.set(target, name, value);
        },
        deleteProperty: () => true,
      });
      const outcome = await authenticate(strategy(), { session, ...request });
      if (assigned.size > 0) cookie = JSON.stringify(content);
      return outcome;
    }
    async function begin(): Promise<string | null> {
      return expectKind(await visit(), 'redirect').url.searchParams.get('state');
    }

    it('signs in somebody who began twice', async () => {
      await begin();
      const state = await begin();
      expectKind(await visit({ query: { code: 'the-code', state } }), 'success');
    });

    it('accepts a state once', async () => {
      const state = await begin();
      expectKind(await visit({ query: { code: 'the-code', state } }), 'success');
      expectKind(await visit({ query: { code: 'the-code', state } }), 'fail');
    });

    it('goes on with a login after a forged state', async () => {
      const state = await begin();
      expectKind(await visit({ query: { code: 'the-code', state: 'forged' } }), 'fail');
      expect(dribbble.received).to.be.empty;
      expectKind(await visit({ query: { code: 'the-code', state } }), 'success');
    });
  });
});
