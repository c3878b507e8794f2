import { expect } from 'chai';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { AuthorizationCode } from 'simple-oauth2';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';

const CALLBACK = 'http://localhost:3000/callback';

/** That the sandbox is true to the protocol is for clients to say that know nothing of it. */
describe('The sandbox', () => {
  let dribbble: Sandbox;
  before(async () => {
    dribbble = await startSandbox({ callbackURL: CALLBACK });
  });
  beforeEach(() => {
    dribbble.signInAs('maya');
  });
  afterEach(() => dribbble.reset());
  after(() => dribbble.close());

  /** Where the person is sent back to. */
  async function redirect(url: URL | string): Promise<URL> {
    const response = await fetch(url, { redirect: 'manual' });
    return new URL(response.headers.get('location') ?? '');
  }

  const reasonOf = (rejected: Promise<unknown>) => rejected.catch((reason: unknown) => reason);

  /** The authorization server, as metadata. */
  const server = () => ({
    issuer: dribbble.url,
    authorization_endpoint: dribbble.options.authorizationURL,
    token_endpoint: dribbble.options.tokenURL,
  });

  function openidConfiguration(): openid.Configuration {
    const { clientID, clientSecret } = dribbble.options;
    const config = new openid.Configuration(server(), clientID, {}, openid.ClientSecretPost(clientSecret));
    openid.allowInsecureRequests(config);
    return config;
  }

  it('signs somebody in for openid-client, with PKCE, and refuses the code a second time', async () => {
    const config = openidConfiguration();
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const state = openid.randomState();
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'public upload',
      state,
      code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    const back = await redirect(url);
    const checks = { pkceCodeVerifier, expectedState: state };
    const tokens = await openid.authorizationCodeGrant(config, back, checks);
    expect(tokens).to.include({ token_type: 'bearer', scope: 'public upload' });
    const user = await openid.fetchProtectedResource(
      config,
      tokens.access_token,
      new URL(dribbble.options.userProfileURL),
      'GET',
    );
    expect(await user.json()).to.include({ login: 'maya' });

    const error = await reasonOf(openid.authorizationCodeGrant(config, back, checks));
    expect(error).to.be.instanceOf(openid.ResponseBodyError);
    expect(error).to.include({ error: 'invalid_grant', status: 400 });
  });

  it('tells openid-client that the person said no', async () => {
    dribbble.deny();
    const config = openidConfiguration();
    const back = await redirect(openid.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, state: 'x' }));
    const error = await reasonOf(openid.authorizationCodeGrant(config, back, { expectedState: 'x' }));
    expect(error).to.be.instanceOf(openid.AuthorizationResponseError).and.include({ error: 'access_denied' });
  });

  it('signs somebody in for oauth4webapi, and refuses the code a second time', async () => {
    const { clientID, clientSecret, authorizationURL, userProfileURL } = dribbble.options;
    const client = { client_id: clientID };
    const insecure = { [oauth.allowInsecureRequests]: true };
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const query = new URLSearchParams({
      client_id: clientID,
      response_type: 'code',
      redirect_uri: CALLBACK,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const back = oauth.validateAuthResponse(
      server(),
      client,
      await redirect(`${authorizationURL}?${query.toString()}`),
      state,
    );
    const exchange = async () =>
      oauth.processAuthorizationCodeResponse(
        server(),
        client,
        await oauth.authorizationCodeGrantRequest(
          server(),
          client,
          oauth.ClientSecretPost(clientSecret),
          back,
          CALLBACK,
          verifier,
          insecure,
        ),
      );
    const { access_token } = await exchange();
    const user = await oauth.protectedResourceRequest(
      access_token,
      'GET',
      new URL(userProfileURL),
      undefined,
      undefined,
      insecure,
    );
    expect(await user.json()).to.include({ login: 'maya' });

    expect(await reasonOf(exchange()))
      .to.be.instanceOf(oauth.ResponseBodyError)
      .and.include({ error: 'invalid_grant', status: 400 });
  });

  it('signs somebody in for simple-oauth2, without PKCE', async () => {
    const { clientID: id, clientSecret: secret, userProfileURL } = dribbble.options;
    const client = new AuthorizationCode({
      client: { id, secret },
      auth: {
        tokenHost: new URL(dribbble.options.tokenURL).origin,
        authorizeHost: dribbble.url,
        tokenPath: '/oauth/token',
        authorizePath: '/oauth/authorize',
      },
      options: { authorizationMethod: 'body' },
    });
    const back = await redirect(client.authorizeURL({ redirect_uri: CALLBACK, scope: 'public', state: 'x' }));
    const code = back.searchParams.get('code') ?? '';
    const { token } = await client.getToken({ code, redirect_uri: CALLBACK });
    expect(token).to.include({ token_type: 'Bearer', scope: 'public' });
    const user = await fetch(userProfileURL, {
      headers: { authorization: `Bearer ${String(token.access_token)}` },
    });
    expect(await user.json()).to.include({ login: 'maya' });
  });
});
