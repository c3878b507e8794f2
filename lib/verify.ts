import type { Request } from 'express';
import { guard, once } from './guard';
import type { DribbbleProfile } from './profile';
import type { DribbbleTokenResponse } from './oauth2-client';
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
 * With four parameters it calls `done`; if its promise resolves to a user first, that counts. With fewer parameters, it
 * returns the user or a promise of it; a falsy value is a failed login. What it throws or rejects with is passed to
 * `next(err)`. If it does not call back within a minute, the login ends in an error. Dribbble issues no refresh token:
 * the parameter is undefined.
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

interface ProfileHook {
  userProfile: (accessToken: string, done: (error?: unknown, profile?: DribbbleProfile) => void) => unknown;
}
type SkipUserProfile = (accessToken: string, done: (error?: unknown, skip?: boolean) => void) => void;

/** passport-oauth2's verify function with every parameter; all other shapes are called through it. */
export type FullVerifyFunction = (
  req: unknown,
  accessToken: string,
  refreshToken: string | undefined,
  params: DribbbleTokenResponse,
  profile: DribbbleProfile,
  verified: (error?: unknown, user?: unknown, info?: unknown) => void,
) => void;

const WAYS =
  'Return the user or a promise of it, or declare done and call it: (accessToken, refreshToken, profile, done).';

/**
 * Makes a verify function of any shape call back once, whether it throws, rejects, returns or calls `done`.
 *
 * @param req the request, for `passReqToCallback`; otherwise undefined
 */
export function callVerifyOnce(verify: AnyVerifyFunction, req: Request | undefined): FullVerifyFunction {
  const declared = verify.length - (req ? 1 : 0);
  const declaresDone = declared >= 4;
  const declaresNothing = verify.length === 0;

  return function (this: unknown, _req, accessToken, refreshToken, params, profile, verified) {
    let isDone = false;
    const settle = once(verified, `The verify function did not call back within a minute. ${WAYS}`);
    const done: VerifyCallback = (...outcome) => {
      if (!settle(...outcome) && !isDone)
        process.emitWarning(`The verify function called done too late: the login had its outcome. ${WAYS}`);
      isDone = true;
    };
    const resolved = (value: unknown): void => {
      const isNothing = value === undefined || (value === null && declaresDone);
      if (isNothing && (declaresDone || declaresNothing)) return;
      if (value === undefined)
        settle(null, false, { message: `The verify function returned no user. ${WAYS}` });
      else settle(null, value);
    };
    const returned = (value: unknown): void => {
      if (declaresDone) return;
      if (!isThenable(value)) resolved(value);
      else if (!declaresNothing) settle(thenable('verify'));
    };
    const call = (): unknown =>
      (verify as (...args: unknown[]) => unknown).call(
        this,
        ...(req ? [req] : []),
        accessToken,
        refreshToken,
        ...(declared >= 5 ? [params] : []),
        profile,
        done,
      );
    guard(call, settle, returned, resolved);
  };
}

/** Guards the app's `skipUserProfile`: passport-oauth2 calls it where an exception would end the process. */
export function guardSkip(
  skip: DribbbleStrategyOptions['skipUserProfile'],
): boolean | SkipUserProfile | undefined {
  if (typeof skip !== 'function') return skip;
  const declaresDone = skip.length > 1;
  return (accessToken, done) => {
    const settle = once(done, 'The skipUserProfile function did not call back within a minute.');
    const resolved = (value: unknown): void => {
      if (!declaresDone || typeof value === 'boolean') settle(null, Boolean(value));
    };
    const returned = (value: unknown): void => {
      if (declaresDone) return;
      if (isThenable(value)) settle(thenable('skipUserProfile'));
      else resolved(value);
    };
    // As passport-oauth2 calls it.
    const call = (): unknown => (declaresDone ? skip(accessToken, settle) : (skip as () => unknown)());
    guard(call, settle, returned, resolved);
  };
}

/**
 * Guards a strategy's `userProfile`: a subclass may make it async, and it may throw, call back twice or never.
 *
 * @param own the prototype with the one of ours, whose request has a limit already
 */
export function guardProfile({ userProfile }: ProfileHook, own: ProfileHook): ProfileHook['userProfile'] {
  const isOwn = userProfile === own.userProfile;
  const late = isOwn ? undefined : 'The userProfile method did not call back within a minute.';
  return function (this: unknown, accessToken, done) {
    const settle = once(done, late);
    const resolved = (profile: unknown): void => {
      if (profile !== undefined && profile !== null) settle(null, profile as DribbbleProfile);
    };
    guard(() => userProfile.call(this, accessToken, settle), settle, undefined, resolved);
  };
}

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function thenable(name: string): TypeError {
  return new TypeError(
    `The ${name} function returned a thenable, such as a Mongoose query, not a native promise: make it an async function.`,
  );
}
