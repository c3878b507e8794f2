import path from 'node:path';
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Store } from 'express-session';
import type { DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { auth, requireLogin, userOf } from './auth';
import { explain, notFound } from './errors';
import { ownPath } from './own-path';
import { errorPage, profilePage, signedOutPage, signInPage, studioPage } from './pages';
import { oneHost, ownFormsOnly, securityHeaders } from './security';
import { sessions } from './sessions';

export interface AppOptions {
  /** Where people find the app, such as https://courtside.example. */
  baseURL: string;
  /** The application's credentials, and other endpoints than Dribbble's where it is not Dribbble. */
  dribbble: Omit<DribbbleStrategyOptions, 'callbackURL'>;
  sessionSecret: string;
  /** Where sessions are kept; in memory if left out. */
  sessionStore?: Store | undefined;
  /** Which proxies to believe, as Express's setting of that name. */
  trustProxy?: number | string | boolean;
  sandbox?: boolean;
  log?: (error: unknown) => void;
}

export const callbackURL = (baseURL: string) => new URL('/auth/dribbble/callback', baseURL).href;

export function createApp({
  baseURL,
  dribbble,
  sessionSecret,
  sessionStore,
  trustProxy = false,
  sandbox = false,
  log = console.error,
}: AppOptions): Express {
  const app = express();
  app.set('trust proxy', trustProxy);

  app.use(securityHeaders(dribbble.authorizationURL));
  app.use(oneHost(new URL(baseURL)));
  app.use(express.static(path.join(__dirname, 'public'), { maxAge: '1h' }));
  // Pages differ from person to person: nothing in between keeps them.
  app.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  app.use(sessions(baseURL, sessionSecret, sessionStore));
  app.use(ownFormsOnly);
  app.use(auth({ ...dribbble, callbackURL: callbackURL(baseURL) }));

  app.get('/', (req, res) => {
    const { denied, returnTo } = req.query;
    if (req.isAuthenticated()) {
      res.redirect('/profile');
      return;
    }
    res.send(
      signInPage({
        denied: denied !== undefined,
        returnTo: returnTo === undefined ? undefined : ownPath(returnTo, '/profile'),
        sandbox,
      }),
    );
  });
  app.get('/profile', requireLogin, (req, res) => {
    res.send(profilePage(userOf(req)));
  });
  app.get('/studio', requireLogin, (req, res) => {
    res.send(studioPage(userOf(req)));
  });
  app.get('/signed-out', (_req, res) => {
    res.send(signedOutPage());
  });

  app.use((req, res) => {
    res.status(notFound.status).send(errorPage(notFound, req.isAuthenticated()));
  });
  app.use(errors(log));
  return app;
}

function errors(log: (error: unknown) => void): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    // The query decides what is said, not who is signed in, so anybody may write it.
    if ((error as Error).name === 'AuthenticationError' && req.query['error'] === 'access_denied') {
      res.redirect('/?denied');
      return;
    }
    const problem = explain(error);
    if (problem.status >= 500) log(error);
    if (problem.retryAfter !== undefined) res.set('Retry-After', String(problem.retryAfter));
    res.status(problem.status).send(errorPage(problem, Boolean(req.user)));
  };
}
