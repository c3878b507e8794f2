import express, { type ErrorRequestHandler } from 'express';
import session from 'express-session';
import passport from 'passport';
import { DribbbleStrategy, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';

/** `options` are the ones that differ in a test. */
function createStrategy(options: Partial<DribbbleStrategyOptions>): DribbbleStrategy {
  return new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID ?? '',
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET ?? '',
      callbackURL: '/auth/dribbble/callback',
      ...options,
    },
    async (accessToken, refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
  );
}

export function createApp(options: Partial<DribbbleStrategyOptions> = {}): express.Express {
  passport.use(createStrategy(options));
  return express().use(routes);
}
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const routes = express.Router();
routes.use(session({ secret: 'for this page', resave: false, saveUninitialized: false }));
routes.use(passport.session());
routes.get('/auth/dribbble', passport.authenticate('dribbble'));
routes.get(
  '/auth/dribbble/callback',
  passport.authenticate('dribbble', { successRedirect: '/', failureRedirect: '/sign-in' }),
);
routes.get('/', (req, res) => {
  res.json(req.user ?? {});
});
routes.get('/sign-in', (req, res) => {
  res.status(401).send('You are not signed in.');
});
routes.use(((error: { status?: number }, req, res, next) => {
  res.status(error.status ?? 500).send('Dribbble cannot be reached. Please try again later.');
}) satisfies ErrorRequestHandler);
