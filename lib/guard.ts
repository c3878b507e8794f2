import { clearTimeout, setTimeout } from 'node:timers';
import { isPromise } from 'node:util/types';

/** Milliseconds that a function of the app's may take to call back. */
const PATIENCE = 60_000;

/**
 * Calls a function of the app's. What it throws or rejects with goes to `onThrow`, always as an Error. Only native
 * promises are looked at: calling a query's `then` runs the query, perhaps for the second time.
 */
export function guard(
  call: () => unknown,
  onThrow: (error: Error) => unknown,
  onReturn?: (value: unknown) => void,
  onResolve?: (value: unknown) => void,
): void {
  const failed = (thrown: unknown): unknown => onThrow(asError(thrown));
  try {
    const returned = call();
    if (isPromise(returned)) returned.then(onResolve, failed);
    else onReturn?.(returned);
  } catch (thrown) {
    failed(thrown);
  }
}

/**
 * Makes a callback that is called once: with the first outcome, or with an error if there is none within a minute.
 *
 * @param late the message of that error; without it, there is no limit
 * @returns the callback, which returns whether the outcome was the first
 */
export function once<Rest extends unknown[]>(
  callback: (error?: unknown, ...rest: Rest) => void,
  late?: string,
): (error?: unknown, ...rest: Rest) => boolean {
  let called = false;
  const tooLate = (): void => {
    if (!called) settle(new Error(late), ...([] as unknown as Rest));
  };
  // If the process was suspended, it may be about to call back: give it one turn of the event loop.
  const patience = late === undefined ? undefined : setTimeout(() => setImmediate(tooLate), PATIENCE).unref();
  const settle = (error?: unknown, ...rest: Rest): boolean => {
    if (called) {
      if (error) warn(asError(error));
      return false;
    }
    called = true;
    clearTimeout(patience);
    callback(error && asError(error), ...rest);
    return true;
  };
  return settle;
}

/** Always an Error: `next(undefined)` would let the request through, `next('route')` would skip its handlers. */
export function asError(thrown: unknown): Error {
  const message = `The app threw, rejected or called back with ${typeof thrown}, not with an Error.`;
  try {
    if (isError(thrown)) return thrown;
    const error = new Error(typeof thrown === 'string' && thrown ? thrown : message, { cause: thrown });
    // Keep the fields that error handlers read, such as `status`. JSON may have a `__proto__` among them.
    if (typeof thrown === 'object') Object.setPrototypeOf(Object.assign(error, thrown), Error.prototype);
    return error;
  } catch (cause) {
    return new Error(message, { cause }); // a getter that throws, or a revoked proxy
  }
}

/** Also true for errors of another realm, such as Node's own under Jest. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

/** Prints an error that comes after the outcome, when nothing can handle it any more. */
export function warn(error: Error): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
