/** One login, at a fake Dribbble; prints what must stay secret. */
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { authenticate, expectKind } from './authenticate';
import { CODE, FakeDribbble, TOKEN } from './fake-dribbble';

void (async () => {
  const dribbble = await FakeDribbble.start();
  const strategy = new DribbbleStrategy(
    {
      clientID: 'the-id',
      clientSecret: 'the-client-secret',
      callbackURL: 'http://localhost:3000/callback',
      ...dribbble.endpoints,
    },
    (_accessToken, _refreshToken, profile) => profile,
  );
  const session = {};
  const { url } = expectKind(await authenticate(strategy, { session }), 'redirect');
  const state = url.searchParams.get('state');
  expectKind(await authenticate(strategy, { session, query: { code: CODE, state } }), 'success');
  expectKind(await authenticate(strategy, { session, query: { code: CODE, state } }), 'fail');
  const form = new URLSearchParams(dribbble.received.find(({ method }) => method === 'POST')?.body);
  const secrets = [state, CODE, TOKEN.access_token, form.get('code_verifier'), 'the-client-secret'];
  process.stdout.write(JSON.stringify(secrets), () => process.exit());
})();
