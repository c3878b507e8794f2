import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { DribbbleStrategy, type DribbbleProfile } from 'passport-dribbble-oauth2';

interface Account {
  dribbbleId: string;
  accessToken: string;
}
/** Stands for your database: the Dribbble account of each of your users. */
const accounts = new Map<string, Account>();

passport.use(
  'link-dribbble',
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: '/link/dribbble/callback',
    },
    // What you return is req.account; req.user stays who it is.
    async (accessToken: string, refreshToken: string | undefined, profile: DribbbleProfile) => ({
      dribbbleId: profile.id,
      accessToken,
    }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET!, resave: false, saveUninitialized: false }));
app.use(passport.session());

// Stands for the way that people sign in to your app already.
app.get('/sign-in/:id', (req, res, next) => {
  req.logIn({ id: req.params.id }, (error) => (error ? next(error) : res.redirect('/')));
});

const signedInOnly: express.RequestHandler = (req, res, next) => {
  if (req.isAuthenticated()) next();
  else res.status(401).send('Sign in first.');
};
app.get('/link/dribbble', signedInOnly, passport.authorize('link-dribbble'));
app.get(
  '/link/dribbble/callback',
  signedInOnly,
  passport.authorize('link-dribbble', { failureRedirect: '/' }),
  (req, res) => {
    const { user, account } = req as unknown as { user: { id: string }; account: Account };
    accounts.set(user.id, account);
    res.redirect('/');
  },
);
app.get('/', (req, res) => {
  const user = req.user as { id: string } | undefined;
  res.json({ user, linked: user && accounts.get(user.id)?.dribbbleId });
});
app.listen(3000);
