import { validateHeaderName, validateHeaderValue, type Agent, type OutgoingHttpHeaders } from 'node:http';
import type passport = require('passport');
import type OAuth2Strategy = require('passport-oauth2');
import type { CookieStateStore } from './state/cookie-store';
import type { AnyStore } from './state/login';
import { SessionStore } from './state/session-store';

/** A scope of Dribbble's API v2: `public` reads public data (the default), `upload` publishes shots. */
export type DribbbleScope = 'public' | 'upload' | (string & {});

interface Options {
  /** The client ID that Dribbble gave the application (account settings, Applications). */
  clientID: string;
  /** The application's client secret. It is sent to the token endpoint only, in the body. */
  clientSecret: string;
  /**
   * Where Dribbble sends the browser back to: an absolute URL, or a path that is resolved against the request's
   * own URL (see `proxy`). Default: none is sent, and Dribbble takes the one registered with the application.
   */
  callbackURL?: string | undefined;
  /** The scopes to request, as an array or separated by spaces. Default: none is sent, and Dribbble grants `public`. */
  scope?: DribbbleScope | readonly DribbbleScope[] | undefined;
  /** What joins an array of scopes. Default: a space. */
  scopeSeparator?: string | undefined;
  /** Default: `https://dribbble.com/oauth/authorize`. https, or http on a loopback host. */
  authorizationURL?: string | undefined;
  /** Default: `https://dribbble.com/oauth/token`. https, or http on a loopback host. */
  tokenURL?: string | undefined;
  /** Default: `https://api.dribbble.com/v2/user`. https, or http on a loopback host. */
  userProfileURL?: string | undefined;
  /**
   * Protection against login CSRF (RFC 6749, section 10.12). Default: true, in the session. `false` turns it off,
   * and with it app state and `pkce`; an app without sessions takes a `store` instead.
   */
  state?: boolean | undefined;
  /**
   * Where the state is kept between the two legs: a `CookieStateStore`, or a store of passport-oauth2's contract.
   * Each login needs a state of its own: of two callbacks with one state, one goes on and the other fails.
   * @default the session: up to 10 logins, for 10 minutes each
   */
  store?: OAuth2Strategy.StateStore | CookieStateStore | true | null | undefined;
  /**
   * The key in the session under which the state is kept.
   * @default 'oauth2:dribbble.com', with the host of `authorizationURL`
   */
  sessionKey?: string | undefined;
  /**
   * PKCE (RFC 7636; RFC 9700, section 2.1.1); `true` is S256. `'plain'` is for providers that know no S256.
   * @default true, or false with `state: false` and with a `store` whose `store` method takes fewer than five
   * parameters, which can't keep the verifier
   */
  pkce?: boolean | 'S256' | 'plain' | undefined;
  /**
   * Trust `X-Forwarded-Proto` and `X-Forwarded-Host` when a relative callbackURL is resolved. Express's `trust proxy`
   * setting turns it on too, also over `false`.
   * @default false
   */
  proxy?: boolean | undefined;
  /** Headers for every request to Dribbble, such as `User-Agent`. They can't replace `Authorization`. */
  customHeaders?: OutgoingHttpHeaders | undefined;
  /**
   * Skip the profile request: `true`, or a function that returns, resolves to or calls back with whether to. verify's
   * `profile` is then undefined.
   * @default false
   */
  skipUserProfile?:
    | boolean
    | (() => boolean | Promise<boolean>)
    | ((accessToken: string, done: (error?: unknown, skip?: boolean) => void) => unknown)
    | undefined;
  /**
   * Milliseconds for one whole request to Dribbble, response body included.
   * @default 10000
   */
  timeout?: number | undefined;
  /**
   * An http(s) Agent, for a proxy or certificates of your own. Default: one for the process, which keeps connections
   * open for a minute and preconnects; or Node's default agent, where the app set that up.
   */
  agent?: Agent | undefined;
}

/** Options of the strategy. The constructor throws a `TypeError` that names the missing or malformed option. */
export interface DribbbleStrategyOptions extends Options {
  /** Whether verify takes the request as its first parameter. Default: false. */
  passReqToCallback?: false | undefined;
}

/** Options of the strategy for a verify function that takes the request as its first parameter. */
export interface DribbbleStrategyOptionsWithRequest extends Options {
  /** Whether verify takes the request as its first parameter. */
  passReqToCallback: true;
}

/** What `passport.authenticate('dribbble', options)` takes for the strategy, besides passport's own options. */
export interface DribbbleAuthenticateOptions {
  /** In place of the strategy's `scope`. */
  scope?: DribbbleScope | readonly DribbbleScope[] | undefined;
  /** In place of the strategy's `callbackURL`; give it on both legs. */
  callbackURL?: string | undefined;
  /**
   * What to carry through the login, of any JSON type, such as `'/shots'` or `{ returnTo: '/shots' }`. It comes back
   * as `req.authInfo.state`. Where the strategy's `state` is `false`, a string is sent to Dribbble as it is, and
   * everything else is dropped.
   */
  state?: object | string | number | boolean | null | undefined;
}

declare module 'passport' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- named as passport's types name them
  interface Authenticator<InitializeRet, AuthenticateRet, AuthorizeRet, AuthorizeOptions> {
    /** Types the options of the strategy where it is used under its own name. */
    authenticate(
      strategy: 'dribbble',
      options: Omit<passport.AuthenticateOptions, 'scope' | 'state'> & DribbbleAuthenticateOptions,
      callback?: passport.AuthenticateCallback,
    ): AuthenticateRet;
    /** passport's own signature once more: the one that `Parameters<typeof passport.authenticate>` reads. */
    authenticate(
      strategy: string | string[] | passport.Strategy,
      options: passport.AuthenticateOptions,
      callback?: passport.AuthenticateCallback | ((...args: unknown[]) => unknown),
    ): AuthenticateRet;
  }
}

/** Hosts that are this machine itself. */
const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/;
const MAX_TIMEOUT = 2 ** 31 - 1; // with more, Node's timers fire at once

/** Throws a TypeError that names the first option that is missing or malformed. */
export function checkOptions(options: DribbbleStrategyOptions | DribbbleStrategyOptionsWithRequest): void {
  // JavaScript callers may pass anything.
  const given = options as unknown as Readonly<Record<string, unknown>> | null | undefined;
  if (typeof given !== 'object' || given === null) {
    throw new TypeError('DribbbleStrategy requires an options object with a clientID and a clientSecret');
  }
  const check = (name: string, isRight: (value: unknown) => boolean, expected: string): void => {
    const value = given[name];
    if (!isLeftOut(name, value) && !isRight(value)) {
      throw new TypeError(`DribbbleStrategy's ${name} option must be ${expected}`);
    }
  };

  for (const name of ['clientID', 'clientSecret']) {
    if (given[name] === undefined) {
      throw new TypeError(`DribbbleStrategy requires a ${name} option: is its environment variable set?`);
    }
    check(name, isText, 'a string that is not empty');
  }
  for (const name of ['authorizationURL', 'tokenURL', 'userProfileURL']) {
    check(name, isEndpoint, 'an https URL (http on a loopback host only)');
  }
  check('callbackURL', isCallbackURL, 'a URL or a path, or be left out');
  check('scope', isScope, 'a string or an array of strings');
  check('scopeSeparator', (value) => typeof value === 'string', 'a string');
  check('sessionKey', isText, 'a string that is not empty');
  if (given['store'] === false) {
    throw new TypeError(
      "DribbbleStrategy's store option must not be false: state: false turns the protection off",
    );
  }
  check('store', (value) => value === true || isStore(value), 'a state store or true');
  check(
    'pkce',
    (value) => [true, false, 'S256', 'plain'].includes(value as string),
    "true, false, 'S256' or 'plain'",
  );
  if (given['pkce'] && given['state'] === false && !given['store']) {
    throw new TypeError(
      "DribbbleStrategy's pkce option needs the state option, or a store, to keep its verifier in",
    );
  }
  const { store } = given as { store?: AnyStore };
  if (given['pkce'] && typeof store === 'object' && isStore(store) && store.store.length < 5) {
    throw new TypeError(
      "DribbbleStrategy's pkce option needs a store that keeps the verifier: one whose store method takes (req, verifier, state, meta, callback)",
    );
  }
  for (const name of ['passReqToCallback', 'proxy'])
    check(name, (value) => typeof value === 'boolean', 'a boolean');
  check('customHeaders', areHeaders, 'an object of valid HTTP headers');
  check(
    'skipUserProfile',
    (value) => ['boolean', 'function'].includes(typeof value),
    'a boolean or a function',
  );
  check(
    'timeout',
    (value) => typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT,
    `a number of milliseconds from 1 to ${String(MAX_TIMEOUT)}`,
  );
  check('agent', (value) => typeof value === 'object' && value !== null, 'an http.Agent or https.Agent');
  warnOfUnknownScope(options.scope, options.scopeSeparator);
  warnOfPlainHTTP(given['callbackURL']);
}

let hasWarnedOfHTTP = false;

/** Warns once per process: plain http shows the authorization code to the network (RFC 6749, section 3.1.2.1). */
function warnOfPlainHTTP(callbackURL: unknown): void {
  if (hasWarnedOfHTTP || typeof callbackURL !== 'string' || !URL.canParse(callbackURL)) return;
  const { protocol, hostname, origin } = new URL(callbackURL);
  if (protocol !== 'http:' || LOOPBACK.test(hostname)) return;
  hasWarnedOfHTTP = true;
  process.emitWarning(
    `The callbackURL is at ${origin}: over plain http anybody on the network can read the authorization code and the session cookie. Use https.`,
    { type: 'SecurityWarning', code: 'DRIBBBLE_PLAIN_HTTP' },
  );
}

/** The store for the state of logins; undefined with `state: false` and no store. */
export function storeOf(
  { store, state, sessionKey }: DribbbleStrategyOptions | DribbbleStrategyOptionsWithRequest,
  authorizationURL: string,
): AnyStore | undefined {
  if (typeof store === 'object' && store) return store;
  if (state === false && !store) return undefined;
  return new SessionStore(sessionKey ?? `oauth2:${new URL(authorizationURL).hostname}`);
}

/** Throws a TypeError that names the first option of one request that is malformed. */
export function checkAuthenticateOptions({ scope, callbackURL }: DribbbleAuthenticateOptions): void {
  if (!isLeftOut('scope', scope) && !isScope(scope)) {
    throw new TypeError('The scope option of authenticate must be a string or an array of strings');
  }
  if (!isLeftOut('callbackURL', callbackURL) && !isCallbackURL(callbackURL)) {
    throw new TypeError('The callbackURL option of authenticate must be a URL or a path');
  }
  warnOfUnknownScope(scope);
  warnOfPlainHTTP(callbackURL);
}

let hasWarnedOfScope = false;

/** A warning, as Dribbble may add a scope one day. Once per process, as the scope may come from a request. */
function warnOfUnknownScope(scope: DribbbleAuthenticateOptions['scope'], separator = ' '): void {
  if (hasWarnedOfScope || !scope) return;
  const scopes = typeof scope === 'string' ? scope.split(separator) : scope;
  const unknown = scopes.find((name) => !['public', 'upload', ''].includes(name.trim()));
  if (unknown === undefined) return;
  hasWarnedOfScope = true;
  process.emitWarning(`Dribbble has no scope "${unknown}": its scopes are public and upload.`);
}

/** null and the empty string too, where passport-oauth2 treats them as left out. */
function isLeftOut(name: string, value: unknown): boolean {
  if (value === '') return name === 'callbackURL' || name === 'scope';
  return value === undefined || (value === null && ['callbackURL', 'scope', 'store'].includes(name));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isEndpoint(value: unknown): boolean {
  // `https:dribbble.com` has a host for URL, but not for url.parse, by which the oauth package sends its requests.
  if (!isText(value) || !/^\s*https?:\/\/[^/\\]/i.test(value) || !URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}

function isCallbackURL(value: unknown): boolean {
  // An app's own scheme is allowed too: `com.example.app:/callback` (RFC 8252, section 7.1). Without a slash after the
  // colon it is `localhost:3000` or `javascript:`.
  return isText(value) && URL.canParse(value, 'http://localhost') && !/^[a-z][a-z\d+.-]*:(?!\/)/i.test(value);
}

function isScope(value: unknown): boolean {
  return isText(value) || (Array.isArray(value) && value.every(isText));
}

function isStore(value: unknown): boolean {
  if (typeof value !== 'object') return false;
  const { store, verify } = (value ?? {}) as { store?: unknown; verify?: unknown };
  return typeof store === 'function' && typeof verify === 'function';
}

function areHeaders(value: unknown): boolean {
  if (typeof value !== 'object') return false;
  try {
    for (const [name, content] of Object.entries(value as Record<string, unknown>)) {
      validateHeaderName(name);
      for (const line of [content].flat()) validateHeaderValue(name, line as string);
    }
    return true;
  } catch {
    return false;
  }
}
