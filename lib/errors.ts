import OAuth2Strategy = require('passport-oauth2');
import type { Callback } from './callback';
import { isError } from './guard';
import { HttpError } from './http/request';
import { parseObject } from './json';
import type { DribbbleFailure } from './state/login';

/** A response that is not 2xx, in the form in which the `oauth` package hands it to callbacks. */
export interface ErrorResponse {
  statusCode: number;
  data: string;
}

/**
 * An error response to the authorization request (RFC 6749, section 4.1.2.1). `code` is the error's code, such as
 * `redirect_uri_mismatch`; `status` is the HTTP status that an app should respond with.
 */
export import AuthorizationError = OAuth2Strategy.AuthorizationError;
/**
 * An error response of the token endpoint (RFC 6749, section 5.2). `code` is the error's code, such as
 * `invalid_grant`; `status` is the HTTP status that an app should respond with.
 */
export import TokenError = OAuth2Strategy.TokenError;
/**
 * A login without a usable response: no connection, no response in time, half of one, or one that makes no sense.
 * `status` (502, or 504 on a timeout) is the HTTP status that an app should respond with; `oauthError` and `cause`
 * are the error underneath, if there is one.
 */
export import InternalOAuthError = OAuth2Strategy.InternalOAuthError;

declare module 'passport-oauth2' {
  interface InternalOAuthError {
    /** The HTTP status that an app should respond with; this package's errors have one. */
    status?: number | undefined;
  }
}

// passport-oauth2 sets it by `__proto__`, which Deno does not have.
for (const { prototype } of [AuthorizationError, TokenError, InternalOAuthError])
  Object.setPrototypeOf(prototype, Error.prototype);

/** The rate limit of Dribbble's API (60 requests a minute, 10,000 a day), from a response's headers. */
export interface DribbbleRateLimit {
  /** Requests allowed in the present window (`X-RateLimit-Limit`). */
  limit?: number;
  /** Requests left in it (`X-RateLimit-Remaining`). */
  remaining?: number;
  /** When the window ends, in seconds since the epoch (`X-RateLimit-Reset`). */
  reset?: number;
}

/** An error response of Dribbble's API to the request for the profile. */
export class DribbbleAPIError extends Error {
  static {
    // On the prototype, so that the stack begins with it.
    this.prototype.name = 'DribbbleAPIError';
  }
  /** The HTTP status that an app should respond with: 503 past the rate limit, 504 if Dribbble timed out, else 502. */
  readonly status: number;
  /** The HTTP status of Dribbble's response. */
  readonly apiStatus: number;
  /** The rate limit, if Dribbble's headers contain it. */
  readonly rateLimit: DribbbleRateLimit | undefined;
  /** The response as an Error with `statusCode` and `data`, under the name that passport-oauth2 uses. */
  readonly oauthError: (Error & { statusCode: number; data: string }) | undefined;

  /**
   * @param message what happened and what to do
   * @param apiStatus the HTTP status of Dribbble's response
   * @param rateLimit the rate limit, if Dribbble's headers contain it
   * @param oauthError the response
   */
  constructor(
    message: string,
    apiStatus: number,
    rateLimit?: DribbbleRateLimit,
    oauthError?: Error & { statusCode: number; data: string },
  ) {
    super(message);
    this.oauthError = oauthError;
    this.apiStatus = apiStatus;
    this.rateLimit = rateLimit;
    this.status = gatewayStatus(apiStatus, rateLimit);
  }
}

const TROUBLE = 'Dribbble has an internal problem: try again later.';
const BUSY = 'Dribbble is busy or down: try again later.';
const CALLBACK_URL =
  'Make the callbackURL option the URL registered with the application, or leave it out to use that one.';
// The codes that RFC 6749 (sections 4.1.2.1 and 5.2) and Dribbble define. A map, because the browser may send any
// code, such as `constructor`, which every object has.
const HINTS = new Map(
  Object.entries({
    access_denied: 'Dribbble or the person refused: start the login again.',
    application_suspended: 'Dribbble suspended the application: its page in your account settings says more.',
    invalid_client: 'Double-check the clientID and clientSecret options against the application at Dribbble.',
    invalid_grant:
      'The authorization code is expired, was used before, or was issued for another callbackURL: start the login again.',
    invalid_redirect_uri: CALLBACK_URL,
    invalid_request: 'A required parameter is missing or malformed: check the options of the strategy.',
    invalid_scope: "Check the scope option: Dribbble's scopes are public and upload.",
    redirect_uri_mismatch: CALLBACK_URL,
    server_error: TROUBLE,
    temporarily_unavailable: BUSY,
    unauthorized_client: "Check the application's registration at Dribbble: it may not sign people in.",
    unsupported_grant_type: 'Check the tokenURL option.',
    unsupported_response_type: 'Check the authorizationURL option.',
  }),
);
const HINT = "Look the error's code up in RFC 6749, and check the application's registration at Dribbble.";

/** The request that failed. */
export interface Context {
  /** The endpoint. */
  url: string;
  /** What no message may contain. */
  secrets: readonly string[];
  /** The `redirect_uri` that was sent. */
  callbackURL?: string | undefined;
}

/** The error of an authorization response whose state was right. */
export function authorizationError(
  { error, error_description, error_uri }: Callback,
  authorizationURL: string,
  { secrets, callbackURL }: Omit<Context, 'url'>,
): AuthorizationError {
  const context = { url: authorizationURL, secrets, callbackURL };
  const code = quoteCode(error, secrets) ?? 'server_error';
  const message = explain(code, quote(error_description, secrets), context);
  const uri = quote(error_uri, secrets);
  return withStack(new AuthorizationError(message, code, uri && /^https?:/i.test(uri) ? uri : undefined));
}

/** Why the person is not signed in, when they said no. */
export function denial({ error_description }: Callback, secrets: readonly string[]): DribbbleFailure {
  const message = quote(error_description, secrets) ?? 'The person did not let the application sign them in.';
  return { message, code: 'access_denied' };
}

/** An error response without a right state could be anybody's: nothing of it but a known code is repeated. */
export function unverified(error: string): DribbbleFailure {
  const hint = HINTS.get(error);
  const known = hint === undefined ? '' : ` It says ${error}. ${hint}`;
  return {
    message: `The browser came back with an error, and without the state of a login: sign in again.${known}`,
    code: 'authorization_error',
  };
}

/** Errors made here, with their messages. Secrets are hidden in them already; hiding twice would hide our own words. */
const made = new WeakMap<Error, string>();

/** The error in a response of the token endpoint (RFC 6749, section 5.2), or null where there is none. */
export function tokenError({ statusCode, data }: ErrorResponse, context: Context): TokenError | null {
  const json = parseObject(data);
  const secrets = secretsWith({ statusCode, data }, context);
  const code = quoteCode(json?.['error'], secrets);
  if (code === undefined) return null;
  const message = explain(code, quote(json?.['error_description'], secrets), context);
  // A 4xx is for the app's developer to fix, and stays passport-oauth2's 500.
  const status = isBusy(statusCode) ? gatewayStatus(statusCode) : 500;
  const error = withStack(new TokenError(message, code, quote(json?.['error_uri'], secrets), status));
  made.set(error, message);
  return error;
}

/** An Error of what a token request called back with instead of a token. */
export function noToken(
  reason: unknown,
  parseErrorResponse: (body: string, status: number) => Error | null,
  context: Context,
): Error {
  if (!isErrorResponse(reason)) return requestFailed(reason, context);
  let error: Error | null = null;
  try {
    error = parseErrorResponse(reason.data, reason.statusCode);
  } catch {
    // Not JSON, for a subclass whose parser throws.
  }
  if (!error) return invalidResponse(reason, 'an access token that can be used', 'tokenURL', context);
  withoutSecrets(error, secretsWith(reason, context));
  return Object.assign(error, { oauthError: responseError(reason, context) });
}

/** An Error of what a profile request called back with instead of a profile. */
export function apiError(
  reason: unknown,
  headers: Readonly<Record<string, unknown>> | undefined,
  context: Context,
): DribbbleAPIError | InternalOAuthError {
  if (!isErrorResponse(reason)) return requestFailed(reason, context);
  const { statusCode, data } = reason;
  const rateLimit: DribbbleRateLimit = {};
  for (const field of ['limit', 'remaining', 'reset'] as const) {
    const value = headers?.[`x-ratelimit-${field}`];
    if (typeof value === 'string' && /^\d{1,15}$/.test(value)) rateLimit[field] = Number(value);
  }
  const said = quote(parseObject(data)?.['message'], context.secrets);
  const message = `${hostOf(context)} responded with ${String(statusCode)}${said ? `: ${said}` : ''}`;
  const known = Object.keys(rateLimit).length > 0 ? rateLimit : undefined;
  const oauthError = responseError(reason, context);
  return new DribbbleAPIError(sentences(message, apiHint(statusCode, known)), statusCode, known, oauthError);
}

/** The error for a response of the API without a user. */
export function noProfile(response: ErrorResponse, context: Context): InternalOAuthError {
  return invalidResponse(response, 'a user with an id', 'userProfileURL', context);
}

function apiHint(apiStatus: number, rateLimit: DribbbleRateLimit | undefined): string {
  if (isPastLimit(apiStatus, rateLimit)) {
    const reset = rateLimit?.reset === undefined ? Number.NaN : rateLimit.reset * 1000;
    const when = Number.isNaN(new Date(reset).getTime())
      ? 'in a minute'
      : `after ${new Date(reset).toISOString()}`;
    return `The rate limit is used up: try again ${when}.`;
  }
  if (apiStatus >= 500) return TROUBLE;
  if (apiStatus === 401) return 'The access token is wrong or was revoked: have the person sign in again.';
  if (apiStatus === 403) return 'The access token may not read the profile: check the scope option.';
  return 'Check the userProfileURL option.';
}

function isPastLimit(apiStatus: number, rateLimit?: DribbbleRateLimit): boolean {
  return apiStatus === 429 || (apiStatus === 403 && rateLimit?.remaining === 0);
}

function isBusy(apiStatus: number): boolean {
  return apiStatus === 429 || apiStatus >= 500;
}

function gatewayStatus(apiStatus: number, rateLimit?: DribbbleRateLimit): number {
  if (isPastLimit(apiStatus, rateLimit)) return 503;
  return apiStatus === 504 ? 504 : 502;
}

/** The error for a response without what the login needs. Its body is not quoted: it may contain a token. */
function invalidResponse(
  response: ErrorResponse,
  need: string,
  option: string,
  context: Context,
): InternalOAuthError {
  const { statusCode, data } = response;
  const what =
    data === '' ? 'an empty body' : parseObject(data) ? 'JSON' : 'something other than a JSON object';
  const advice = isBusy(statusCode) ? BUSY : `Check the ${option} option.`;
  return new NoUsableResponse(
    `${hostOf(context)} responded with ${String(statusCode)} and ${what}, not with ${need}. ${advice}`,
    gatewayStatus(statusCode),
    responseError(response, context),
  );
}

/** Makes an Error of what a request called back with instead of a response. */
function requestFailed(reason: unknown, { url, secrets }: Context): InternalOAuthError {
  if (reason instanceof HttpError) {
    // Its cause may contain the whole request, such as nock's errors do.
    withoutSecrets(reason, secrets);
    return new NoUsableResponse(reason.message, reason.status, reason, reason.cause);
  }
  const error = isError(reason)
    ? withoutSecrets(reason, secrets)
    : new Error(`It called back with ${typeof reason}.`);
  const why = quote(error.message, secrets) ?? error.name;
  return new NoUsableResponse(`The request to ${hostOf({ url })} failed: ${why}`, 502, error, error);
}

/** Hides the secrets of a login in an error that somebody else made, and in those underneath. */
function withoutSecrets(error: Error, secrets: readonly string[], seen = new Set<unknown>()): Error {
  seen.add(error);
  const fields = ['message', 'stack', 'uri', 'code', 'cause'] as const;
  for (const field of made.get(error) === error.message ? (['cause'] as const) : fields) {
    const value = (error as Error & { uri?: unknown; code?: unknown })[field];
    if (typeof value !== 'string' || (field === 'code' && HINTS.has(value))) continue;
    const hidden = hide(value, secrets);
    if (hidden !== value) Reflect.defineProperty(error, field, { value: hidden });
  }
  const { cause, errors } = error as Partial<AggregateError>;
  for (const inner of [cause, errors].flat())
    if (isError(inner) && !seen.has(inner)) withoutSecrets(inner, secrets, seen);
  return error;
}

/** passport-oauth2's InternalOAuthError, with the HTTP status that an app should respond with. */
class NoUsableResponse extends InternalOAuthError {
  override readonly status: number;
  override readonly cause: Error | undefined;

  constructor(message: string, status: number, oauthError?: Error, cause?: Error) {
    super(message, oauthError);
    this.name = 'InternalOAuthError';
    this.status = status;
    this.cause = cause;
    withStack(this);
  }

  /** passport-oauth2's prints `oauthError` in place of the message. */
  override toString(): string {
    return Error.prototype.toString.call(this);
  }
}

/** A response as an Error: callers of passport-oauth2's strategies look for `oauthError.statusCode`. */
function responseError({ statusCode, data }: ErrorResponse, context: Context): Error & ErrorResponse {
  const error = Object.assign(new Error(`${hostOf(context)} responded with ${String(statusCode)}`), {
    statusCode,
  });
  // A 2xx response may contain the access token, in any form.
  if (statusCode >= 200 && statusCode <= 299) return error as typeof error & ErrorResponse;
  const value = hide(data, secretsWith({ statusCode, data }, context));
  // Not enumerable: it may be long, and loggers print enumerable fields.
  return Object.defineProperty(error, 'data', { value }) as typeof error & ErrorResponse;
}

function isErrorResponse(reason: unknown): reason is ErrorResponse {
  const { statusCode, data } = (reason ?? {}) as Partial<ErrorResponse>;
  return typeof statusCode === 'number' && typeof data === 'string' && !isError(reason);
}

/** The secrets of the login, and the tokens in a response. */
function secretsWith({ data }: ErrorResponse, { secrets }: Context): string[] {
  const { access_token, refresh_token } = parseObject(data) ?? {};
  return [...secrets, ...[access_token, refresh_token].filter((token) => typeof token === 'string')];
}

function explain(code: string, description: string | undefined, context: Context): string {
  const { callbackURL } = context;
  const first = `${hostOf(context)} responded with ${code}${description ? `: ${description}` : ''}`;
  const hint = HINTS.get(code) ?? HINT;
  const sent =
    hint === CALLBACK_URL && callbackURL
      ? ` It was sent as ${callbackURL}; behind a proxy that speaks https, Express needs its trust proxy setting for a callbackURL that is a path.`
      : '';
  return sentences(first, hint + sent);
}

function sentences(first: string, second: string): string {
  return `${first.replace(/[.\s]+$/, '')}. ${second}`;
}

function hostOf({ url }: Pick<Context, 'url'>): string {
  return URL.canParse(url) ? new URL(url).host : 'Dribbble';
}

/** Known codes are never changed by hiding: an authorization code can be any text, such as `invalid`. */
function quoteCode(code: unknown, secrets: readonly string[]): string | undefined {
  return HINTS.has(code as string) ? (code as string) : quote(code, secrets);
}

/** Makes text from outside fit for a message: one line, of bounded length, without a secret of this login. */
function quote(text: unknown, secrets: readonly string[]): string | undefined {
  if (typeof text !== 'string') return undefined;
  return (
    // Of a longer text, such as a visitor may send, the beginning is enough.
    hide(text.slice(0, 5000), secrets)
      .replace(new RegExp('[\\p{C}\\s]+', 'gu'), ' ') // no literal: it would take half a millisecond to load
      .trim()
      .slice(0, 300)
      .replace(/[\ud800-\udbff]$/, '') || undefined
  );
}

/** A shorter text is no secret, and occurs in every sentence. */
const SHORTEST_SECRET = 3;
/** This many characters identify a secret, where the rest of it was cut off. */
const HEAD_LENGTH = 16;

/**
 * Hides secrets, and a whole line if it has one in another form: percent-encoded (RFC 3986), form-encoded, escaped as
 * in JSON, in another case or cut off. In linear time: the browser chooses both an authorization code and a description.
 */
function hide(text: string, secrets: readonly string[]): string {
  const isLong = ({ length }: string): boolean => length >= SHORTEST_SECRET;
  const readings = readingsOf(text);
  // The longest first, in each form: a shorter one may be a part of it, and would break it up.
  const sorted = secrets.filter(isLong).sort((one, other) => other.length - one.length);
  return sorted.reduce((rest, secret) => {
    const shown = rest.replaceAll(secret, '[hidden]');
    const head = simplify(secret).slice(0, HEAD_LENGTH);
    const holdsIt = (reading: string): boolean => reading.includes(head);
    if (!isLong(head) || !readings.some(holdsIt)) return shown;
    const lines = shown.replace(/.+/g, (line) => (readingsOf(line).some(holdsIt) ? '[hidden]' : line));
    return readingsOf(lines).some(holdsIt) ? '[hidden]' : lines;
  }, text);
}

function readingsOf(text: string): string[] {
  return [text, fromURL(text), fromJSON(text)].map(simplify);
}

/** Makes alike what encodings write in several ways: case, blanks, and control and non-ASCII characters. */
function simplify(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/[^\x20-\x7e]+/g, '')
    .toLowerCase();
}

/** Without percent-encoding. Node's own function throws and catches at a lone percent sign, which takes longer. */
function fromURL(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, byte: string) => fromCode(byte));
}

/** Without JSON's escapes. The short ones are control characters. */
function fromJSON(text: string): string {
  return text.replace(/\\(?:u([\da-fA-F]{4})|[bfnrt]|(.))/g, (_, unit?: string, character = '') =>
    unit ? fromCode(unit) : String(character),
  );
}

function fromCode(hex: string): string {
  return String.fromCharCode(parseInt(hex, 16));
}

/** passport-oauth2 captures the stack before it sets the message, so the message is missing from logged stacks. */
function withStack<E extends Error>(error: E): E {
  // Not captureStackTrace, which drops the message on Bun.
  const { stack = '' } = new Error(error.message) as { stack?: unknown };
  return Object.defineProperty(error, 'stack', {
    value: String(stack).replace(/^Error/, error.name), // an app's Error.prepareStackTrace may return anything
    writable: true,
  });
}
