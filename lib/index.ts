export { CookieStateStore, type CookieStateStoreOptions } from './cookie-state-store';
export {
  AuthorizationError,
  DribbbleAPIError,
  InternalOAuthError,
  TokenError,
  type DribbbleRateLimit,
} from './errors';
export type {
  DribbbleAuthenticateOptions,
  DribbbleScope,
  DribbbleStrategyOptions,
  DribbbleStrategyOptionsWithRequest,
} from './options';
export type { DribbbleAccount, DribbbleProfile, DribbbleTeam, DribbbleUser } from './profile';
export { DribbbleStrategy, DribbbleStrategy as Strategy } from './strategy';
export type { DribbbleTokenResponse } from './token';
export type {
  DribbbleVerifyFunction,
  DribbbleVerifyFunctionWithParams,
  DribbbleVerifyFunctionWithRequest,
  DribbbleVerifyFunctionWithRequestAndParams,
  VerifyCallback,
} from './verify';
