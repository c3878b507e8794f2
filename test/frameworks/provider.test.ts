import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { expect } from 'chai';
import type { RequestHandler } from 'express';
// Version 8, the last one that Node 20 runs as it is.
import { Provider, type Configuration } from 'oidc-provider';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { Browser } from '../support/browser';
import { hostOf, listen } from '../support/servers';
import { EXPRESS, makeApp, serve } from './support/express';

const CLIENT = { client_id: 'the-client-id', client_secret: 'the-client-secret' };

/** An authorization server that somebody else wrote: it asks for PKCE and sends `iss`, which Dribbble may once do. */
function configure(redirectURI: string): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    clients: [
      {
        ...CLIENT,
        redirect_uris: [redirectURI],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: ['public'],
    pkce: { methods: ['S256'], required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/yes/${uid}` },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        accountId: oidc.session?.accountId ?? '',
        clientId: CLIENT.client_id,
      });
      grant.addOIDCScope('public');
      await grant.save();
      return grant;
    },
    jwks: { keys: [privateKey.export({ format: 'jwk' })] },
    cookies: { keys: ['a key of this test'] },
  } as Configuration;
}

describe('DribbbleStrategy', () => {
  it("signs somebody in at oidc-provider, which asks for PKCE and sends its issuer's name", async () => {
    const { app, passport } = makeApp(EXPRESS[0][1]);
    const running = await serve(app);
    const server = await listen(createServer());
    const issuer = `http://${hostOf(server)}`;
    const provider = new Provider(issuer, configure(`${running.url}/callback`));
    const handle = provider.callback() as RequestListener;
    server.on('request', (req, res) => {
      const [, token] = /^Bearer (\S+)$/.exec(req.headers.authorization ?? '') ?? [];
      if (req.url === '/v2/user') {
        void provider.AccessToken.find(token ?? '').then((found) => {
          res.writeHead(found ? 200 : 401, { 'Content-Type': 'application/json' });
          res.end(JSON.stringify({ id: found?.accountId, login: 'maya' }));
        });
      } else if (req.url?.startsWith('/yes/')) {
        void provider.interactionFinished(req, res, { login: { accountId: '7' } });
      } else {
        handle(req, res);
      }
    });
    passport.use(
      new DribbbleStrategy(
        {
          clientID: CLIENT.client_id,
          clientSecret: CLIENT.client_secret,
          callbackURL: '/callback',
          scope: 'public',
          authorizationURL: `${issuer}/auth`,
          tokenURL: `${issuer}/token`,
          userProfileURL: `${issuer}/v2/user`,
        },
        (_accessToken, _refreshToken, profile) => ({ id: profile.id, username: profile.username }),
      ),
    );
    let query: unknown;
    app.get('/login', passport.authenticate('dribbble') as RequestHandler);
    app.get('/callback', passport.authenticate('dribbble') as RequestHandler, (req, res) => {
      query = req.query;
      res.json(req.user);
    });
    try {
      const { body } = await new Browser().open(`${running.url}/login`);
      expect(JSON.parse(body)).to.deep.equal({ id: '7', username: 'maya' });
      expect(query).to.include({ iss: issuer });
    } finally {
      server.closeAllConnections();
      server.close();
      await running.stop();
    }
  });
});
