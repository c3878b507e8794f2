import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

passport.use(
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: 'http://localhost:3000/auth/dribbble/callback',
    },
    // Find or create your user by profile.id here. What you return is req.user.
    async (accessToken, refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET!, resave: false, saveUninitialized: false }));
app.use(passport.session());

app.get('/auth/dribbble', passport.authenticate('dribbble'));
app.get(
  '/auth/dribbble/callback',
  passport.authenticate('dribbble', { successRedirect: '/', failureRedirect: '/', failureMessage: true }),
);
app.get('/', (req, res) => {
  // Why the last login failed, if it did.
  const { messages } = req.session as { messages?: string[] };
  res.json(req.user ?? messages?.pop() ?? 'Sign in at /auth/dribbble');
});
app.listen(3000);
