export {
  AuthorizationError,
  DribbbleAPIError,
  InternalOAuthError,
  TokenError,
  type DribbbleRateLimit,
} from './errors';
export type { DribbbleTokenResponse } from './oauth2-client';
export type {
  DribbbleAuthenticateOptions,
  DribbbleScope,
  DribbbleStrategyOptions,
  DribbbleStrategyOptionsWithRequest,
} from './options';
export type { DribbbleAccount, DribbbleProfile, DribbbleTeam, DribbbleUser } from './profile';
export { CookieStateStore, type CookieStateStoreOptions } from './state/cookie-store';
export type { DribbbleFailure, DribbbleFailureCode } from './state/login';
export { DribbbleStrategy, DribbbleStrategy as Strategy } from './strategy';
export type {
  DribbbleVerifyFunction,
  DribbbleVerifyFunctionWithParams,
  DribbbleVerifyFunctionWithRequest,
  DribbbleVerifyFunctionWithRequestAndParams,
  VerifyCallback,
} from './verify';
