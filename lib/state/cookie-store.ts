import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
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

// Why node:crypto and no library: encryption is one cipher call each way, and the cookie's value is plain base64url.
// The current `cookie`, `jose` and `iron-webcrypto` are well kept, but they are ES modules, which require() can't load
// on older releases of Node 20 (`cookie` needs Node 22). Names, limits, binding, rotation and single use would still
// be ours with any of them.
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** 24 random bytes in base64url. */
const HANDLE = /^[\w-]{32}$/;
/**
 * Bytes of name, value and attributes that every browser keeps (RFC 6265, section 6.1). All logins under way in one
 * browser share them, and the oldest makes room: servers refuse requests with a Cookie header of 8 or 16 KiB.
 */
const COOKIE_LIMIT = 4096;
/** At most this many cookies are removed at once: proxies refuse a response with many headers. */
const REMOVED_LIMIT = 8;

/** Process-wide: an instance of the app may create a store for each request. */
const used = new UsedStates();

/** Options of `CookieStateStore`. */
export interface CookieStateStoreOptions {
  /** A random string of at least 32 characters; several, newest first, to replace one without failing logins. */
  secret: string | readonly string[];
  /** Milliseconds that a person has to sign in at Dribbble. Default: 600000 (ten minutes). */
  maxAge?: number | undefined;
}

interface Sealed {
  expires: number;
  verifier?: string | undefined;
  state?: unknown;
}
/** A request as Express passes it on. */
type ExpressRequest = IncomingMessage & { res?: ServerResponse; secure?: boolean };

/**
 * Keeps a login's state in a cookie of its own, for apps without sessions: `store: new CookieStateStore({ secret })`.
 * Protects as the session does, with any number of server instances that share the secret.
 *
 * The cookie is HttpOnly and SameSite=Lax (under https also Secure, with the `__Host-` prefix), encrypted and
 * authenticated (AES-256-GCM, key by HKDF), and removed when the login comes back. An instance refuses a state that
 * it has seen used; that a cookie copied beforehand is not used at another instance too is up to Dribbble, which
 * takes an authorization code once.
 */
export class CookieStateStore {
  static {
    singleUse.add((this.prototype as AnyStore).verify);
  }

  private readonly keys: readonly [newest: Buffer, ...older: Buffer[]];
  private readonly maxAge: number;

  /** @throws TypeError naming the option that is missing or malformed */
  constructor(options: CookieStateStoreOptions) {
    const { secret, maxAge = LOGIN_LIFETIME } = (options as CookieStateStoreOptions | undefined) ?? {
      secret: [],
    };
    const secrets: readonly unknown[] = [secret].flat();
    if (secrets.length === 0 || !secrets.every((value) => typeof value === 'string' && value.length >= 32)) {
      throw new TypeError(
        "CookieStateStore's secret option must be a string of at least 32 characters, or several",
      );
    }
    if (typeof maxAge !== 'number' || !(maxAge >= 1000 && Number.isFinite(maxAge))) {
      throw new TypeError("CookieStateStore's maxAge option must be a number of milliseconds, 1000 or more");
    }
    this.keys = secrets.map((value) =>
      Buffer.from(hkdfSync('sha256', value as string, '', 'passport-dribbble-oauth2 state', 32)),
    ) as [Buffer, ...Buffer[]];
    this.maxAge = maxAge;
  }

  /** Begins a login: passport-oauth2 calls it, and sends what it calls back with to Dribbble as `state`. */
  store(
    req: IncomingMessage,
    verifier: string | undefined,
    state: unknown,
    meta: StateMeta,
    callback: StoreCallback,
  ): void {
    const res = responseOf(req);
    const handle = randomBytes(24).toString('base64url');
    const name = cookieName(req, meta, handle);
    const value = this.seal({ expires: Date.now() + this.maxAge, verifier, state }, handle, meta);
    const cookie = serialize(name, value, this.maxAge);
    if (cookie.length > COOKIE_LIMIT) {
      callback(
        new Error(
          `The state to carry through makes a cookie of ${String(cookie.length)} bytes, and browsers keep ${String(COOKIE_LIMIT)}: ` +
            'carry less, such as a path or an id.',
        ),
      );
      return;
    }
    const prefix = cookieName(req, meta, '');
    let room = COOKIE_LIMIT - name.length - value.length;
    // Browsers send the oldest first (RFC 6265, section 5.4).
    const others = Object.entries(readCookies(req)).filter(
      ([other]) => other.startsWith(prefix) && HANDLE.test(other.slice(prefix.length)),
    );
    const excess = others.reverse().filter(([other, content = '']) => {
      room -= other.length + content.length;
      return room < 0;
    });
    for (const [other] of excess.slice(-REMOVED_LIMIT))
      res.appendHeader('Set-Cookie', serialize(other, '', 0));
    res.appendHeader('Set-Cookie', cookie);
    callback(null, handle);
  }

  /** Continues a login: calls back with the PKCE verifier or true, and the app's state; or with false and why. */
  verify(req: IncomingMessage, handle: unknown, meta: StateMeta, callback: VerifyStateCallback): void {
    const res = responseOf(req);
    if (typeof handle !== 'string') {
      callback(null, false, MISSING);
      return;
    }
    const name = cookieName(req, meta, handle);
    const value = HANDLE.test(handle) ? readCookies(req)[name] : undefined;
    if (value !== undefined) res.appendHeader('Set-Cookie', serialize(name, '', 0));
    const sealed = value === undefined ? undefined : this.unseal(value, handle, meta);
    if (!sealed) callback(null, false, used.has(handle) ? USED : unknownState(req));
    else if (sealed.expires <= Date.now()) callback(null, false, EXPIRED);
    else if (!used.take(handle, sealed.expires)) callback(null, false, USED);
    else callback(null, sealed.verifier ?? true, sealed.state);
  }

  private seal(content: Sealed, handle: string, meta: StateMeta): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.keys[0], iv).setAAD(binding(handle, meta));
    const text = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  }

  private unseal(value: string, handle: string, meta: StateMeta): Sealed | undefined {
    const bytes = Buffer.from(value.slice(0, COOKIE_LIMIT), 'base64url');
    const iv = bytes.subarray(0, IV_BYTES);
    const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
    const text = bytes.subarray(IV_BYTES + TAG_BYTES);
    for (const key of this.keys) {
      try {
        const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
        decipher.setAAD(binding(handle, meta)).setAuthTag(tag);
        return JSON.parse(Buffer.concat([decipher.update(text), decipher.final()]).toString()) as Sealed;
      } catch {
        // Wrong key, or tampered with: try the next key.
      }
    }
    return undefined;
  }
}

function binding(handle: string, { authorizationURL, tokenURL, clientID, callbackURL }: StateMeta): Buffer {
  return Buffer.from(JSON.stringify([handle, authorizationURL, tokenURL, clientID, callbackURL]));
}

/** Cookies with the `__Host-` prefix can't be planted from another host, or over http. */
function cookieName(req: ExpressRequest, { callbackURL = '' }: StateMeta, handle: string): string {
  const isSecure = req.secure ?? (req.socket as Partial<TLSSocket> | undefined)?.encrypted;
  const isHttps =
    isSecure === true || (URL.canParse(callbackURL) && new URL(callbackURL).protocol === 'https:');
  return `${isHttps ? '__Host-' : ''}dribbble-state.${handle}`;
}

function serialize(name: string, value: string, maxAge: number): string {
  const secure = name.startsWith('__Host-') ? '; Secure' : '';
  return `${name}=${value}; Max-Age=${String(Math.round(maxAge / 1000))}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}

function readCookies(req: IncomingMessage): Partial<Record<string, string>> {
  // Not trim(), which strips U+00A0 as well: `\xA0__Host-…`, planted by a sibling host, is no `__Host-` cookie to a browser.
  // Blanks at the end of a value are none of base64url, which passes over them.
  const pairs = (req.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+/, '').split('=', 2));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
}

function responseOf({ res }: ExpressRequest): ServerResponse {
  // koa-passport puts a stand-in there, which can't set a second cookie.
  if (res && 'appendHeader' in res) return res;
  throw new Error(
    "CookieStateStore needs Node's response as req.res, which Express sets (and so NestJS on Express). " +
      'Elsewhere set it before passport.authenticate() runs, or keep the state in a session: leave the store option out.',
  );
}
