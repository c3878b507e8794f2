import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
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

/** Logins under way in one session: more tabs than that, and the oldest gives way. */
const LOGINS_LIMIT = 10;
/** Bytes of JSON that all logins take in a session that lives in a cookie, which browsers cut at 4096. */
const COOKIE_LIMIT = 2048;

interface Login {
  handle: string;
  expires: number;
  verifier?: string | undefined;
  state?: unknown;
}
type Session = Record<string, unknown>;

/** Process-wide, so that an old cookie of cookie-session, with an old state in it, fails with any strategy. */
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

  /** Goes on with a login: calls back with the PKCE verifier or true, and the app's state; or with false and why. */
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
    else callback(null, login.verifier ?? true, login.state);
  }

  private underWay(session: Session): Login[] {
    const kept = session[this.key];
    // What passport-oauth2's own store, or version 1.0.0, left there is no list.
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

/** Sessions that a server keeps have an id, in express-session and @fastify/session. */
function isInCookie(session: Session): boolean {
  return typeof (session['id'] ?? session['sessionId']) !== 'string';
}

function sizeOf(logins: Login[]): number {
  return Buffer.byteLength(JSON.stringify(logins));
}
