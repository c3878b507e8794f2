import type { Request } from 'express';
import { debug } from './debug';
import { isError } from './errors';

/** What Passport puts on a strategy before it runs `authenticate`. */
export interface Actions {
  success: (user: unknown, info?: unknown) => void;
  fail: (challenge?: unknown, status?: number) => void;
  redirect: (url: string, status?: number) => void;
  error: (error: unknown) => void;
}

/**
 * Passport's actions for one request, of which the first counts. What one of them throws ends in `next(err)`: it may
 * run in a callback of the network or of a store, where an exception ends the process.
 */
export function settleOnce(actions: Actions, req: Request): Actions {
  // Taken now: a strategy that is itself handed to passport.authenticate() is given those of the next request later.
  const { success, fail, redirect, error } = actions;
  let settled = false;
  const once = (step: string, action: () => void): void => {
    if (settled) return;
    settled = true;
    debug(step);
    try {
      action();
    } catch (thrown) {
      report(thrown);
    }
  };

  function report(thrown: unknown): void {
    const reason = isError(thrown) ? thrown : new Error('Passport was thrown no Error.', { cause: thrown });
    const { res, next } = req as Partial<Request>;
    if (res?.headersSent) process.emitWarning(reason);
    // Express's: an app's own callback of passport.authenticate() was called already, and threw.
    else if (typeof next === 'function') next(reason);
    else {
      try {
        error.call(actions, reason);
      } catch {
        process.emitWarning(reason);
      }
    }
  }

  return {
    success: (user, info) => {
      once('signed in', () => {
        success.call(actions, user, info);
      });
    },
    fail: (challenge, status) => {
      const { code = 'verify found no user' } = (challenge ?? {}) as { code?: unknown };
      once(`failed login: ${String(code)}`, () => {
        fail.call(actions, challenge, status);
      });
    },
    redirect: (url, status) => {
      // The URL holds the state; of it, only the redirect URI is printed.
      const sent = debug.enabled ? new URL(url, 'http://localhost').searchParams.get('redirect_uri') : '';
      once(`login begun: redirect_uri ${sent ?? 'left out'}`, () => {
        redirect.call(actions, url, status);
      });
    },
    error: (reason) => {
      const { name, code = '' } = (reason ?? {}) as { name?: unknown; code?: unknown };
      once(`error: ${String(name)} ${String(code)}`, () => {
        error.call(actions, reason);
      });
    },
  };
}
