import { escape } from 'node:querystring';
import OAuth2Strategy = require('passport-oauth2');
import type { Answer } from './exchange';

/**
 * Dribbble answered the authorization request with an error (RFC 6749, section 4.1.2.1).
 * `code` is the error's code, such as `redirect_uri_mismatch`; `status` what an app should answer.
 */
export import AuthorizationError = OAuth2Strategy.AuthorizationError;
/**
 * Dribbble's token endpoint answered with an error (RFC 6749, section 5.2).
 * `code` is the error's code, such as `invalid_grant`; `status` what an app should answer.
 */
export import TokenError = OAuth2Strategy.TokenError;
/**
 * A login that ended without a usable answer from Dribbble: no connection, no answer in time, half an answer,
 * or one that makes no sense. `status` (502, or 504 on a timeout) is what an app should answer, `cause` (and
 * passport-oauth2's name for it, `oauthError`) the error underneath, if there was one.
 */
export import InternalOAuthError = OAuth2Strategy.InternalOAuthError;

/** What Dribbble's API said of its rate limit (60 requests a minute, 10,000 a day). */
export interface DribbbleRateLimit {
  /** Requests allowed in the present window (`X-RateLimit-Limit`). */
  limit?: number;
  /** Requests left in it (`X-RateLimit-Remaining`). */
  remaining?: number;
  /** When the window ends, in epoch seconds (`X-RateLimit-Reset`). */
  reset?: number;
}

/** Dribbble's API answered the request for the profile with an error. */
export class DribbbleAPIError extends Error {
  static {
    // On the prototype, so that the stack begins with it.
    this.prototype.name = 'DribbbleAPIError';
  }
  /** What an app should answer: 503 past the rate limit, 504 where Dribbble timed out, otherwise 502. */
  readonly status: number;
  /** The HTTP status that Dribbble answered with. */
  readonly apiStatus: number;
  /** The rate limit, where Dribbble's headers say. */
  readonly rateLimit: DribbbleRateLimit | undefined;

  /**
   * @param message what happened and what to do
   * @param apiStatus the HTTP status that Dribbble answered with
   * @param rateLimit the rate limit, where Dribbble's headers say
   */
  constructor(message: string, apiStatus: number, rateLimit?: DribbbleRateLimit) {
    super(message);
    this.apiStatus = apiStatus;
    this.rateLimit = rateLimit;
    this.status = gatewayStatus(apiStatus, rateLimit);
  }
}

const TROUBLE = 'Dribbble has a problem of its own: try again later.';
const BUSY = 'Dribbble is busy or down: try again later.';
// A map, because the browser may bring any code, such as `constructor`, which every object has.
const HINTS = new Map(
  Object.entries({
    application_suspended: 'Dribbble suspended the application: its page in your account settings says more.',
    invalid_client: 'Double-check the clientID and clientSecret options against the application at Dribbble.',
    invalid_grant:
      'The authorization code is expired, was used before, or was issued for another callbackURL: start the login again.',
    invalid_request: 'A required parameter is missing or malformed: check the options of the strategy.',
    invalid_scope: "Check the scope option: Dribbble's scopes are public and upload.",
    redirect_uri_mismatch:
      'Make the callbackURL option the URL registered with the application, or leave it out to use that one.',
    server_error: TROUBLE,
    temporarily_unavailable: BUSY,
    unauthorized_client: "Check the application's registration at Dribbble: it may not sign people in.",
  }),
);
const HINT = "Look the error's code up in RFC 6749, and check the application's registration at Dribbble.";

/** An error redirect, from the parameters that the browser brought. */
export function authorizationError(
  { error, error_description, error_uri }: Partial<Record<string, string>>,
  host: string,
  secrets: string[],
): AuthorizationError {
  const code = quote(error, secrets) ?? 'server_error';
  const message = explain(host, code, quote(error_description, secrets));
  return finish(new AuthorizationError(message, code, quote(error_uri, secrets)));
}

/** Why the person is not signed in, when they said no. */
export function denial(description: string | undefined, secrets: string[]): string {
  return quote(description, secrets) ?? 'The person did not let the application sign them in.';
}

/** An error answer of the token endpoint, or undefined where the answer is none (RFC 6749, section 5.2). */
export function tokenError({ statusCode, json, host }: Answer, secrets: string[]): TokenError | undefined {
  const code = quote(json?.['error'], secrets);
  if (code === undefined) return undefined;
  const message = explain(host, code, quote(json?.['error_description'], secrets));
  // A refusal (4xx) is the app's own to mend, and stays passport-oauth2's 500.
  const status = isBusy(statusCode) ? gatewayStatus(statusCode) : 500;
  return finish(new TokenError(message, code, quote(json?.['error_uri'], secrets), status));
}

/** An error answer of the API. */
export function apiError({ statusCode, headers, json, host }: Answer, secrets: string[]): DribbbleAPIError {
  const rateLimit: DribbbleRateLimit = {};
  for (const field of ['limit', 'remaining', 'reset'] as const) {
    const value = headers[`x-ratelimit-${field}`];
    if (typeof value === 'string' && /^\d{1,15}$/.test(value)) rateLimit[field] = Number(value);
  }
  const said = quote(json?.['message'], secrets);
  const message = `${host} answered ${String(statusCode)}${said ? `: ${said}` : ''}`;
  const known = Object.keys(rateLimit).length > 0 ? rateLimit : undefined;
  return new DribbbleAPIError(sentences(message, apiHint(statusCode, known)), statusCode, known);
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

/** An answer without what a login needs of it. What it holds instead is not quoted: it may be a token. */
export function unfit(
  { statusCode, body, json, host }: Answer,
  need: string,
  option: string,
): InternalOAuthError {
  const what = body === '' ? 'an empty body' : json ? 'JSON' : 'something else than a JSON object';
  const advice = isBusy(statusCode) ? BUSY : `Check the ${option} option.`;
  return unusable(
    `${host} answered ${String(statusCode)} with ${what}, not with ${need}. ${advice}`,
    gatewayStatus(statusCode),
  );
}

/** No answer, or none that a login can use. */
export function unusable(message: string, status = 502, cause?: Error): InternalOAuthError {
  return finish(Object.assign(new InternalOAuthError(message, cause), { status, cause }));
}

function explain(host: string, code: string, description: string | undefined): string {
  return sentences(
    `${host} answered ${code}${description ? `: ${description}` : ''}`,
    HINTS.get(code) ?? HINT,
  );
}

function sentences(first: string, second: string): string {
  return `${first.replace(/[.\s]+$/, '')}. ${second}`;
}

/** A text from outside made fit for a message: one line, of bounded length, with no secret of this login in it. */
function quote(text: unknown, secrets: string[]): string | undefined {
  if (typeof text !== 'string') return undefined;
  let quoted = text;
  for (const secret of secrets) {
    // As it is, and as the form of the token request has it.
    quoted = quoted.replaceAll(secret, '[hidden]').replaceAll(escape(secret), '[hidden]');
  }
  return (
    quoted
      .replace(new RegExp('[\\p{C}\\s]+', 'gu'), ' ') // no literal: it would take half a millisecond to load
      .trim()
      .slice(0, 300) || undefined
  );
}

/** passport-oauth2 takes the stack before it has set the message, which is then missing wherever stacks are logged. */
function finish<E extends Error>(error: E): E {
  Error.captureStackTrace(error, finish);
  return error;
}
