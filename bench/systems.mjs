// Systems that are no strategies for Passport, each in a small app of its own, made as its documentation says. Each is
// given the app's own `url` and what it has to know of Dribbble; `show`, which responds with whoever is signed in, on
// the page at which a login ends; and `log` for the errors that it tells the app of.
import express from 'express';
import session from 'express-session';

const SECRET = 'a secret of the app that only its instances know';

export const SYSTEMS = {
  '@auth/express': async ({ dribbble, show, log }) => {
    const { ExpressAuth, getSession } = await import('@auth/express');
    const { default: Dribbble } = await import('@auth/express/providers/dribbble');
    const config = {
      secret: SECRET,
      trustHost: true,
      providers: [
        Dribbble({
          clientId: dribbble.clientID,
          clientSecret: dribbble.clientSecret,
          authorization: dribbble.authorizationURL,
          token: dribbble.tokenURL,
          userinfo: dribbble.userProfileURL,
          checks: ['pkce', 'state'],
        }),
      ],
      callbacks: {
        jwt: ({ token, account }) => (account ? { ...token, id: account.providerAccountId } : token),
        session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.id } }),
      },
      logger: { error: log },
    };
    const app = express();
    app.use('/auth', ExpressAuth(config));
    app.get('/', async (req, res) => {
      const current = await getSession(req, config);
      show(res, current?.user);
    });
    return { app, signIn: '/auth/signin' };
  },

  'better-auth': async ({ url, dribbble, show, log }) => {
    const { betterAuth } = await import('better-auth');
    const { memoryAdapter } = await import('better-auth/adapters/memory');
    const { fromNodeHeaders, toNodeHandler } = await import('better-auth/node');
    const { genericOAuth } = await import('better-auth/plugins');
    const auth = betterAuth({
      baseURL: url,
      secret: SECRET,
      database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
      plugins: [
        genericOAuth({
          config: [
            {
              providerId: 'dribbble',
              clientId: dribbble.clientID,
              clientSecret: dribbble.clientSecret,
              authorizationUrl: dribbble.authorizationURL,
              tokenUrl: dribbble.tokenURL,
              userInfoUrl: dribbble.userProfileURL,
              // It needs an address, which Dribbble does not promise.
              mapProfileToUser: ({ id }) => ({ email: `${String(id)}@dribbble.invalid` }),
            },
          ],
        }),
      ],
      logger: { log: (level, ...said) => level === 'error' && log(said) },
    });
    const app = express();
    app.all('/api/auth/{*path}', toNodeHandler(auth));
    app.get('/login', async (req, res) => {
      const { headers, response } = await auth.api.signInSocial({
        body: { provider: 'dribbble', callbackURL: '/' },
        headers: fromNodeHeaders(req.headers),
        returnHeaders: true,
      });
      res.append('Set-Cookie', headers.getSetCookie()).redirect(response.url);
    });
    app.get('/', async (req, res) => {
      const headers = fromNodeHeaders(req.headers);
      const current = await auth.api.getSession({ headers });
      if (!current) return show(res);
      const [{ accountId }] = await auth.api.listUserAccounts({ headers });
      return show(res, { id: accountId, name: current.user.name });
    });
    return { app, signIn: '/login' };
  },

  grant: async ({ url, dribbble, show, log }) => {
    const { default: grant } = await import('grant');
    const config = {
      defaults: { origin: url, transport: 'session', state: true, pkce: true },
      dribbble: {
        key: dribbble.clientID,
        secret: dribbble.clientSecret,
        authorize_url: dribbble.authorizationURL,
        access_url: dribbble.tokenURL,
        profile_url: dribbble.userProfileURL,
        response: ['tokens', 'profile'],
        callback: '/',
      },
    };
    const app = express();
    app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
    app.use(express.urlencoded({ extended: true }));
    app.use(grant.express({ config, request: { timeout: dribbble.timeout } }));
    app.get('/', (req, res) => {
      const { error, profile } = req.session.grant?.response ?? { error: 'nobody' };
      const failure = error ?? profile.error;
      if (failure) {
        log(failure);
        show(res);
      } else show(res, { id: String(profile.id), name: profile.name });
    });
    return { app, signIn: '/connect/dribbble' };
  },
};
