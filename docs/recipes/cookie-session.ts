// #region import
import cookieSession from 'cookie-session';
// #endregion
import express from 'express';
import passport from 'passport';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

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
// #region shim
app.use(cookieSession({ keys: [process.env.SESSION_SECRET!], sameSite: 'lax' }));
// Passport 0.6 and later call these two, which cookie-session does not have: a session that lives in the cookie is
// new once it is emptied, and saved with the response.
app.use((req, res, next) => {
  const cookie: Record<string, any> | null | undefined = req.session;
  if (cookie) {
    const regenerate = (done: () => void) => {
      for (const key of Object.keys(cookie)) delete cookie[key];
      done();
    };
    const save = (done: () => void) => done();
    Object.defineProperties(cookie, { regenerate: { value: regenerate }, save: { value: save } });
  }
  next();
});
// #endregion
app.use(passport.session());

app.get('/auth/dribbble', passport.authenticate('dribbble'));
app.get(
  '/auth/dribbble/callback',
  passport.authenticate('dribbble', { successRedirect: '/', failureRedirect: '/sign-in' }),
);
app.get('/', (req, res) => {
  res.json(req.user ?? {});
});
app.listen(3000);
