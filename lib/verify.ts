import { isPromise } from 'node:util/types';
import type { Request } from 'express';
import type { DribbbleProfile } from './profile';
import type { DribbbleTokenResponse } from './token';

/**
 * How a verify function answers: with an error, with a user, or with `false` and, if it likes, the reason
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
 * Finds or makes the app's user for a Dribbble profile, and answers through `done`, or, if it declares fewer than
 * four parameters, by what it returns or by the promise it returns (a falsy value is a failed login). What it
 * throws, or rejects with, ends in `next(err)`. Dribbble issues no refresh token: the parameter is undefined.
 */
export type DribbbleVerifyFunction = VerifyFunctions['verify'];
/** A verify function that also takes the token endpoint's answer. */
export type DribbbleVerifyFunctionWithParams = VerifyFunctions['verifyWithParams'];
/** A verify function for `passReqToCallback: true`. */
export type DribbbleVerifyFunctionWithRequest = VerifyFunctions['verifyWithRequest'];
/** A verify function for `passReqToCallback: true` that also takes the token endpoint's answer. */
export type DribbbleVerifyFunctionWithRequestAndParams = VerifyFunctions['verifyWithRequestAndParams'];

export type AnyVerifyFunction =
  | DribbbleVerifyFunction
  | DribbbleVerifyFunctionWithParams
  | DribbbleVerifyFunctionWithRequest
  | DribbbleVerifyFunctionWithRequestAndParams;

/** passport-oauth2's fullest form of a verify function, which every other one is called through. */
export type FullVerifyFunction = VerifyFunctions['verifyWithRequestAndParams'];

/** Makes any shape of verify function answer exactly once, whatever it throws, rejects, returns or calls. */
export function answeringOnce(verify: AnyVerifyFunction, passReqToCallback: boolean): FullVerifyFunction {
  const declared = verify.length - (passReqToCallback ? 1 : 0);
  const takesParams = declared >= 5;
  const answersThroughDone = declared >= 4;
  const declaresNothing = verify.length === 0;

  return (req, accessToken, refreshToken, params, profile, verified) => {
    let answered = false;
    const done: VerifyCallback = (error, user, info) => {
      if (answered) return;
      answered = true;
      try {
        verified(error, user, info);
      } catch (thrown) {
        // Passport's own steps after a login (such as a session without `regenerate`) throw where nothing catches.
        verified(asError(thrown));
      }
    };
    const fail = (thrown: unknown): void => {
      done(asError(thrown));
    };
    const returned = (value: unknown): void => {
      if (answersThroughDone || (declaresNothing && value === undefined)) return;
      done(null, value as Express.User);
    };

    try {
      const result: unknown = (verify as (...args: unknown[]) => unknown)(
        ...(passReqToCallback ? [req] : []),
        accessToken,
        refreshToken,
        ...(takesParams ? [params] : []),
        profile,
        done,
      );
      // Only native promises: calling a query's `then` runs the query, perhaps for the second time.
      if (isPromise(result)) result.then(returned, fail);
      else if (!isThenable(result)) returned(result);
      else if (!answersThroughDone && !declaresNothing) {
        fail(
          new TypeError(
            'The verify function returned a thenable that is no promise: make it an async function.',
          ),
        );
      }
    } catch (thrown) {
      fail(thrown);
    }
  };
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** `next(undefined)` would let the request through, `next('route')` past its handlers. */
function asError(thrown: unknown): unknown {
  if (typeof thrown === 'object' && thrown !== null) return thrown;
  return new Error(`The verify function threw or rejected with ${typeof thrown}, not with an Error.`, {
    cause: thrown,
  });
}
