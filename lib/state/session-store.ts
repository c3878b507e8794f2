import { AsyncResource } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { guard, once } from '../guard';
import {
  EXPIRED,
  LOGIN_LIFETIME,
  MISSING,
  singleUse,
  unknownState,
  USED,
  UsedStates,
  type AnyStore,
  type StateMeta,
  type StoreCallback,
  type VerifyStateCallback,
} from './login';

/** At most this many logins are under way in one session: the oldest makes room. */
const LOGINS_LIMIT = 10;
/** Bytes of JSON for all logins, if the session lives in a cookie: browsers refuse one of more than 4096. */
const COOKIE_LIMIT = 2048;

interface Login {
  handle: string;
  expires: number;
  verifier?: string | undefined;
  state?: unknown;
}
type Session = Record<string, unknown>;

/** Process-wide: an old cookie of cookie-session brings back an old state, whichever strategy reads it. */
const used = new UsedStates();

/** Keeps the state of each login in the session: the default store. */
export class SessionStore {
  static {
    singleUse.add((this.prototype as AnyStore).verify);
  }

  /** @param key under which the session keeps the logins */
  constructor(private readonly key: string) {}

  /** Begins a login: calls back with the state to send to Dribbble. */
  store(
    req: Request,
    verifier: string | undefined,
    state: unknown,
    _meta: StateMeta,
    callback: StoreCallback,
  ): void {
    const session = sessionOf(req);
    checkJSON(state);
    const handle = randomBytes(24).toString('base64url');
    const login: Login = { handle, expires: Date.now() + LOGIN_LIFETIME, verifier, state };
    const logins = [...this.underWay(session), login].slice(-LOGINS_LIMIT);
    while (isInCookie(session) && sizeOf(logins) > COOKIE_LIMIT) {
      if (logins.length === 1) {
        throw new Error(
          `The state to carry through the login takes ${String(sizeOf(logins))} bytes, and a session in a cookie has room for ${String(COOKIE_LIMIT)}: ` +
            'carry less, such as a path or an id.',
        );
      }
      logins.shift();
    }
    session[this.key] = logins;
    callback(null, handle);
  }

  /** Continues a login: calls back with the PKCE verifier or true, and the app's state; or with false and why. */
  verify(req: Request, handle: unknown, _meta: StateMeta, callback: VerifyStateCallback): void {
    const session = sessionOf(req);
    const kept = session[this.key];
    const login = (Array.isArray(kept) ? (kept as Login[]) : []).find((entry) => entry.handle === handle);
    if (login) {
      const others = this.underWay(session).filter((entry) => entry !== login);
      // Assigned, not changed in place: @fastify/secure-session notices neither that nor a deletion.
      session[this.key] = others.length > 0 ? others : undefined;
      if (others.length === 0) Reflect.deleteProperty(session, this.key);
    }
    if (typeof handle !== 'string') callback(null, false, MISSING);
    else if (!login) callback(null, false, used.has(handle) ? USED : unknownState(req));
    else if (login.expires <= Date.now()) callback(null, false, EXPIRED);
    else if (!used.take(handle, login.expires)) callback(null, false, USED);
    else {
      saveNow(session, (error) => {
        if (error) callback(error as Error);
        else callback(null, login.verifier ?? true, login.state);
      });
    }
  }

  private underWay(session: Session): Login[] {
    const kept = session[this.key];
    // passport-oauth2's own store, and version 1.0.0, kept something other than a list.
    return Array.isArray(kept) ? (kept as Login[]).filter(({ expires }) => expires > Date.now()) : [];
  }
}

function sessionOf(req: Request): Session {
  const { session } = req as { session?: unknown };
  if (session) return session as Session;
  throw new Error(
    "Signing in keeps a state in the session, and there is none. Put a session middleware (such as express-session) before passport's, " +
      'or do without sessions: store: new CookieStateStore({ secret }).',
  );
}

/**
 * Saves a session that is kept on the server. The session middleware would save it with the response, which may be a
 * minute away: over logins that were begun until then, and after another instance took the same state.
 */
function saveNow(session: Session, done: (error?: unknown) => void): void {
  const { save } = session;
  if (isInCookie(session) || typeof save !== 'function') {
    done();
    return;
  }
  // In the context of this request (AsyncLocalStorage): a store's client may call back in another one.
  const settle = AsyncResource.bind(once(done, 'The session was not saved within a minute.'));
  // Some return a promise in place of calling back.
  guard(
    () => save.call(session, settle) as unknown,
    settle,
    undefined,
    () => settle(),
  );
}

/** What is not JSON would fail later, when the session middleware saves it: in the middle of the redirect. */
function checkJSON(state: unknown): void {
  try {
    JSON.stringify(state);
  } catch (cause) {
    throw new TypeError('The state option of authenticate must be JSON: no bigint, and no circular object', {
      cause,
    });
  }
}

/**
 * Sessions kept on the server have an id, in express-session and @fastify/session. An enumerable one is the app's own,
 * and so is one that is not there when asked for: @fastify/secure-session reads it from its values.
 */
function isInCookie(session: Session): boolean {
  return !['id', 'sessionId'].some(
    (name) =>
      name in session &&
      typeof session[name] === 'string' &&
      !Object.prototype.propertyIsEnumerable.call(session, name),
  );
}

function sizeOf(logins: Login[]): number {
  return Buffer.byteLength(JSON.stringify(logins));
}
