import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Milliseconds for one exchange, for those strategies that have an option for it. */
export const TIMEOUT = 500;

/** What is compared, each made as its README says but for the addresses, which lead to the stand-in. */
export const STRATEGIES = {
  'passport-dribbble-oauth2': (at, verify) =>
    make(
      require('../../dist/index.js'),
      { ...at.options, userProfileURL: at.profile, timeout: TIMEOUT },
      verify,
    ),
  'passport-github2': (at, verify) =>
    make(require('passport-github2'), { ...at.options, userProfileURL: at.profile }, verify),
  'passport-google-oauth20': (at, verify) =>
    make(require('passport-google-oauth20'), { ...at.options, userProfileURL: at.profile }, verify),
  'passport-facebook': (at, verify) =>
    make(require('passport-facebook'), { ...at.options, profileURL: at.profile }, verify),
  'passport-gitlab2': (at, verify) =>
    make(require('passport-gitlab2'), { ...at.options, profileURL: at.profile }, verify),
  'passport-dribbble-v2': (at, verify) => {
    const strategy = make(require('passport-dribbble-v2'), at.options, verify);
    // The address of its profile is fixed: nothing but the address is changed here.
    const get = strategy._oauth2.get;
    strategy._oauth2.get = (_url, ...rest) => get.call(strategy._oauth2, at.profile, ...rest);
    return strategy;
  },
};

/** `state: true` for all: off by default in all but ours, and passport-dribbble-v2 does not know it. */
function make({ Strategy }, options, verify) {
  return new Strategy({ ...options, state: true }, verify);
}
