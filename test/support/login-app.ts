import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { CookieStateStore, DribbbleStrategy } from 'passport-dribbble-oauth2';
import { Browser, type Page } from './browser';
import { FakeDribbble } from './fake-dribbble';

/** What an app is free to choose of how it reads requests and keeps the state. */
export interface Setup {
  parser: 'simple' | 'extended';
  store: 'session' | 'cookie';
}

/** An app as most are, and the Dribbble that it signs people in with. */
export interface LoginApp {
  dribbble: FakeDribbble;
  url: string;
  stop(): Promise<void>;
}

export async function startLoginApp({ parser, store }: Setup): Promise<LoginApp> {
  const dribbble = await FakeDribbble.start();
  const passport = new Passport();
  passport.serializeUser((user, done) => {
    done(null, user);
  });
  passport.use(
    new DribbbleStrategy(
      {
        ...dribbble.endpoints,
        clientID: 'the-client-id',
        clientSecret: 'the-client-secret',
        ...(store === 'cookie' && { store: new CookieStateStore({ secret: 'a'.repeat(32) }) }),
      },
      (_accessToken, _refreshToken, profile) => profile,
    ),
  );

  const app = express();
  app.set('query parser', parser);
  app.use(express.urlencoded({ extended: parser === 'extended' }));
  app.use(session({ secret: 'the-session-secret', resave: false, saveUninitialized: false }));
  app.get('/login', passport.authenticate('dribbble') as express.RequestHandler);
  app.all('/callback', passport.authenticate('dribbble') as express.RequestHandler, (req, res) => {
    res.json(req.user);
  });
  // Express tells an error handler by its four parameters.
  app.use(((error: Error & { status?: number }, _req, res, _next) => {
    res.status(error.status ?? 500).send(error.message);
  }) as express.ErrorRequestHandler);

  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    dribbble,
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await dribbble.stop();
    },
  };
}

/** A person who signs in at the app. */
export class Visitor {
  private readonly browser = new Browser();

  constructor(private readonly app: LoginApp) {}

  /** Begins a login, and gives the state that it was sent to Dribbble with. */
  async begin(): Promise<string> {
    const { location = '' } = await this.browser.get(`${this.app.url}/login`);
    return new URL(location).searchParams.get('state') ?? '';
  }

  /** Comes to the callback with these parameters, in the URL or in a form. */
  callback(query: string, form?: string): Promise<Page> {
    const url = `${this.app.url}/callback${query && `?${query}`}`;
    return form === undefined ? this.browser.get(url) : this.browser.post(url, form);
  }
}
