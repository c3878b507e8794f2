import { randomBytes } from 'node:crypto';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { DribbbleStrategy, type DribbbleProfile } from 'passport-dribbble-oauth2';

interface Account {
  dribbbleId: string;
  username: string | undefined;
  accessToken: string;
}
declare module 'express-session' {
  interface SessionData {
    csrf: string;
    /** Authorized on Dribbble, not confirmed here yet. */
    account: Account;
  }
}
/** In place of your database: the Dribbble account of each of your users. */
const accounts = new Map<string, Account>();

passport.use(
  'link-dribbble',
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: '/link/dribbble/callback',
      // A key of its own, so that a login begun to sign in can't end as a link.
      sessionKey: 'link-dribbble',
    },
    // What you return is req.account; req.user stays who it is.
    async (accessToken: string, refreshToken: string | undefined, profile: DribbbleProfile) => ({
      dribbbleId: profile.id,
      username: profile.username,
      accessToken,
    }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET!, resave: false, saveUninitialized: false }));
app.use(passport.session());

// In place of the way people sign in to your app.
app.get('/sign-in/:id', (req, res, next) => {
  req.logIn({ id: req.params.id }, (error) => (error ? next(error) : res.redirect('/')));
});

const signedInOnly: express.RequestHandler = (req, res, next) => {
  if (req.isAuthenticated()) next();
  else res.status(401).send('Sign in first.');
};
// In place of the CSRF check of your other forms.
const form = (req: express.Request, action: string, button: string): string => {
  const csrf = (req.session.csrf ??= randomBytes(24).toString('base64url'));
  return `<form method="post" action="${action}"><input type="hidden" name="csrf" value="${csrf}"><button>${button}</button></form>`;
};
const ownFormOnly: express.RequestHandler = (req, res, next) => {
  const { csrf } = (req.body ?? {}) as { csrf?: unknown };
  if (csrf !== undefined && csrf === req.session.csrf) next();
  else res.status(403).send('Go back and press the button again.');
};
app.use('/link', express.urlencoded(), signedInOnly);

app.get('/link', (req, res) => {
  res.send(form(req, '/link/dribbble', 'Link my Dribbble account'));
});
app.post('/link/dribbble', ownFormOnly, passport.authorize('link-dribbble'));
app.get(
  '/link/dribbble/callback',
  passport.authorize('link-dribbble', { failureRedirect: '/link' }),
  (req, res) => {
    req.session.account = (req as unknown as { account: Account }).account;
    res.redirect('/link/confirm');
  },
);
app.get('/link/confirm', (req, res) => {
  const { username = '', dribbbleId = '' } = req.session.account ?? {};
  // Text from Dribbble is shown only if it can't contain HTML.
  const name = [username, dribbbleId].find((text) => /^[\w-]+$/.test(text));
  if (name === undefined) res.redirect('/link');
  else res.send(`<p>Link the Dribbble account ${name}?</p>${form(req, '/link/confirm', 'Link it')}`);
});
app.post('/link/confirm', ownFormOnly, (req, res) => {
  const { account } = req.session;
  if (account) accounts.set((req.user as { id: string }).id, account);
  delete req.session.account;
  res.redirect('/');
});
app.get('/', (req, res) => {
  const user = req.user as { id: string } | undefined;
  res.json({ user, linked: user && accounts.get(user.id)?.dribbbleId });
});
app.listen(3000);
