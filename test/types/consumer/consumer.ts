// Compiled under three names: as CommonJS (.cts), as an ES module (.mts), and for a bundler (.ts).
// Each expected error proves that a type is not `any`: an error that does not come is itself one.
import type { Request } from 'express';
import {
  AuthorizationError,
  CookieStateStore,
  DribbbleAPIError,
  DribbbleStrategy,
  InternalOAuthError,
  Strategy,
  TokenError,
  type CookieStateStoreOptions,
  type DribbbleAccount,
  type DribbbleAuthenticateOptions,
  type DribbbleProfile,
  type DribbbleRateLimit,
  type DribbbleScope,
  type DribbbleStrategyOptions,
  type DribbbleStrategyOptionsWithRequest,
  type DribbbleTeam,
  type DribbbleTokenResponse,
  type DribbbleUser,
  type DribbbleVerifyFunction,
  type DribbbleVerifyFunctionWithParams,
  type DribbbleVerifyFunctionWithRequest,
  type DribbbleVerifyFunctionWithRequestAndParams,
  type VerifyCallback,
} from 'passport-dribbble-oauth2';

declare global {
  namespace Express {
    interface User {
      id: string;
    }
  }
}
interface Nothing {
  nothing: never;
}

// Options
const storeOptions: CookieStateStoreOptions = { secret: ['a', 'b'], maxAge: 60_000 };
const scope: DribbbleScope = 'public';
const options: DribbbleStrategyOptions = {
  clientID: 'id',
  clientSecret: 'secret',
  scope: [scope, 'upload'],
  store: new CookieStateStore(storeOptions),
  callbackURL: process.env['CALLBACK_URL'],
};
const optionsWithRequest: DribbbleStrategyOptionsWithRequest = { ...options, passReqToCallback: true };
const authenticateOptions: DribbbleAuthenticateOptions = { state: { returnTo: '/' } };
// @ts-expect-error
const noOptions: DribbbleStrategyOptions = { clientID: 1, clientSecret: 'secret' };
// @ts-expect-error
const noSecret: DribbbleStrategyOptions = { clientID: 'id' };
// @ts-expect-error
const unknownOption: DribbbleStrategyOptions = { clientID: 'id', clientSecret: 'secret', clientId: 'id' };
// @ts-expect-error
const noRequest: DribbbleStrategyOptionsWithRequest = { ...options, passReqToCallback: false };
// @ts-expect-error
const noStoreOptions: CookieStateStoreOptions = { secret: 1 };
// @ts-expect-error
const noScope: DribbbleScope = 1;
// @ts-expect-error
const noAuthenticateOptions: DribbbleAuthenticateOptions = { scope: 1 };

// Verify functions
const verify: DribbbleVerifyFunction = (accessToken, refreshToken, profile, done) => {
  // @ts-expect-error
  const token: Nothing = accessToken;
  // @ts-expect-error
  const mayBeMissing: string = refreshToken;
  // @ts-expect-error
  const person: Nothing = profile;
  // @ts-expect-error
  done(null, 'not a user');
  done(null, { id: profile.id }, { message: accessToken });
};
const withParams: DribbbleVerifyFunctionWithParams = (
  _accessToken,
  _refreshToken,
  params,
  _profile,
  done,
) => {
  // @ts-expect-error
  const answer: Nothing = params;
  done(null, params.scope === 'public' && { id: '1' });
};
const withRequest: DribbbleVerifyFunctionWithRequest = async (req, _accessToken, _refreshToken, profile) => {
  // @ts-expect-error
  const request: Nothing = req;
  return { id: profile.id, path: req.path };
};
const withBoth: DribbbleVerifyFunctionWithRequestAndParams = (req, _accessToken, _refreshToken, params) => ({
  path: req.path,
  scope: params.scope,
});

// Every overload, and what TypeScript infers of it
const strategy: DribbbleStrategy = new Strategy(options, verify);
new DribbbleStrategy(options, withParams);
new DribbbleStrategy(optionsWithRequest, withRequest);
new DribbbleStrategy(optionsWithRequest, withBoth);
new DribbbleStrategy(options, async (accessToken, _refreshToken, profile) => {
  // @ts-expect-error
  const token: Nothing = accessToken;
  // @ts-expect-error
  const person: Nothing = profile;
  return { id: profile.id };
});
new DribbbleStrategy(optionsWithRequest, (req, _accessToken, _refreshToken, profile, done) => {
  // @ts-expect-error
  const request: Nothing = req;
  done(null, { id: profile.id });
});
// @ts-expect-error
new DribbbleStrategy(options);
// @ts-expect-error
const name: Nothing = strategy.name;
strategy.authenticate({} as Request, authenticateOptions);

// The profile
declare const profile: DribbbleProfile;
const user: DribbbleUser = profile._json;
const account: DribbbleAccount = user;
const team: DribbbleTeam | undefined = user.teams[0];
const answer: DribbbleTokenResponse = { access_token: 'token' };
const done: VerifyCallback = () => undefined;
// @ts-expect-error
const noProvider: Nothing = profile.provider;
// @ts-expect-error
const noId: number = profile.id;
// @ts-expect-error
const noPhoto: number | undefined = profile.photos?.[0]?.value;
// @ts-expect-error
const noFollowers: string = user.followers_count;
// @ts-expect-error
const noPro: string = user.pro;
// @ts-expect-error
const noBio: number | null | undefined = account.bio;
// @ts-expect-error
const noUpdate: number | undefined = team?.updated_at;
// @ts-expect-error
const noToken: number = answer.access_token;
// @ts-expect-error
profile.misspelt;
// @ts-expect-error
done(null, 1);

// Errors
function statusOf(error: unknown): number | undefined {
  if (error instanceof DribbbleAPIError) {
    const rateLimit: DribbbleRateLimit | undefined = error.rateLimit;
    // @ts-expect-error
    const noLimit: string | undefined = rateLimit?.limit;
    // @ts-expect-error
    const noStatus: string = error.apiStatus;
    return error.status;
  }
  if (error instanceof TokenError || error instanceof AuthorizationError) {
    // @ts-expect-error
    const noCode: Nothing = error.code;
    return error.status;
  }
  if (error instanceof InternalOAuthError) {
    // @ts-expect-error
    const noMessage: Nothing = error.message;
  }
  return undefined;
}
// @ts-expect-error
const noStatus: Nothing = statusOf(new Error());
