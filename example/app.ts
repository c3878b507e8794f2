import path from 'node:path';
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Store } from 'express-session';
import type { DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { auth } from './auth';
import { explain, FailedLogin, notFound, type Problem } from './errors';
import { ownPath } from './own-path';
import { dataPage, errorPage, profilePage, signedOutPage, signInPage, type Button } from './pages';
import { oneHost, ownFormsOnly, securityHeaders } from './security';
import { sessions } from './sessions';
import { isUser, type User } from './user';

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
    const destination = returnTo === undefined ? undefined : ownPath(returnTo, '/profile');
    if (req.user) res.redirect(destination ?? '/profile');
    else res.send(signInPage({ denied: denied !== undefined, returnTo: destination, sandbox }));
  });
  app.get('/profile', forMembers(profilePage));
  app.get('/data', forMembers(dataPage));
  app.get('/signed-out', (req, res) => {
    if (req.user) res.redirect('/profile');
    else res.send(signedOutPage());
  });

  app.use((req, res) => {
    tell(notFound, req, res);
  });
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    if (error instanceof FailedLogin && error.code === 'access_denied') {
      res.redirect(`/?denied&returnTo=${encodeURIComponent(error.returnTo)}`);
      return;
    }
    const problem = explain(error);
    if (problem.status >= 500) log(error);
    if (problem.developer !== undefined) log(`${problem.title}. ${problem.developer}`);
    tell(problem, req, res);
  });
  return app;

  function tell(problem: Problem, req: Request, res: Response): void {
    const { status, retryAfter, developer, ...rest } = problem;
    if (retryAfter !== undefined) res.set('Retry-After', String(retryAfter));
    const hint = sandbox ? developer : undefined;
    res
      .status(status)
      .send(errorPage({ status, ...rest, hint, button: buttonOf(problem, req) }, Boolean(req.user)));
  }
}

/** Shows a page to whoever is signed in. Others sign in first, and then land where they were going. */
function forMembers(page: (user: User) => string): RequestHandler {
  return ({ user, originalUrl }, res) => {
    if (isUser(user)) res.send(page(user));
    else res.redirect(`/?returnTo=${encodeURIComponent(originalUrl)}`);
  };
}

function buttonOf({ button }: Problem, { method, originalUrl, user }: Request): Button {
  if (button === 'sign in') return { text: 'Sign in again', href: '/auth/dribbble' };
  if (button === 'try again' && method === 'GET') return { text: 'Try again', href: ownPath(originalUrl) };
  return user
    ? { text: 'Go to your profile', href: '/profile' }
    : { text: 'Go to the first page', href: '/' };
}
