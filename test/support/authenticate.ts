import type { DribbbleAuthenticateOptions, DribbbleStrategy } from 'passport-dribbble-oauth2';

/** How a strategy answered, as passport would see it. */
export type Outcome =
  | { kind: 'success'; user: unknown; info: Record<string, unknown> }
  | { kind: 'fail'; challenge: { message?: string } | undefined; status: number | undefined }
  | { kind: 'error'; error: Error & Record<string, unknown> }
  | { kind: 'redirect'; url: URL };

export interface FakeRequest {
  query?: Record<string, unknown>;
  body?: unknown;
  session?: Record<string, unknown> | undefined;
  headers?: Record<string, string>;
  [name: string]: unknown;
}

/**
 * Runs a strategy on a request as passport does, on an object that inherits from it, and gives how it answered.
 * Rejects where it answers twice, and throws uncaught, so that a second answer after the test fails mocha too.
 */
export async function authenticate(
  strategy: DribbbleStrategy,
  req: FakeRequest = {},
  options?: DribbbleAuthenticateOptions,
): Promise<Outcome> {
  const outcome = await new Promise<Outcome>((resolve, reject) => {
    let answered = false;
    const answer = (outcome: Outcome): void => {
      if (answered) {
        const second = new Error(`A second answer: ${outcome.kind}`);
        reject(second);
        setImmediate(() => {
          throw second;
        });
      }
      answered = true;
      // A turn later, so that a second answer is seen first.
      setImmediate(resolve, outcome);
    };
    const attempt = Object.assign(Object.create(strategy) as DribbbleStrategy, {
      success: (user: unknown, info: Record<string, unknown>) => {
        answer({ kind: 'success', user, info });
      },
      fail: (challenge: { message?: string } | undefined, status: number | undefined) => {
        answer({ kind: 'fail', challenge, status });
      },
      error: (error: Error & Record<string, unknown>) => {
        answer({ kind: 'error', error });
      },
      redirect: (url: string) => {
        answer({ kind: 'redirect', url: new URL(url) });
      },
    });
    const request = { query: {}, headers: {}, session: {}, connection: {}, url: '/', ...req };
    attempt.authenticate(request as never, options);
  });
  return outcome;
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

/** Goes through both legs with one session: the redirect, then the callback with a code and the right state. */
export async function login(
  strategy: DribbbleStrategy,
  { code = 'the-code', options }: { code?: string; options?: DribbbleAuthenticateOptions } = {},
): Promise<Outcome> {
  const session = {};
  const { url } = expectKind(await authenticate(strategy, { session }, options), 'redirect');
  const state = url.searchParams.get('state');
  return authenticate(strategy, { session, query: { code, ...(state !== null && { state }) } }, options);
}
