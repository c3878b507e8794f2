import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

const { env } = process;
passport.use(
  new DribbbleStrategy(
    {
      clientID: env.DRIBBBLE_CLIENT_ID,
      clientSecret: env.DRIBBBLE_CLIENT_SECRET,
      callbackURL: 'http://localhost:3000/auth/dribbble/callback',
      // Where these are not set, Dribbble's own are used.
      authorizationURL: env.DRIBBBLE_AUTHORIZATION_URL,
      tokenURL: env.DRIBBBLE_TOKEN_URL,
      userProfileURL: env.DRIBBBLE_USER_PROFILE_URL,
    },
    async (accessToken, refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: 'change me', resave: false, saveUninitialized: false }));
app.use(passport.session());
app.get('/auth/dribbble', passport.authenticate('dribbble'));
app.get(
  '/auth/dribbble/callback',
  passport.authenticate('dribbble', { successRedirect: '/', failureRedirect: '/' }),
);
app.get('/', (req, res) => {
  res.type('text').send(req.user ? `Hello, ${req.user.name}` : 'Sign in at /auth/dribbble');
});
app.listen(3000);
