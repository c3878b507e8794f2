import { isPromise } from 'node:util/types';
import type { Request } from 'express';
import type { DribbbleProfile } from './profile';
import type { DribbbleTokenResponse } from './oauth2-client';
import { isError } from './errors';
import type { DribbbleStrategyOptions } from './options';

/**
 * What a verify function calls back with: an error, a user, or `false` and, if it likes, the reason
 * (`info`, such as `{ message }`) for a failed login. The first call counts, later ones are ignored.
 */
export type VerifyCallback = (
  error?: unknown,
  user?: Express.User | false | null,
  info?: object | string,
) => void;

// Methods, because TypeScript then lets a function annotate `refreshToken: string` as most do.
interface VerifyFunctions {
  verify(
    accessToken: string,
    refreshToken: string | undefined,
    profile: DribbbleProfile,
    done: VerifyCallback,
  ): unknown;
  verifyWithParams(
    accessToken: string,
    refreshToken: string | undefined,
    params: DribbbleTokenResponse,
    profile: DribbbleProfile,
    done: VerifyCallback,
  ): unknown;
  verifyWithRequest(
    req: Request,
    accessToken: string,
    refreshToken: string | undefined,
    profile: DribbbleProfile,
    done: VerifyCallback,
  ): unknown;
  verifyWithRequestAndParams(
    req: Request,
    accessToken: string,
    refreshToken: string | undefined,
    params: DribbbleTokenResponse,
    profile: DribbbleProfile,
    done: VerifyCallback,
  ): unknown;
}

/**
 * Finds or creates the app's user for a Dribbble profile.
 *
 * With four parameters it calls `done`; should its promise resolve to a user before, that counts. With fewer, what it
 * returns, or its promise resolves to, is the user; a falsy value is a failed login. What it throws, or rejects with,
 * is passed to `next(err)`. If it does not call back within a minute, the login ends in an error. Dribbble issues no
 * refresh token: the parameter is undefined.
 */
export type DribbbleVerifyFunction = VerifyFunctions['verify'];
/** A verify function that also takes the token response. */
export type DribbbleVerifyFunctionWithParams = VerifyFunctions['verifyWithParams'];
/** A verify function for `passReqToCallback: true`. */
export type DribbbleVerifyFunctionWithRequest = VerifyFunctions['verifyWithRequest'];
/** A verify function for `passReqToCallback: true` that also takes the token response. */
export type DribbbleVerifyFunctionWithRequestAndParams = VerifyFunctions['verifyWithRequestAndParams'];

export type AnyVerifyFunction =
  | DribbbleVerifyFunction
  | DribbbleVerifyFunctionWithParams
  | DribbbleVerifyFunctionWithRequest
  | DribbbleVerifyFunctionWithRequestAndParams;

type SkipUserProfile = (accessToken: string, done: (error?: unknown, skip?: boolean) => void) => void;

/** passport-oauth2's fullest form of a verify function, which every other one is called through. */
export type FullVerifyFunction = (
  req: unknown,
  accessToken: string,
  refreshToken: string | undefined,
  params: DribbbleTokenResponse,
  profile: DribbbleProfile,
  verified: (error?: unknown, user?: unknown, info?: unknown) => void,
) => void;

/** Milliseconds that verify, or skipUserProfile, may take to call back. */
const PATIENCE = 60_000;
const WAYS =
  'Return the user or a promise of it, or declare done and call it: (accessToken, refreshToken, profile, done).';

/**
 * Makes any shape of verify function call back once, whatever it throws, rejects with, returns or calls.
 *
 * @param req the request, for `passReqToCallback`; otherwise undefined
 */
export function callVerifyOnce(verify: AnyVerifyFunction, req: Request | undefined): FullVerifyFunction {
  const declared = verify.length - (req ? 1 : 0);
  const declaresDone = declared >= 4;
  const declaresNothing = verify.length === 0;

  return (_req, accessToken, refreshToken, params, profile, verified) => {
    let returnedNothing = false;
    const settle = once(verified, `The verify function did not call back within a minute. ${WAYS}`);
    const done: VerifyCallback = (...outcome) => {
      if (returnedNothing)
        process.emitWarning(`The verify function called done too late: it had returned. ${WAYS}`);
      settle(...outcome);
    };
    const returned = (value: unknown): void => {
      const isNothing = value === undefined || (value === null && declaresDone);
      if (isNothing && (declaresDone || declaresNothing)) return;
      returnedNothing = value === undefined;
      if (value === undefined)
        settle(null, false, { message: `The verify function returned no user. ${WAYS}` });
      else settle(null, value);
    };

    try {
      const result: unknown = (verify as (...args: unknown[]) => unknown)(
        ...(req ? [req] : []),
        accessToken,
        refreshToken,
        ...(declared >= 5 ? [params] : []),
        profile,
        done,
      );
      // Only native promises: calling a query's `then` runs the query, perhaps for the second time.
      if (isPromise(result)) {
        result.then(returned, (reason: unknown) => {
          settle(asError(reason));
        });
      } else if (!isThenable(result)) returned(declaresDone ? undefined : result);
      else if (!declaresDone && !declaresNothing) {
        settle(
          new TypeError(
            'The verify function returned a thenable, such as a Mongoose query, not a native promise: make it an async function.',
          ),
        );
      }
    } catch (thrown) {
      settle(asError(thrown));
    }
  };
}

/** Guards the app's `skipUserProfile`, which passport-oauth2 calls where a throw would take the process down. */
export function guardSkip(
  skip: DribbbleStrategyOptions['skipUserProfile'],
): boolean | SkipUserProfile | undefined {
  if (typeof skip !== 'function') return skip;
  return (accessToken, done) => {
    const settle = once(done, 'The skipUserProfile function did not call back within a minute.');
    try {
      const result: unknown = skip.length > 1 ? skip(accessToken, settle) : (skip as () => unknown)();
      if (isPromise(result)) {
        result.then(
          (value) => {
            if (skip.length < 2 || typeof value === 'boolean') settle(null, Boolean(value));
          },
          (reason: unknown) => {
            settle(asError(reason));
          },
        );
      } else if (skip.length < 2) settle(null, Boolean(result));
    } catch (thrown) {
      settle(asError(thrown));
    }
  };
}

/** A callback that is called once: with the first outcome, or with an error after a minute without any. */
function once<Rest extends unknown[]>(
  callback: (error?: unknown, ...rest: Rest) => void,
  late: string,
): (error?: unknown, ...rest: Rest) => void {
  let called = false;
  const patience = setTimeout(() => {
    settle(new Error(late), ...([] as unknown as Rest));
  }, PATIENCE).unref();
  const settle: typeof callback = (error, ...rest) => {
    if (called) return;
    called = true;
    clearTimeout(patience);
    callback(error && asError(error), ...rest);
  };
  return settle;
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** `next(undefined)` would let the request through, `next('route')` past its handlers. */
function asError(thrown: unknown): unknown {
  if (isError(thrown)) return thrown;
  const message = `The verify function threw or rejected with ${typeof thrown}, not with an Error.`;
  const error = new Error(typeof thrown === 'string' ? thrown : message, { cause: thrown });
  // The fields by which error handlers go, such as `status`, stay.
  return typeof thrown === 'object' ? Object.assign(error, thrown) : error;
}
