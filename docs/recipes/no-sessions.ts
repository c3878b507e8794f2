import express from 'express';
import passport from 'passport';
import { CookieStateStore, DribbbleStrategy } from 'passport-dribbble-oauth2';

passport.use(
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: '/auth/dribbble/callback',
      store: new CookieStateStore({ secret: process.env.STATE_SECRET! }),
    },
    async (accessToken, refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
  ),
);

const app = express();
app.get('/auth/dribbble', passport.authenticate('dribbble', { session: false }));
app.get('/auth/dribbble/callback', passport.authenticate('dribbble', { session: false }), (req, res) => {
  // Issue what your API asks for here, such as a JWT for req.user.
  res.json(req.user);
});
app.listen(3000);
