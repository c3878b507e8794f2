/**
 * Makes each mistake of docs/troubleshooting.md and of the README in an app of its own, signs in, and prints what is
 * seen, as JSON. A program, because Node reads NODE_DEBUG when it starts.
 */
import { createServer } from 'node:http';
import express from 'express';
import session from 'express-session';
import { Passport } from 'passport';
import { DribbbleStrategy, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { Browser } from '../support/browser';
import { close, hostOf, listen } from '../support/servers';

interface Mistake {
  /** Options of the strategy that are not as they should be. */
  options?: (dribbble: Sandbox) => Partial<DribbbleStrategyOptions>;
  verify?: () => unknown;
  without?: 'session' | 'serializeUser' | 'passport.session()';
  /** Attributes of the session's cookie. */
  cookie?: session.CookieOptions;
  /** Takes the place of express-session. */
  session?: express.RequestHandler;
  /** Options of `passport.authenticate`. */
  authenticate?: object;
  deny?: boolean;
  /** Headers that a proxy in between adds. */
  proxied?: Record<string, string>;
  /** Where the login is begun, in place of the host of the callback URL. */
  beginAt?: string;
  /** What the application at Dribbble has registered, in place of the app's callback URL. */
  registered?: (callbackURL: string) => string;
}

/** What a developer sees of a login. */
export interface Sight {
  status: number;
  page: string;
  lastDebugLine: string;
  warnings: string[];
  /** Whether the app knows the person on the next page. */
  isSignedIn: boolean;
}

/** Of the mistakes in docs/troubleshooting.md, and of those in the README only. */
export interface Sights {
  mistakes: Record<string, Sight>;
  silent: Record<string, Sight>;
}

/** As Mongoose's: it runs when its `then` is called. */
const query = {
  then: (resolve: (user: object) => void): void => {
    resolve({ id: '1' });
  },
};

const MISTAKES: Record<string, Mistake> = {
  'wrong client secret': { options: () => ({ clientSecret: 'not-the-secret' }) },
  'callback URL is not the registered one': { registered: (url) => url.replace('/callback', '/other') },
  'no session middleware': { without: 'session' },
  'no serializeUser': { without: 'serializeUser' },
  'http callback URL behind a TLS proxy': {
    registered: (url) => url.replace('http:', 'https:'),
    proxied: { 'x-forwarded-proto': 'https' },
  },
  'session cookie lost': { beginAt: '127.0.0.1' },
  'scope that Dribbble does not have': { options: () => ({ scope: 'publik' }) },
  'no `return` in verify': { verify: () => Promise.resolve() },
  'Mongoose query from verify': { verify: () => query },
  '`failureRedirect` to a missing page': { deny: true, authenticate: { failureRedirect: '/sign-in' } },
};

/** What the README's section "Nothing happens when I sign in" names besides. */
const SILENT: Record<string, Mistake> = {
  'SameSite=Strict': { cookie: { sameSite: 'strict' } },
  'Secure without TLS': { cookie: { secure: true } },
  'no passport.session()': { without: 'passport.session()' },
  'cookie-session': { session: cookieSession() },
  'no mistake': {},
};

/** As cookie-session, a session without the methods `regenerate` and `save`; of one person. */
function cookieSession(): express.RequestHandler {
  const kept = {};
  return (req, _res, next) => {
    Object.assign(req, { session: kept });
    next();
  };
}

async function make(mistake: Mistake): Promise<Sight> {
  const lines: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text: string) => lines.push(text.trim()) > 0;
  const warnings: string[] = [];
  const warn = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', warn);

  const app = express();
  const server = createServer(app);
  await listen(server);
  const url = `http://${hostOf(server).replace('127.0.0.1', 'localhost')}`;
  const callbackURL = mistake.registered?.(`${url}/auth/dribbble/callback`);
  const dribbble = await startSandbox({ callbackURL, log: () => undefined });
  try {
    if (mistake.deny) dribbble.deny();
    else dribbble.signInAs('maya');
    const passport = new Passport();
    passport.use(
      new DribbbleStrategy(
        {
          ...dribbble.options,
          callbackURL: mistake.beginAt ? `${url}/auth/dribbble/callback` : '/auth/dribbble/callback',
          ...mistake.options?.(dribbble),
        },
        // Its parameters are counted.
        mistake.verify ? (_accessToken) => mistake.verify?.() : (_accessToken) => ({ id: '1' }),
      ),
    );
    if (mistake.without !== 'serializeUser')
      passport.serializeUser((user, done) => {
        done(null, user);
      });
    if (mistake.without !== 'session') {
      const { cookie = {} } = mistake;
      app.use(
        mistake.session ?? session({ secret: 'for a test', resave: false, saveUninitialized: false, cookie }),
      );
    }
    passport.deserializeUser((user: object, done) => {
      done(null, user);
    });
    if (mistake.without !== 'session' && mistake.without !== 'passport.session()') {
      app.use(passport.session() as express.RequestHandler);
    }
    app.get('/me', (req, res) => void res.json(req.user !== undefined));
    app.get('/auth/dribbble', passport.authenticate('dribbble') as express.RequestHandler);
    app.get(
      '/auth/dribbble/callback',
      passport.authenticate('dribbble', mistake.authenticate ?? {}) as express.RequestHandler,
      (_req, res) => void res.send('signed in'),
    );
    const browser = new Browser(mistake.proxied);
    const begin = mistake.beginAt ? url.replace('localhost', mistake.beginAt) : url;
    // The callback of the mistakes at Dribbble's end is the registered one, which is at another path or protocol.
    let page = await browser.get(`${begin}/auth/dribbble`);
    while (page.location !== undefined) {
      page = await browser.get(
        page.location.replace('https://localhost', 'http://localhost').replace('/other', '/callback'),
      );
    }
    const isSignedIn = (await browser.get(`${url}/me`)).body === 'true';
    await new Promise(setImmediate); // warnings are emitted in the next tick
    const text = page.body.replaceAll(/&#39;|&quot;/g, (entity) => (entity === '&#39;' ? "'" : '"'));
    const debugLines = lines.filter((line) => line.startsWith('PASSPORT-DRIBBBLE-OAUTH2'));
    const lastDebugLine = debugLines.at(-1)?.replace(/^\S+ \d+: /, '') ?? '';
    return { status: page.status, page: text, lastDebugLine, warnings, isSignedIn };
  } finally {
    process.stderr.write = write;
    process.off('warning', warn);
    server.closeAllConnections();
    await close(server);
    await dribbble.close();
  }
}

async function main(): Promise<void> {
  const seen: Sights = { mistakes: {}, silent: {} };
  for (const [name, mistake] of Object.entries(MISTAKES)) seen.mistakes[name] = await make(mistake);
  for (const [name, mistake] of Object.entries(SILENT)) seen.silent[name] = await make(mistake);
  process.stdout.write(JSON.stringify(seen));
}

void main();
