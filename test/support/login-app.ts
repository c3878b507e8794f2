import type { AddressInfo } from 'node:net';
import express from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { CookieStateStore, DribbbleStrategy } from 'passport-dribbble-oauth2';
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

/** A person's browser, as far as a login sees it: it keeps cookies and goes where it is told. */
export class Visitor {
  private readonly cookies = new Map<string, string>();

  constructor(private readonly app: LoginApp) {}

  /** Begins a login, and gives the state that it was sent to Dribbble with. */
  async begin(): Promise<string> {
    const response = await this.request('/login');
    return new URL(response.headers.get('location') ?? '').searchParams.get('state') ?? '';
  }

  /** Comes to the callback with these parameters, in the URL or in a form. */
  callback(query: string, form?: string): Promise<Response> {
    return this.request(`/callback${query && `?${query}`}`, form);
  }

  private async request(path: string, form?: string): Promise<Response> {
    const response = await fetch(this.app.url + path, {
      redirect: 'manual',
      headers: {
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form !== undefined && { method: 'POST', body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=', 2);
      if (cookie.includes('Max-Age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}
