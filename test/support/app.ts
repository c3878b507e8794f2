import { createServer } from 'node:http';
import express from 'express';
import session from 'express-session';
import { Passport, type Strategy } from 'passport';
import { Browser, type Page } from './browser';
import { close, hostOf, listen } from './servers';

/** What an app is free to choose. */
export interface AppSetup {
  /** Options of `passport.authenticate`. */
  authenticate?: object;
  /** How Express reads a query. */
  parser?: 'simple' | 'extended';
  /** Stands before passport, after the session. */
  before?: express.RequestHandler;
  /** The callback of `passport.authenticate`, at the callback URL. */
  callback?: () => unknown;
}

/** An Express app that signs people in with one strategy, as most apps do. */
export class App {
  /** What came out of the callbacks, in order: a person, or an error. A failed login passport responds to itself. */
  readonly outcomes: ({ user: unknown } | { error: Error & Record<string, unknown> })[] = [];
  private readonly app = express();
  private readonly server = createServer(this.app);

  static async start(strategy: Strategy, setup: AppSetup = {}): Promise<App> {
    const app = new App();
    app.route(strategy, setup);
    await listen(app.server);
    return app;
  }

  get url(): string {
    return `http://${hostOf(this.server)}`;
  }

  /** Where somebody begins to sign in. */
  get login(): string {
    return `${this.url}/login`;
  }

  /** The error of the last login, if it ended in one. */
  get error(): (Error & Record<string, unknown>) | undefined {
    const last = this.outcomes.at(-1);
    return last && 'error' in last ? last.error : undefined;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await close(this.server);
  }

  private route(strategy: Strategy, { authenticate = {}, parser = 'extended', before, callback }: AppSetup) {
    const passport = new Passport();
    passport.use('dribbble', strategy);
    passport.serializeUser((user, done) => {
      done(null, user);
    });
    const signIn = passport.authenticate('dribbble', authenticate) as express.RequestHandler;
    const { app } = this;
    app.set('query parser', parser);
    app.use(express.urlencoded({ extended: parser === 'extended' }));
    app.use(session({ secret: 'for a test', resave: false, saveUninitialized: false }));
    app.use(passport.initialize()); // older strategies want it
    if (before) app.use(before);
    app.get('/login', signIn);
    if (callback)
      app.all(
        '/callback',
        passport.authenticate('dribbble', authenticate, callback) as express.RequestHandler,
      );
    app.all('/callback', signIn, (req, res) => {
      this.outcomes.push({ user: req.user });
      res.json(req.user);
    });
    // Express knows an error handler by its four parameters.
    app.use(((error: Error & Record<string, unknown>, _req, res, next) => {
      this.outcomes.push({ error });
      const { status = 500, message } = error as Error & { status?: number };
      if (res.headersSent) next(error);
      else res.status(status).send(message);
    }) as express.ErrorRequestHandler);
  }
}

/** Somebody who signs in at an app: `signIn` is the address of its button. */
export class Visitor {
  private readonly browser: Browser;
  private callbackURL = '';

  constructor(
    private readonly signIn: string,
    /** Where the app sends people, and where the visitor does not go. */
    private readonly authorizationURL: string,
    /** Milliseconds that the visitor waits for a page. */
    patience = 5000,
  ) {
    this.browser = new Browser({}, { timeout: patience });
  }

  /** Presses the button, a link or the form of a page, and gives the state that goes to Dribbble. */
  async begin(): Promise<string> {
    let page = await this.follow(await this.browser.get(this.signIn));
    if (page.body.includes('<form')) page = await this.follow(await this.browser.submit(page));
    if (!page.location) throw new Error(`No redirect to ${this.authorizationURL}, but ${page.body}`);
    const { searchParams } = new URL(page.location);
    this.callbackURL = searchParams.get('redirect_uri') ?? new URL('/callback', this.signIn).href;
    return searchParams.get('state') ?? '';
  }

  /** Comes to the callback with these parameters, in the URL or in a form. */
  callback(query: string, form?: string): Promise<Page> {
    const url = `${this.callbackURL}${query && `?${query}`}`;
    return form === undefined ? this.browser.get(url) : this.browser.post(url, form);
  }

  /** Begins a login, and comes back with these parameters and the right state. */
  async comeBack(parameters: Record<string, string>): Promise<Page> {
    const state = await this.begin();
    return this.callback(new URLSearchParams({ ...parameters, state }).toString());
  }

  /** Goes on until a page that is neither the app's redirect nor Dribbble's. */
  follow(page: Page): Promise<Page> {
    return this.browser.follow(page, (location) => location.startsWith(this.authorizationURL));
  }

  isSentAway({ location }: Page): boolean {
    return location?.startsWith(this.authorizationURL) ?? false;
  }
}
