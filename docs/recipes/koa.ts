import Router from '@koa/router';
import Koa from 'koa';
import passport from 'koa-passport';
import session from 'koa-session';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

passport.use(
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: '/auth/dribbble/callback',
    },
    // Find or create your user by profile.id here. What you return is ctx.state.user.
    async (accessToken, refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const router = new Router();
router.get('/auth/dribbble', passport.authenticate('dribbble'));
router.get(
  '/auth/dribbble/callback',
  passport.authenticate('dribbble', { successRedirect: '/', failureRedirect: '/' }),
);
router.get('/', (ctx) => {
  ctx.body = ctx.state.user ?? {};
});

const app = new Koa();
app.keys = [process.env.SESSION_SECRET!];
app.use(session({ sameSite: 'lax' }, app));
app.use(passport.initialize());
app.use(passport.session());
app.use(router.routes());
app.listen(3000);
