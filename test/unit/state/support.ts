import { expect } from 'chai';
import type { StateMeta } from '../../../lib/state/login';

/** What passport-oauth2 tells a store about a login. */
export const META: StateMeta = {
  authorizationURL: 'https://dribbble.com/oauth/authorize',
  tokenURL: 'https://dribbble.com/oauth/token',
  clientID: 'the-client-id',
};

/** Our own stores, which call back before they return. */
interface Store {
  store(
    req: unknown,
    verifier: string | undefined,
    state: unknown,
    meta: StateMeta,
    callback: (error: Error | null, handle?: string) => void,
  ): void;
  verify(
    req: unknown,
    handle: unknown,
    meta: StateMeta,
    callback: (error: Error | null, ok?: string | boolean, stateOrInfo?: unknown) => void,
  ): void;
}

/** What a login carries, and the request that it comes with. */
export interface Leg {
  req?: object;
  verifier?: string;
  state?: unknown;
  meta?: StateMeta;
}

/** Begins a login: the state that goes to Dribbble. Throws what the store calls back with in its place. */
export function begin(store: Store, { req = {}, verifier, state, meta = META }: Leg = {}): string {
  let begun = '';
  store.store(req, verifier, state, meta, (error, handle = '') => {
    if (error) throw error;
    begun = handle;
  });
  return begun;
}

/** Continues a login: what the store says of the state. */
export function comeBack(store: Store, handle: unknown, { req = {}, meta = META }: Leg = {}): unknown[] {
  let said: unknown[] = [];
  store.verify(req, handle, meta, (...result) => {
    said = result;
  });
  return said;
}

const WORDS = {
  state_missing: /without the state of a login: sign in again\.$/,
  state_unknown: /was not begun in this browser, or is over: sign in again/,
  state_expired: /took too long: sign in again\.$/,
  state_used: /is over already: sign in again\.$/,
};

/** The store says no, why, and what to do. */
export function expectRefused([error, ok, info]: unknown[], code: keyof typeof WORDS): void {
  expect([error, ok]).to.deep.equal([null, false]);
  expect(info).to.include({ code }).and.have.property('message').match(WORDS[code]);
}
