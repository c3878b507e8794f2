import { Router } from 'express';
import { Passport } from 'passport';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import type { DribbbleStrategyOptions, DribbbleVerifyFunctionWithParams } from 'passport-dribbble-oauth2';
import { FailedLogin } from './errors';
import { ownPath } from './own-path';
import { isUser, userFrom } from './user';

const verify: DribbbleVerifyFunctionWithParams = (_accessToken, _refreshToken, params, profile, done) => {
  // With a database: find or create your user by profile.id, and pass that to done.
  done(null, userFrom(profile, params.scope));
};

/** Signing in and out. Mount it after the session. */
export function auth(options: DribbbleStrategyOptions): Router {
  const passport = new Passport();
  passport.use(new DribbbleStrategy(options, verify));
  // With a database: keep the user's id in the session, and look the user up by it.
  passport.serializeUser((user, done) => {
    done(null, user);
  });
  passport.deserializeUser((user, done) => {
    done(null, isUser(user) && user);
  });

  const router = Router();
  router.use(passport.session());

  // The page that the person was going to travels along as state.
  router.get('/auth/dribbble', (req, res, next) => {
    const state = ownPath(req.query['returnTo'], '/profile');
    passport.authenticate('dribbble', { state })(req, res, next);
  });

  // A callback of its own, in place of failureRedirect, knows why a login failed and where the person was going.
  router.get('/auth/dribbble/callback', (req, res, next) => {
    passport.authenticate('dribbble', {}, (error: unknown, user, info) => {
      const returnTo = ownPath(info instanceof Object && 'state' in info && info.state, '/profile');
      const finish = (failure?: unknown): void => {
        if (failure) next(failure);
        else res.redirect(returnTo);
      };
      const failed = new FailedLogin(info, returnTo);
      if (error) finish(error);
      else if (user) req.logIn(user, finish);
      // Two tabs: the one that finished first signed the person in, in a new session without the other's state.
      else finish(failed.code === 'state_unknown' && req.user ? undefined : failed);
    })(req, res, next);
  });

  router.post('/auth/sign-out', (req, res, next) => {
    req.logout((error) => {
      if (error) next(error);
      else res.redirect('/signed-out');
    });
  });
  return router;
}
