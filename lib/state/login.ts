import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { debug } from '../debug';
import { guard, once } from '../guard';

/**
 * Why a login failed: `info` in the callback of `passport.authenticate('dribbble', callback)`, of which
 * `failureMessage: true` keeps the message in the session. The code is stable; the message is for people and may
 * change.
 */
export interface DribbbleFailure {
  message: string;
  code: DribbbleFailureCode;
  /** With `access_denied`, the app's state, such as where the person was going. */
  state?: unknown;
}

/**
 * - `access_denied`: the person said no
 * - `state_missing`: the callback has no state
 * - `state_unknown`: the state is not one of a login under way in this browser
 * - `state_expired`: the login took too long
 * - `state_used`: the login is over already
 * - `issuer_mismatch`: the callback names another authorization server (RFC 9207)
 * - `malformed_callback`: a parameter is sent twice, nested or empty
 * - `authorization_error`: an error response without a right state, of which nothing is believed
 */
export type DribbbleFailureCode =
  | 'access_denied'
  | 'state_missing'
  | 'state_unknown'
  | 'state_expired'
  | 'state_used'
  | 'issuer_mismatch'
  | 'malformed_callback'
  | 'authorization_error';

/** What passport-oauth2 tells a store about the login. */
export interface StateMeta {
  authorizationURL: string;
  tokenURL: string;
  clientID: string;
  callbackURL?: string | undefined;
}

export type StoreCallback = (error: Error | null, handle?: string) => void;
/** `ok` is the PKCE verifier where there is one, else true; or false, and then `stateOrInfo` says why. */
export type VerifyStateCallback = (error: Error | null, ok?: string | boolean, stateOrInfo?: unknown) => void;

/** A state store of passport-oauth2's contract, whose methods are called by the number of their parameters. */
export interface AnyStore {
  /* eslint-disable @typescript-eslint/no-explicit-any -- which parameters there are, their number says */
  store: (...args: any[]) => unknown;
  verify: (...args: any[]) => unknown;
  /* eslint-enable */
}

/** The `verify` methods of our own stores, which let each state be used once. An override of one is not in here. */
export const singleUse = new WeakSet<AnyStore['verify']>();

/** At least this many used states are remembered until they expire, and at most twice as many. */
const USED_LIMIT = 5000;
/** Milliseconds that a login may take, from the redirect to the callback. */
export const LOGIN_LIFETIME = 600_000;

/** Remembers used states in this process, in two sets: the older one is dropped as a whole. */
export class UsedStates {
  private older = { states: new Set<string>(), expire: 0 };
  private newer = { states: new Set<string>(), expire: 0 };

  has(state: string): boolean {
    return this.keeps(keyOf(state));
  }

  /** Of two callbacks with one state, the first gets true. */
  take(state: string, expires: number): boolean {
    const key = keyOf(state);
    if (this.keeps(key)) return false;
    if (this.newer.states.size >= USED_LIMIT || this.older.expire <= Date.now()) {
      this.older = this.newer;
      this.newer = { states: new Set(), expire: 0 };
    }
    this.newer.states.add(key);
    this.newer.expire = Math.max(this.newer.expire, expires);
    return true;
  }

  forget(state: string): void {
    const key = keyOf(state);
    this.newer.states.delete(key);
    this.older.states.delete(key);
  }

  private keeps(key: string): boolean {
    return this.newer.states.has(key) || this.older.states.has(key);
  }
}

/** What is remembered of a state: a copy, as V8 keeps a whole URL in memory for a piece of it; of a long one, a hash. */
function keyOf(state: string): string {
  if (state.length > 64) return createHash('sha256').update(state).digest('base64url');
  return Buffer.from(state).toString();
}

/** For the stores that do not remember used states themselves. */
const usedStates = new WeakMap<AnyStore, UsedStates>();

/**
 * One login's state, in place of the strategy's store. It calls the store as passport-oauth2 would, with the real
 * request; lets a state be used once, with any store; and keeps the app's state apart: passport-oauth2 would drop
 * falsy values, and write the rest into an object of the app's.
 */
export class LoginState {
  /** The `redirect_uri` of the login, if there is one. */
  callbackURL: string | undefined;
  /** Called when the state is right, before anything else in the callback is trusted. The strategy sets it. */
  onRight!: (verifier: string | boolean, proceed: () => void) => void;
  private readonly used: UsedStates | undefined;

  constructor(
    private readonly stateStore: AnyStore,
    /** Whether the store keeps states at all; not so with `state: false`. */
    keepsState: boolean,
    private readonly req: Request,
    private appState: unknown,
    /** Called with what a later step of the login throws where nothing else catches. */
    private readonly onThrow: (thrown: unknown) => void,
  ) {
    if (!keepsState || singleUse.has(stateStore.verify)) return;
    this.used = usedStates.get(stateStore) ?? new UsedStates();
    usedStates.set(stateStore, this.used);
  }

  /** Begins a login: calls back with the state to send. */
  store(_req: unknown, verifier: unknown, _state: unknown, meta: StateMeta, callback: StoreCallback): void {
    this.callbackURL = meta.callbackURL;
    const { stateStore, req } = this;
    const state = pack(this.appState);
    const stored: StoreCallback = (error, handle) => {
      // A store may issue a state again, and then it is new.
      if (handle) this.used?.forget(handle);
      callback(error, handle);
    };
    const { length } = stateStore.store;
    this.call(stored, (settle) => {
      if (length === 5) return stateStore.store(req, verifier, state, meta, settle);
      if (length === 4) return stateStore.store(req, state, meta, settle);
      if (length === 3) return stateStore.store(req, meta, settle);
      return stateStore.store(req, settle);
    });
  }

  /** Continues a login: calls back with whether the state is right. */
  verify(_req: unknown, handle: unknown, meta: StateMeta, callback: VerifyStateCallback): void {
    this.callbackURL = meta.callbackURL;
    const { stateStore, req } = this;
    const verified: VerifyStateCallback = (error, ok, stateOrInfo) => {
      if (error) callback(error);
      else if (!ok) callback(null, false, failure(req, handle, stateOrInfo));
      else if (!this.takes(handle)) callback(null, false, { ...USED });
      else {
        debug('callback: the state is right');
        this.appState = unpack(stateOrInfo);
        this.onRight(ok, () => {
          callback(null, ok);
        });
      }
    };
    const takesMeta = stateStore.verify.length === 4;
    this.call(verified, (settle) => stateStore.verify(req, handle, ...(takesMeta ? [meta] : []), settle));
  }

  /** A copy of the app's info with this login's app state: the app's object may be shared by all logins. */
  infoWithState(info: unknown): object {
    let copy: { message?: string; state?: unknown } = {};
    // A getter of the app's may throw.
    guard(
      () => (copy = typeof info === 'string' ? { message: info } : { ...(info as object) }),
      this.onThrow,
    );
    const { state: _, ...rest } = copy;
    return this.appState === undefined ? rest : { ...rest, state: this.appState };
  }

  private takes(handle: unknown): boolean {
    return typeof handle !== 'string' || (this.used?.take(handle, Date.now() + LOGIN_LIFETIME) ?? true);
  }

  /** Calls a method of the store, which may throw, reject, call back twice, or never. */
  private call<Result extends unknown[]>(
    callback: (error: Error | null, ...result: Result) => void,
    method: (settle: (error: Error | null, ...result: Result) => boolean) => unknown,
  ): void {
    let hasCalled = false;
    const guarded = (error: unknown, ...result: Result): void => {
      hasCalled = true;
      guard(() => {
        callback(error as Error | null, ...result);
      }, this.onThrow);
    };
    // Our own stores keep their used states themselves. They call back at once, or have a limit of their own.
    const settle = once(guarded, this.used && 'The state store did not call back within a minute.');
    guard(
      () => method(settle),
      (error) => {
        // A store that fails after it has called back ends a login that has no outcome yet.
        if (hasCalled) this.onThrow(error);
        else (settle as (error: Error) => boolean)(error);
      },
    );
  }
}

export const USED: DribbbleFailure = {
  message: 'This login is over already: sign in again.',
  code: 'state_used',
};
export const MISSING: DribbbleFailure = {
  message: 'The browser came back without the state of a login: sign in again.',
  code: 'state_missing',
};
export const EXPIRED: DribbbleFailure = {
  message: 'The login took too long: sign in again.',
  code: 'state_expired',
};

/** The state does not belong to a login of this browser. */
export function unknownState({ headers }: Pick<Request, 'headers'>): DribbbleFailure {
  const isLocal = /^(?:localhost|127\.0\.0\.1)(?::|$)/.test(headers.host ?? '');
  return {
    message:
      'The login was not begun in this browser, or is over: sign in again, with cookies allowed.' +
      (isLocal
        ? ' Begin it at the host of the callback URL: the browser keeps the cookies of http://localhost and http://127.0.0.1 apart.'
        : ''),
    code: 'state_unknown',
  };
}

/** The info of the app's own store, with a code. */
function failure(req: Request, handle: unknown, info: unknown): DribbbleFailure {
  const given = typeof info === 'string' ? { message: info } : (info as Partial<DribbbleFailure> | undefined);
  return { ...(handle === undefined ? MISSING : unknownState(req)), ...given };
}

const FALSY = 'dribbble:falsy';

/** passport-oauth2's stores keep truthy states only. */
function pack(state: unknown): unknown {
  return state === undefined || (state && !isPacked(state)) ? state : { [FALSY]: state };
}

function unpack(state: unknown): unknown {
  return isPacked(state) ? state[FALSY] : state;
}

function isPacked(state: unknown): state is { [FALSY]: unknown } {
  return typeof state === 'object' && state !== null && FALSY in state;
}
