import type { Request } from 'express';
import OAuth2Strategy = require('passport-oauth2');
import { readCallback, type Callback } from './callback';
import errors = require('./errors');
import { forLogin, OAuth2Client, preconnectFor } from './oauth2-client';
import { checkAuthenticateOptions, checkOptions, storeOf, type DribbbleAuthenticateOptions } from './options';
import type { DribbbleStrategyOptions, DribbbleStrategyOptionsWithRequest } from './options';
import { settleOnce, type Actions } from './outcome';
import { parseProfile, type DribbbleProfile } from './profile';
import { LoginState, type AnyStore } from './state/login';
import { callVerifyOnce, guardProfile, guardSkip, type AnyVerifyFunction } from './verify';
import type * as verify from './verify';

const AUTHORIZATION_URL = 'https://dribbble.com/oauth/authorize';
const TOKEN_URL = 'https://dribbble.com/oauth/token';
const USER_PROFILE_URL = 'https://api.dribbble.com/v2/user';

/** Members of passport-oauth2's strategy that its types leave out. */
interface BaseMembers {
  _verify: AnyVerifyFunction;
  _passReqToCallback: boolean | undefined;
  _stateStore: AnyStore;
}

/**
 * Signs people in with their Dribbble account, with OAuth 2.0's authorization code grant (RFC 6749, section 4.1).
 *
 * ```ts
 * passport.use(
 *   new DribbbleStrategy({ clientID, clientSecret, callbackURL }, async (accessToken, refreshToken, profile) =>
 *     users.findOrCreate({ dribbbleId: profile.id, name: profile.displayName }),
 *   ),
 * );
 * ```
 *
 * A login that does not succeed is a failed login (the person said no; the callback is malformed or its state is
 * wrong), or ends in `next(err)` with an `AuthorizationError`, `TokenError`, `DribbbleAPIError` or `InternalOAuthError`.
 *
 * A subclass may override `userProfile`, `authorizationParams`, `tokenParams`, `parseErrorResponse` and
 * `authenticate`, and use `_oauth2` for further requests.
 */
export class DribbbleStrategy extends OAuth2Strategy {
  override name = 'dribbble';
  declare protected _oauth2: OAuth2Client;
  /** All state of ours in one member, so that a subclass can use any other name. */
  private readonly _dribbble: {
    userProfileURL: string;
    skipsProfile: boolean;
    keepsState: boolean;
    /** What no error may contain: the client secret and, during a login, its authorization code and PKCE verifier. */
    secrets: string[];
    /** During a login, the `redirect_uri` that was sent. */
    callbackURL: string | undefined;
  };

  /** Verify takes the request first. @throws TypeError that names the missing or malformed option */
  constructor(options: DribbbleStrategyOptionsWithRequest, verify: verify.DribbbleVerifyFunctionWithRequest);
  /** Verify takes the request first, and the token response. @throws TypeError that names the missing or malformed option */
  constructor(
    options: DribbbleStrategyOptionsWithRequest,
    verify: verify.DribbbleVerifyFunctionWithRequestAndParams,
  );
  /** Verify finds or creates the app's user for a profile. @throws TypeError that names the missing or malformed option */
  constructor(options: DribbbleStrategyOptions, verify: verify.DribbbleVerifyFunction);
  /** Verify takes the token response too. @throws TypeError that names the missing or malformed option */
  constructor(options: DribbbleStrategyOptions, verify: verify.DribbbleVerifyFunctionWithParams);
  /** For a verify function that may be of either shape. @throws TypeError that names the missing or malformed option */
  constructor(
    options: DribbbleStrategyOptions,
    verify: verify.DribbbleVerifyFunction | verify.DribbbleVerifyFunctionWithParams,
  );
  constructor(options: DribbbleStrategyOptions | DribbbleStrategyOptionsWithRequest, verify: unknown) {
    checkOptions(options);
    if (typeof verify !== 'function') throw new TypeError('DribbbleStrategy requires a verify function');
    const { clientID, clientSecret, customHeaders: headers, timeout, agent } = options;
    const { authorizationURL = AUTHORIZATION_URL, tokenURL = TOKEN_URL } = options;
    const store = storeOf(options, authorizationURL);
    // A store whose `store` takes fewer parameters is not given the verifier.
    const { pkce = store !== undefined && store.store.length >= 5 } = options;
    const skipUserProfile = guardSkip(options.skipUserProfile);
    const given = { authorizationURL, tokenURL, store, state: false, pkce, skipUserProfile };
    super({ __proto__: options, ...given } as never, verify as never); // inherited options count too
    this._oauth2 = new OAuth2Client(clientID, clientSecret, '', authorizationURL, tokenURL, headers, timeout);
    if (agent) this._oauth2.setAgent(agent);
    this._dribbble = {
      userProfileURL: options.userProfileURL ?? USER_PROFILE_URL,
      skipsProfile: options.skipUserProfile === true,
      keepsState: store !== undefined,
      secrets: [clientSecret],
      callbackURL: undefined, // not added later: V8 would make a hidden class for each login
    };
  }

  /** Begins a login, or continues it when the browser comes back from Dribbble. Passport calls it. */
  override authenticate(req: Request, options?: DribbbleAuthenticateOptions | null): void {
    const outcome = settleOnce(this as unknown as Actions, req);
    try {
      checkAuthenticateOptions(options ?? {});
      const { failure, ...callback } = readCallback(req, this._oauth2._authorizeUrl);
      if (failure) outcome.fail(failure, 403);
      else this._dribbbleLogin(req, options ?? {}, callback, outcome);
    } catch (thrown) {
      outcome.error(thrown);
    }
  }

  /** Runs passport-oauth2's flow on an object for this login. Its prototype is the strategy: V8 is slow with Passport's. */
  private _dribbbleLogin(
    req: Request,
    options: DribbbleAuthenticateOptions,
    callback: Callback,
    outcome: Actions,
  ): void {
    const { _verify, _passReqToCallback, _stateStore } = this as unknown as BaseMembers;
    const { code, error, state } = callback;
    const settings = { ...this._dribbble, secrets: [...this._dribbble.secrets, code ?? ''] };
    const profileURLs = settings.skipsProfile ? [] : [settings.userProfileURL];
    const loginState = new LoginState(_stateStore, settings.keepsState, req, options.state, outcome.error);
    loginState.onRight = (verifier, proceed) => {
      settings.callbackURL = loginState.callbackURL;
      if (typeof verifier === 'string') settings.secrets = [...settings.secrets, verifier];
      // Until the state is checked, an error response could be anybody's.
      if (error === undefined) proceed();
      else if (error === 'access_denied')
        outcome.fail(loginState.infoWithState(errors.denial(callback, settings.secrets)));
      else outcome.error(errors.authorizationError(callback, this._oauth2._authorizeUrl, settings));
    };
    // A subclass's authenticate may go on to write to `this`, and its hooks to read that.
    const isPassports =
      !Object.hasOwn(this, '_dribbble') && this.authenticate === DribbbleStrategy.prototype.authenticate;
    const parent = isPassports ? (Object.getPrototypeOf(this) as this) : this;
    const login = Object.assign(Object.create(parent) as object, isPassports ? this : {}, outcome, {
      _dribbble: settings,
      _oauth2: forLogin(this._oauth2, outcome.error),
      _stateStore: loginState,
      _verify: callVerifyOnce(_verify, _passReqToCallback ? req : undefined),
      _passReqToCallback: true,
      userProfile: guardProfile(this, DribbbleStrategy.prototype),
      success: (user: unknown, info: unknown) => {
        outcome.success(user, loginState.infoWithState(info));
      },
      fail: (info: unknown, status?: number) => {
        outcome.fail(error === undefined ? info : errors.unverified(error), status);
      },
      redirect: (url: string) => {
        outcome.redirect(url);
        preconnectFor(this._oauth2, this._oauth2._accessTokenUrl, ...profileURLs); // the person is at Dribbble
      },
    });
    if (code !== undefined) preconnectFor(this._oauth2, ...profileURLs); // during the token request
    // All that passport-oauth2 reads. An error response is handled like a code until its state is checked.
    const query = code === undefined && error === undefined ? {} : { code: code ?? 'none', state };
    const { headers, url, app, connection = req.socket } = req as unknown as Record<string, unknown>;
    const view = { query, headers, url, app, connection } as unknown as Request;
    // A string passport-oauth2 would send in place of the store's state. Hooks may see the rest.
    const sent = settings.keepsState && typeof options.state === 'string' ? undefined : options.state;
    const proto = Object.getPrototypeOf(options) as object; // shared: V8 is slow with one for each login
    super.authenticate.call(login, view, { __proto__: proto, ...options, state: sent } as never);
  }

  /**
   * Fetches the profile of the signed-in person (`GET /v2/user`). An override has a minute to call back.
   * @param accessToken goes into the Authorization header
   * @param done called once, with a `DribbbleAPIError` or `InternalOAuthError`, or with the profile
   */
  override userProfile(
    accessToken: string,
    done: (error?: unknown, profile?: DribbbleProfile) => void,
  ): void {
    const { userProfileURL, secrets } = this._dribbble;
    this._oauth2.get(userProfileURL, accessToken, (error: unknown, body, response) => {
      const context = (): errors.Context => ({ url: userProfileURL, secrets: [...secrets, accessToken] });
      const profile = error ? undefined : parseProfile(String(body));
      if (profile) done(null, profile);
      else if (error) done(errors.apiError(error, response?.headers, context()));
      else done(errors.noProfile({ statusCode: response?.statusCode ?? 200, data: String(body) }, context()));
    });
  }

  /**
   * The error in a response of the token endpoint, or null if there is none. A subclass may override it.
   * @param body as it came
   * @param status the response's HTTP status
   */
  override parseErrorResponse(body: string, status: number): Error | null {
    return errors.tokenError({ statusCode: status, data: body }, this._tokenContext);
  }

  /** Makes an Error of what a token request called back with instead of a token. */
  protected _createOAuthError(_message: string, reason: unknown): Error {
    return errors.noToken(reason, this.parseErrorResponse.bind(this), this._tokenContext);
  }

  private get _tokenContext(): errors.Context {
    // The app may have replaced the client, or its secret.
    const { _accessTokenUrl: url = '', _clientSecret = '' } = this._oauth2 as Partial<OAuth2Client>;
    return { ...this._dribbble, url, secrets: [...this._dribbble.secrets, _clientSecret] };
  }
}
