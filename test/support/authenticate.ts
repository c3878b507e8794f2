import type { DribbbleAuthenticateOptions } from 'passport-dribbble-oauth2';
import OAuth2Strategy = require('passport-oauth2');
import { CODE } from './fake-dribbble';

/** How a strategy ended a request, as Passport would see it. */
export type Outcome =
  | { kind: 'success'; user: unknown; info: Record<string, unknown> }
  | { kind: 'fail'; challenge: { message?: string } | undefined; status: number | undefined }
  | { kind: 'error'; error: Error & Record<string, unknown> }
  | { kind: 'redirect'; url: URL }
  | { kind: 'pass' };

/** Any strategy, ours or another's. */
export interface Authenticator {
  authenticate(req: never, options?: object | null): unknown;
}

export interface FakeRequest {
  query?: Record<string, unknown>;
  body?: unknown;
  session?: Record<string, unknown> | undefined;
  headers?: Record<string, string>;
  [name: string]: unknown;
}

/**
 * Runs a strategy on a request as Passport does, on an object that inherits from it. A second outcome throws where
 * nothing catches, so that one that comes after a test fails the run too.
 */
export function attempt(
  strategy: Authenticator,
  req: FakeRequest,
  options: object | null | undefined,
  onOutcome: (outcome: Outcome) => void,
): void {
  let first: string | undefined;
  const settle = (outcome: Outcome): void => {
    if (first === undefined) {
      onOutcome(outcome);
      first = outcome.kind; // unless that threw, as what Passport does after a login can
    } else {
      const second = new Error(`A second outcome: ${outcome.kind} after ${first}`);
      setImmediate(() => {
        throw second;
      });
    }
  };
  const inherits = Object.assign(Object.create(strategy) as Authenticator, {
    success: (user: unknown, info: Record<string, unknown>) => {
      settle({ kind: 'success', user, info });
    },
    fail: (challenge: { message?: string } | undefined, status: number | undefined) => {
      settle({ kind: 'fail', challenge, status });
    },
    error: (error: Error & Record<string, unknown>) => {
      settle({ kind: 'error', error });
    },
    redirect: (url: string) => {
      settle({ kind: 'redirect', url: new URL(url) });
    },
    pass: () => {
      settle({ kind: 'pass' });
    },
  });
  const request = { query: {}, headers: {}, session: {}, connection: {}, url: '/', ...req };
  inherits.authenticate(request as never, options);
}

/** How the strategy ends a request; a turn later, so that a second outcome is seen first. */
export function authenticate(
  strategy: Authenticator,
  req: FakeRequest = {},
  options?: DribbbleAuthenticateOptions | null,
): Promise<Outcome> {
  return new Promise((resolve) => {
    attempt(strategy, req, options, (outcome) => {
      setImmediate(resolve, outcome);
    });
  });
}

/** The outcome, if it is of the kind expected; otherwise the test fails, saying what came instead. */
export function expectKind<K extends Outcome['kind']>(
  outcome: Outcome,
  kind: K,
): Extract<Outcome, { kind: K }> {
  if (outcome.kind !== kind)
    throw new Error(`expected ${kind}, not ${JSON.stringify(outcome)}`, { cause: outcome });
  return outcome as Extract<Outcome, { kind: K }>;
}

/** Goes through both legs with one session: the redirect, then the callback, with the right state added. */
export async function login(
  strategy: Authenticator,
  { query = { code: CODE }, options }: { query?: object; options?: DribbbleAuthenticateOptions } = {},
): Promise<Outcome> {
  const session = {};
  const { url } = expectKind(await authenticate(strategy, { session }, options), 'redirect');
  const state = url.searchParams.get('state');
  return authenticate(strategy, { session, query: { ...query, ...(state !== null && { state }) } }, options);
}

/** passport-oauth2's client, as apps, their tests and other packages know it. */
export interface Client {
  get: (
    url: string,
    token: string,
    callback: (error: unknown, body?: unknown, res?: unknown) => void,
  ) => void;
  getOAuthAccessToken: (code: string, params: object, callback: (...result: unknown[]) => void) => void;
  useAuthorizationHeaderforGET: (useIt: boolean) => void;
}
export const clientOf = (strategy: OAuth2Strategy): Client =>
  (strategy as unknown as { _oauth2: Client })._oauth2;

/** passport-oauth2's own strategy, with a profile of the id that `_oauth2.get` brings, as the user. */
export class BaseStrategy extends OAuth2Strategy {
  private readonly userProfileURL: string;

  constructor({
    userProfileURL = '',
    ...options
  }: {
    userProfileURL?: string | undefined;
    [option: string]: unknown;
  }) {
    super(
      options as never,
      (_a: string, _r: string, profile: object, done: OAuth2Strategy.VerifyCallback) => {
        done(null, profile);
      },
    );
    this.userProfileURL = userProfileURL;
  }

  override userProfile(token: string, done: (error?: unknown, profile?: unknown) => void): void {
    clientOf(this).get(this.userProfileURL, token, (error, body) => {
      done(error, error ? undefined : { id: String((JSON.parse(String(body)) as { id: unknown }).id) });
    });
  }
}
