// The strategies that are compared, made alike: what stands in for the provider is at `tokenURL` and
// `userProfileURL`, a state is kept in the session, verify takes whoever comes.
import { createRequire } from 'node:module';
import { URL } from 'node:url';

const require = createRequire(import.meta.url);

/** How each is made; only the package that is asked for is loaded. */
const MAKERS = {
  'passport-dribbble-oauth2': (options, verify) => {
    const { Strategy } = require('../dist/index.js');
    return new Strategy(options, verify);
  },
  'passport-oauth2': (options, verify) => {
    const OAuth2Strategy = require('passport-oauth2');
    // The least that signs anyone in.
    class Minimal extends OAuth2Strategy {
      userProfile(accessToken, done) {
        this._oauth2.useAuthorizationHeaderforGET(true);
        this._oauth2.get(options.userProfileURL, accessToken, (error, body) => {
          if (error) return done(error);
          try {
            const { id, login, name } = JSON.parse(body);
            return done(null, { provider: 'minimal', id: String(id), username: login, displayName: name });
          } catch (thrown) {
            return done(thrown);
          }
        });
      }
    }
    return new Minimal(options, verify);
  },
  'passport-github2': (options, verify) => {
    const { Strategy } = require('passport-github2');
    return new Strategy({ ...options }, verify);
  },
  'passport-google-oauth20': (options, verify) => {
    const { Strategy } = require('passport-google-oauth20');
    return new Strategy({ scope: ['profile'], ...options }, verify);
  },
};

export const OURS = 'passport-dribbble-oauth2';
export const BASE = 'passport-oauth2';
export const NAMES = Object.keys(MAKERS);

export function makeStrategy(name, { tokenURL, userProfileURL }) {
  return MAKERS[name](
    {
      clientID: 'the-client-id',
      clientSecret: 'the-client-secret',
      callbackURL: 'https://app.example/callback',
      authorizationURL: 'https://provider.example/oauth/authorize',
      tokenURL,
      userProfileURL,
      state: true,
      // All alike: it is on by default in passport-dribbble-oauth2 only.
      pkce: true,
    },
    (_accessToken, _refreshToken, profile, done) => done(null, profile),
  );
}

/** Runs a strategy on a request as passport does, on an object that inherits from it. */
function authenticate(strategy, req, succeeded) {
  const attempt = Object.create(strategy);
  const unexpected = (error) => {
    throw error instanceof Error ? error : new Error(`The login failed: ${JSON.stringify(error)}`);
  };
  Object.assign(attempt, { ...succeeded, fail: unexpected, error: unexpected });
  attempt.authenticate(req, {});
}

/** Sends a person to the provider; gives the request with which the person comes back. */
export function redirect(strategy) {
  const session = {};
  let back;
  authenticate(
    strategy,
    { query: {}, session, headers: {}, url: '/login' },
    {
      redirect: (location) => {
        const state = new URL(location).searchParams.get('state');
        back = { query: { code: 'the-code', state }, session, headers: {}, url: '/callback' };
      },
    },
  );
  return back;
}

/** The callback leg: takes the person's request, gives the profile. */
export function comeBack(strategy, req) {
  return new Promise((resolve) => {
    authenticate(strategy, req, { success: resolve });
  });
}
