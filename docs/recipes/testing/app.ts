import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

// #region strategy
const { DRIBBBLE_URL = 'https://dribbble.com', DRIBBBLE_API_URL = 'https://api.dribbble.com' } = process.env;

passport.use(
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: '/auth/dribbble/callback',
      authorizationURL: `${DRIBBBLE_URL}/oauth/authorize`,
      tokenURL: `${DRIBBBLE_URL}/oauth/token`,
      userProfileURL: `${DRIBBBLE_API_URL}/v2/user`,
    },
    async (accessToken, refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
  ),
);
// #endregion
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

export const app = express();
app.use(session({ secret: process.env.SESSION_SECRET!, resave: false, saveUninitialized: false }));
app.use(passport.session());

app.get('/auth/dribbble', passport.authenticate('dribbble'));
app.get(
  '/auth/dribbble/callback',
  passport.authenticate('dribbble', { successRedirect: '/', failureRedirect: '/sign-in' }),
);
app.get('/', (req, res) => {
  res.json(req.user ?? {});
});
app.get('/sign-in', (req, res) => {
  res.status(401).send('Sign in with Dribbble.');
});
