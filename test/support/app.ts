import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import express = require('express');
import session = require('express-session');
import { Passport } from 'passport';
import type { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { Browser } from './browser';

/** What a browser got at the end of a login. */
export interface Got {
  status: number;
  location: string | null;
  text: string;
}

/** An Express app with the strategy, as the README shows it, on loopback. `error` is what reached its error handler. */
export class App {
  error: (Error & Record<string, unknown>) | undefined;
  private readonly browser = new Browser();

  private constructor(
    private readonly url: string,
    readonly stop: () => Promise<unknown>,
  ) {}

  static async start(strategy: DribbbleStrategy, authenticateOptions = {}): Promise<App> {
    const passport = new Passport();
    passport.use(strategy);
    passport.serializeUser((user, done) => {
      done(null, user);
    });
    const app = express();
    app.use(session({ secret: 'for a test', resave: false, saveUninitialized: false }));
    app.use(express.urlencoded({ extended: true }));
    app.get('/login', passport.authenticate('dribbble') as express.RequestHandler);
    app.all(
      '/callback',
      passport.authenticate('dribbble', authenticateOptions) as express.RequestHandler,
      (_req, res) => {
        res.send('signed in');
      },
    );
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const started = new App(
      `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
      async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    );
    app.use(((error: Error & { status?: number }, _req, res, _next) => {
      started.error = error as App['error'] & Error;
      res.status(error.status ?? 500).send(error.message);
    }) as express.ErrorRequestHandler);
    return started;
  }

  async get(path: string): Promise<Got> {
    const { status, headers, body } = await this.browser.get(this.url + path);
    return { status, location: headers.get('location'), text: body };
  }

  /** Begins a login and comes back with these parameters and the right state. */
  async comeBack(parameters: Record<string, string>): Promise<Got> {
    const { location } = await this.get('/login');
    const state = new URL(location ?? '').searchParams.get('state') ?? '';
    return this.get(`/callback?${new URLSearchParams({ ...parameters, state }).toString()}`);
  }
}
