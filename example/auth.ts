import { Router, type Request, type RequestHandler } from 'express';
import { Passport, type AuthenticateOptions } from 'passport';
import {
  DribbbleStrategy,
  type DribbbleAuthenticateOptions,
  type DribbbleProfile,
  type DribbbleStrategyOptions,
  type DribbbleTokenResponse,
  type VerifyCallback,
} from 'passport-dribbble-oauth2';
import { ownPath } from './own-path';

/** What the app knows about whoever is signed in. */
export interface User {
  profile: DribbbleProfile;
  scopes: string[];
}

/** Signing in and out. Mount it after the session. */
export function auth(options: DribbbleStrategyOptions): Router {
  const passport = new Passport();

  passport.use(
    new DribbbleStrategy(
      options,
      (
        _accessToken: string,
        _refreshToken: string,
        params: DribbbleTokenResponse,
        profile: DribbbleProfile,
        done: VerifyCallback,
      ) => {
        // With a database: find or create your user by profile.id, and hand that one to done.
        const user: User = { profile, scopes: params.scope?.split(' ') ?? [] };
        done(null, user);
      },
    ),
  );

  // With a database: keep the user's id in the session, and look the user up by it.
  passport.serializeUser((user, done) => {
    done(null, user);
  });
  passport.deserializeUser((user: User, done) => {
    done(null, user);
  });

  // Passport's types know `state` as a string only, and not what `authenticate` returns.
  const dribbble = (options: DribbbleAuthenticateOptions & Pick<AuthenticateOptions, 'failWithError'>) =>
    passport.authenticate('dribbble', options as AuthenticateOptions) as RequestHandler;

  const router = Router();
  router.use(passport.session());

  router.get('/auth/dribbble', (req, res, next) => {
    const returnTo = ownPath(req.query['returnTo'], '/profile');
    return dribbble({ state: { returnTo } })(req, res, next);
  });

  // A failed sign-in goes to the app's error page; with failureRedirect it would go elsewhere.
  router.get('/auth/dribbble/callback', dribbble({ failWithError: true }), (req, res) => {
    const { state } = req.authInfo as { state?: { returnTo: string } };
    res.redirect(ownPath(state?.returnTo, '/profile'));
  });

  router.post('/auth/sign-out', (req, res, next) => {
    req.logout((error) => {
      if (error) next(error);
      else res.redirect('/signed-out');
    });
  });

  return router;
}

/** Lets past whoever is signed in. Others sign in first, and then land where they were going. */
export const requireLogin: RequestHandler = (req, res, next) => {
  if (req.isAuthenticated()) next();
  else res.redirect(`/?returnTo=${encodeURIComponent(req.originalUrl)}`);
};

/** Who is signed in, on a page behind requireLogin. */
export const userOf = (req: Request) => req.user as User;
