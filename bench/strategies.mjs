// The strategies for Passport that are compared, each made as its documentation says. bench/ and compare/ share them.
import { createRequire } from 'node:module';
import { IncomingMessage } from 'node:http';
import { URL } from 'node:url';

const require = createRequire(import.meta.url);

export const OURS = 'passport-dribbble-oauth2';
export const BASE = 'passport-oauth2';

/** How most are made; their options for the address of the profile have two names. */
const likeMost = (name) => (options, verify) => {
  const { Strategy } = require(name);
  return new Strategy({ ...options, profileURL: options.userProfileURL }, verify);
};

/** Only the package that is asked for is loaded. */
const MAKERS = {
  [OURS]: (options, verify, file) => {
    const { Strategy } = require(file);
    return new Strategy(options, verify);
  },
  [BASE]: (options, verify) => {
    const OAuth2Strategy = require(BASE);
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
  'openid-client': async (options, verify) => {
    const client = await import('openid-client');
    const { Strategy } = await import('openid-client/passport');
    const { authorizationURL, tokenURL, userProfileURL, timeout } = options;
    const server = {
      issuer: new URL(authorizationURL).origin,
      authorization_endpoint: authorizationURL,
      token_endpoint: tokenURL,
    };
    const config = new client.Configuration(server, options.clientID, options.clientSecret);
    client.allowInsecureRequests(config); // of http, which is refused otherwise
    if (timeout) config.timeout = timeout / 1000;
    // Without OpenID Connect the profile is for verify to ask for.
    return new Strategy({ config }, async (tokens, done) => {
      const { access_token, refresh_token } = tokens;
      const url = new URL(userProfileURL);
      const response = await client.fetchProtectedResource(config, access_token, url, 'GET');
      if (!response.ok) throw new Error(`The API responded with ${String(response.status)}`);
      const { id, name } = await response.json();
      return verify(access_token, refresh_token, { id: String(id), displayName: name }, done);
    });
  },
  'passport-github2': likeMost('passport-github2'),
  'passport-google-oauth20': likeMost('passport-google-oauth20'),
  'passport-facebook': likeMost('passport-facebook'),
  'passport-gitlab2': likeMost('passport-gitlab2'),
  'passport-dribbble-v2': (options, verify) => {
    const strategy = likeMost('passport-dribbble-v2')(options, verify);
    // It brings a Passport 0.1, whose methods on every request a Passport of today takes for its own and fails with.
    for (const name of ['login', 'logIn', 'logout', 'logOut'])
      Reflect.deleteProperty(IncomingMessage.prototype, name);
    // The address of its profile is fixed.
    const { _oauth2 } = strategy;
    const get = _oauth2.get.bind(_oauth2);
    _oauth2.get = (_url, ...rest) => get(options.userProfileURL, ...rest);
    return strategy;
  },
};
export const STRATEGIES = Object.keys(MAKERS);

/**
 * Makes one that protects against login CSRF with `state`, which is off by default in most; passport-dribbble-v2 does
 * not know it. `timeout`, in milliseconds, is for those that have an option for it. `file` is of this package.
 */
export async function makeStrategy(name, options, verify, file = '../dist/index.js') {
  return MAKERS[name]({ ...options, state: true }, verify, file);
}
