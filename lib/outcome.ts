import type { Request } from 'express';
import { debug, isDebugging } from './debug';
import { asError, guard, warn } from './guard';

/** What Passport puts on a strategy before it runs `authenticate`. */
export interface Actions {
  success: (user: unknown, info?: unknown) => unknown;
  fail: (challenge?: unknown, status?: number) => void;
  redirect: (url: string, status?: number) => void;
  error: (error: unknown) => unknown;
  pass: () => unknown;
}

/**
 * Wraps Passport's actions for one request: only the first call counts. If an action throws, the request ends in
 * `next(err)`: it may run in a callback of the network or of a store, where an exception would end the process.
 */
export function settleOnce(actions: Actions, req: Request): Actions {
  // Read now: with a strategy object passed to passport.authenticate(), the next request overwrites them.
  const { success, fail, redirect, error, pass } = actions;
  let settled = false;
  const once = (action: () => unknown, step: string, details: () => unknown[] = () => []): void => {
    if (settled) return;
    settled = true;
    // An async callback of passport.authenticate() may reject. Passport returns its promise, except after a failed login.
    guard(() => {
      if (isDebugging) debug(step, ...details());
      return action();
    }, reportThrown);
  };

  function reportThrown(reason: Error): void {
    const { res, next } = req as Partial<Request>;
    const report = (): unknown => {
      if (res?.writableEnded) warn(reason);
      // Express's `next`: the app's own callback of passport.authenticate() was called already, and threw.
      else if (typeof next === 'function') next(reason);
      // connect and others do not expose `next`: Passport's action leads there, or to the app's callback.
      else return error.call(actions, reason);
      return undefined;
    };
    guard(report, (again) => {
      warn(reason);
      if (again !== reason) warn(again);
    });
  }

  return {
    success: (user, info) => {
      once(() => success.call(actions, user, info), 'signed in');
    },
    fail: (challenge, status) => {
      const action = (): void => {
        fail.call(actions, challenge, status);
      };
      const code = (): unknown[] => [
        (challenge as { code?: unknown } | undefined)?.code ?? 'verify found no user',
      ];
      once(action, 'failed login: %s', code);
    },
    redirect: (url, status) => {
      // The URL contains the state, so only the redirect URI is printed.
      const sent = (): unknown[] => [
        new URL(url, 'http://localhost').searchParams.get('redirect_uri') ?? 'left out',
      ];
      const action = (): void => {
        redirect.call(actions, url, status);
      };
      once(action, 'login begun: redirect_uri %s', sent);
    },
    pass: () => {
      once(() => pass.call(actions), 'passed on');
    },
    error: (thrown) => {
      const reason = asError(thrown) as Error & { code?: unknown };
      if (settled) warn(reason);
      const action = (): unknown => error.call(actions, reason);
      once(action, 'error: %s %s', () => [reason.name, reason.code ?? '']);
    },
  };
}
