import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { ownPath } from '../../example/own-path';

passport.use(
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: '/auth/dribbble/callback',
    },
    async (accessToken, refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET!, resave: false, saveUninitialized: false }));
app.use(passport.session());

// #region routes
app.get('/auth/dribbble', (req, res, next) => {
  const state = ownPath(req.query.returnTo);
  passport.authenticate('dribbble', { state })(req, res, next);
});
app.get(
  '/auth/dribbble/callback',
  passport.authenticate('dribbble', { failureRedirect: '/' }),
  (req, res) => {
    const { state } = req.authInfo as { state?: string };
    res.redirect(state ?? '/');
  },
);
// #endregion
app.use((req, res) => {
  res.json({ path: req.originalUrl, user: req.user });
});
app.listen(3000);
