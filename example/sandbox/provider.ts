import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { speakLikeDribbble, words } from './doorkeeper';
import { loadProvider } from './load-provider';
import { Memory } from './memory';
import { refusalPage } from './pages';

export interface Application {
  clientID: string;
  clientSecret: string;
  /** The one URL registered with it. */
  callbackURL: string;
}

const scopes = ['public', 'upload'];
const day = 24 * 60 * 60;
const long = 14 * day;

/** oidc-provider, told to behave as Dribbble does with the one application it knows. */
export async function createProvider(issuer: string, application: Application): Promise<Provider> {
  const { Provider, errors, interactionPolicy } = await loadProvider();

  const consent = new interactionPolicy.Prompt(
    { name: 'consent', requestable: true },
    new interactionPolicy.Check('ask', 'every visit asks', ({ oidc, query }) => {
      const unknown = scopesIn(query['scope']).find((scope) => !scopes.includes(scope));
      if (unknown !== undefined) throw new errors.InvalidScope('unknown', unknown);
      return !oidc.result?.login;
    }),
  );

  const provider = new Provider(issuer, {
    ...settings(),
    clients: [
      {
        client_id: application.clientID,
        client_secret: application.clientSecret,
        redirect_uris: [application.callbackURL],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    interactions: { policy: [consent], url: (_ctx, { uid }) => `/sandbox/consent/${uid}` },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    // Whoever authorizes the application grants all it asked for, as on Dribbble.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        accountId: oidc.account?.accountId,
        clientId: oidc.client?.clientId,
      });
      grant.addOIDCScope(String(oidc.params?.['scope']));
      await grant.save();
      return grant;
    },
    renderError: (ctx, { error, state }) => {
      if (error === 'invalid_redirect_uri' && ctx.oidc.client) {
        const back = new URL(application.callbackURL);
        back.searchParams.set('error', 'redirect_uri_mismatch');
        if (state !== undefined) back.searchParams.set('state', state);
        ctx.redirect(back.href);
      } else {
        ctx.type = 'html';
        ctx.body = refusalPage(words[error] ?? `The request was refused: ${error}.`);
      }
    },
  });

  provider.use(async (ctx, next) => {
    if (scopesIn(ctx.query['scope']).length === 0) ctx.query = { ...ctx.query, scope: 'public' };
    await next();
    // Only the provider's own routes are sent here, and they put `oidc` into the context.
    speakLikeDribbble(ctx as KoaContextWithOIDC);
  });
  return provider;
}

function scopesIn(parameter: string | string[] | undefined): string[] {
  return String(parameter ?? '')
    .split(' ')
    .filter(Boolean);
}

function settings(): Configuration {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    adapter: Memory,
    routes: { authorization: '/oauth/authorize', token: '/oauth/token' },
    scopes,
    responseTypes: ['code'],
    pkce: { required: () => false },
    allowOmittingSingleRegisteredRedirectUri: true,
    expiresWithSession: () => false,
    ttl: { AccessToken: long, AuthorizationCode: 600, Grant: long, Interaction: day, Session: day },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
    },
    jwks: { keys: [privateKey.export({ format: 'jwk' })] },
    cookies: {
      keys: [randomBytes(32).toString('hex')],
      // All ports of a host share its cookies: these must not be taken for the application's.
      names: { session: 'sandbox.session', interaction: 'sandbox.interaction', resume: 'sandbox.resume' },
      // A path nobody visits. The browser never shows the session again, so every visit asks who is there.
      long: { httpOnly: true, sameSite: 'lax', path: '/sandbox/forgotten' },
      short: { httpOnly: true, sameSite: 'lax' },
    },
  };
}
