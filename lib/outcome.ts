import { isPromise } from 'node:util/types';
import type { Request } from 'express';
import { debug } from './debug';
import { isError } from './errors';

/** What Passport puts on a strategy before it runs `authenticate`. */
export interface Actions {
  success: (user: unknown, info?: unknown) => unknown;
  fail: (challenge?: unknown, status?: number) => void;
  redirect: (url: string, status?: number) => void;
  error: (error: unknown) => unknown;
}

/**
 * Wraps Passport's actions for one request: only the first call counts. If an action throws, the request ends in
 * `next(err)`: it may run in a callback of the network or of a store, where an exception would end the process.
 */
export function settleOnce(actions: Actions, req: Request): Actions {
  // Read now: with a strategy object passed to passport.authenticate(), the next request overwrites them.
  const { success, fail, redirect, error } = actions;
  let settled = false;
  const once = (action: () => unknown, step: string, ...details: unknown[]): void => {
    if (settled) return;
    settled = true;
    try {
      debug(step, ...details);
      awaitReturned(action(), reportThrown);
    } catch (thrown) {
      reportThrown(thrown);
    }
  };

  function reportThrown(thrown: unknown): void {
    const reason = asError(thrown);
    const { res, next } = req as Partial<Request>;
    try {
      if (res?.writableEnded) warn(reason);
      // Express's `next`: the app's own callback of passport.authenticate() was called already, and threw.
      else if (typeof next === 'function') next(reason);
      // connect and others do not expose `next`: Passport's action leads there, or to the app's callback.
      else awaitReturned(error.call(actions, reason), warnOfBoth);
    } catch (again) {
      warnOfBoth(again);
    }

    function warnOfBoth(again: unknown): void {
      warn(reason);
      if (again !== reason) warn(asError(again));
    }
  }

  return {
    success: (user, info) => {
      once(() => success.call(actions, user, info), 'signed in');
    },
    fail: (challenge, status) => {
      const { code = 'verify found no user' } = (challenge ?? {}) as { code?: unknown };
      const action = (): void => {
        fail.call(actions, challenge, status);
      };
      once(action, 'failed login: %s', code);
    },
    redirect: (url, status) => {
      // The URL contains the state, so only the redirect URI is printed.
      const sent = debug.enabled ? new URL(url, 'http://localhost').searchParams.get('redirect_uri') : '';
      const action = (): void => {
        redirect.call(actions, url, status);
      };
      once(action, 'login begun: redirect_uri %s', sent ?? 'left out');
    },
    error: (thrown) => {
      const reason = asError(thrown) as Error & { code?: unknown };
      if (settled) warn(reason);
      once(() => error.call(actions, reason), 'error: %s %s', reason.name, reason.code ?? '');
    },
  };
}

/** An async callback of passport.authenticate() may reject. Passport returns its promise, except after a failed login. */
function awaitReturned(returned: unknown, onThrow: (thrown: unknown) => void): void {
  if (isPromise(returned)) returned.catch(onThrow);
}

/** Always an Error: `next(undefined)` would let the request through, `next('route')` would skip its handlers. */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  const message = `The app threw, rejected or called back with ${typeof thrown}, not with an Error.`;
  const error = new Error(typeof thrown === 'string' && thrown ? thrown : message, { cause: thrown });
  // Keep the fields that error handlers read, such as `status`.
  return typeof thrown === 'object' ? Object.assign(error, thrown) : error;
}

/** Prints an error that comes after the outcome, when nothing can handle it any more. */
export function warn(error: Error): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
