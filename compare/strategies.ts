import { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Strategy } from 'passport';
import type { FakeDribbble } from '../test/support/fake-dribbble';

// What is compared is installed for the benches too.
const require = createRequire(join(__dirname, '../bench/package.json'));

/** Milliseconds for one request, for those strategies that have an option for it. */
export const TIMEOUT = 1000;
export const OURS = 'passport-dribbble-oauth2';

interface Options {
  clientID: string;
  clientSecret: string;
  callbackURL: string;
  authorizationURL: string;
  tokenURL: string;
}
type Make = (options: Options, userProfileURL: string, verify: unknown, more?: object) => Strategy;

/** Each made as its README says but for the addresses, which lead to the stand-in. */
const STRATEGIES: Record<string, Make> = {
  [OURS]: (options, userProfileURL, verify, more) =>
    make(OURS, { ...options, userProfileURL, timeout: TIMEOUT, ...more }, verify),
  'passport-github2': (options, userProfileURL, verify) =>
    make('passport-github2', { ...options, userProfileURL }, verify),
  'passport-google-oauth20': (options, userProfileURL, verify) =>
    make('passport-google-oauth20', { ...options, userProfileURL }, verify),
  'passport-facebook': (options, userProfileURL, verify) =>
    make('passport-facebook', { ...options, profileURL: userProfileURL }, verify),
  'passport-gitlab2': (options, userProfileURL, verify) =>
    make('passport-gitlab2', { ...options, profileURL: userProfileURL }, verify),
  'passport-dribbble-v2': (options, userProfileURL, verify) => {
    const strategy = make('passport-dribbble-v2', options, verify);
    // It brings a Passport 0.1, whose methods on every request a Passport of today takes for its own and fails with.
    for (const name of ['login', 'logIn', 'logout', 'logOut'])
      Reflect.deleteProperty(IncomingMessage.prototype, name);
    // The address of its profile is fixed.
    const { _oauth2 } = strategy as unknown as { _oauth2: { get: (...args: unknown[]) => void } };
    const get = _oauth2.get.bind(_oauth2);
    _oauth2.get = (_url, ...rest) => {
      get(userProfileURL, ...rest);
    };
    return strategy;
  },
};
export const NAMES = Object.keys(STRATEGIES);

export function makeStrategy(
  name: string,
  { userProfileURL, ...endpoints }: FakeDribbble['endpoints'],
  options: Omit<Options, keyof FakeDribbble['endpoints']>,
  verify: unknown,
  more?: object,
): Strategy {
  const strategy = STRATEGIES[name];
  if (!strategy) throw new Error(`No strategy is called ${name}`);
  return strategy({ ...options, ...endpoints }, userProfileURL, verify, more);
}

export function versionOf(name: string): string {
  return (require(name === OURS ? '../package.json' : `${name}/package.json`) as { version: string }).version;
}

/** `state: true` for all: off by default in all but ours, and passport-dribbble-v2 does not know it. */
function make(name: string, options: object, verify: unknown): Strategy {
  const { Strategy } = require(name === OURS ? '../lib/index.ts' : name) as {
    Strategy: new (options: object, verify: unknown) => Strategy;
  };
  return new Strategy({ ...options, state: true }, verify);
}
