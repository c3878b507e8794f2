import type { Agent, OutgoingHttpHeaders } from 'node:http';
import { stringify } from 'node:querystring';
import type { Request } from 'express';
import OAuth2Strategy = require('passport-oauth2');
import { ConnectionsAhead } from './connections';
import { apiError, authorizationError, denial, tokenError, unfit } from './errors';
import { exchange, type Answer } from './exchange';
import {
  checkAuthenticateOptions,
  checkOptions,
  type DribbbleAuthenticateOptions,
  type DribbbleStrategyOptions,
  type DribbbleStrategyOptionsWithRequest,
} from './options';
import { parseProfile, type DribbbleProfile } from './profile';
import { parseTokenResponse, type DribbbleTokenResponse } from './token';
import {
  answeringOnce,
  type AnyVerifyFunction,
  type DribbbleVerifyFunction,
  type DribbbleVerifyFunctionWithParams,
  type DribbbleVerifyFunctionWithRequest,
  type DribbbleVerifyFunctionWithRequestAndParams,
} from './verify';

const AUTHORIZATION_URL = 'https://dribbble.com/oauth/authorize';
const TOKEN_URL = 'https://dribbble.com/oauth/token';
const USER_PROFILE_URL = 'https://api.dribbble.com/v2/user';
const TIMEOUT = 10_000; // milliseconds
const USER_AGENT = 'passport-dribbble-oauth2';

/** What the browser brings back from Dribbble (RFC 6749, sections 4.1.2 and 4.1.2.1). */
const PARAMETERS = ['code', 'state', 'error', 'error_description', 'error_uri'] as const;
type AuthorizationResponse = Partial<Record<(typeof PARAMETERS)[number], string>>;

/** Those members of passport-oauth2's client, `_oauth2`, that are used or replaced here. */
interface Client {
  _clientId: string;
  _clientSecret: string;
  _authorizeUrl: string;
  _accessTokenUrl: string;
  _customHeaders: OutgoingHttpHeaders;
  _agent: Agent | boolean | null | undefined;
  _request: (
    method: string,
    url: string,
    headers: OutgoingHttpHeaders | null,
    body: string | Buffer | null,
    accessToken: string | null,
    callback: (
      error: Error | { statusCode: number; data: string } | null,
      body?: string,
      response?: Answer,
    ) => void,
  ) => void;
  getOAuthAccessToken: (code: string, params: Record<string, string>, callback: TokenCallback) => void;
}
type TokenCallback = (
  error: Error | null,
  accessToken?: string,
  refreshToken?: string,
  params?: DribbbleTokenResponse,
) => void;

/**
 * Signs people in with their Dribbble account, by OAuth 2.0's authorization code grant (RFC 6749, section 4.1).
 *
 * ```ts
 * passport.use(
 *   new DribbbleStrategy({ clientID, clientSecret, callbackURL }, async (accessToken, refreshToken, profile) =>
 *     users.findOrCreate({ dribbbleId: profile.id, name: profile.displayName }),
 *   ),
 * );
 * ```
 *
 * A login ends in a failed login (the person said no; a callback that is malformed, or has no right state), or in
 * `next(err)` with an `AuthorizationError`, `TokenError`, `DribbbleAPIError` or `InternalOAuthError`.
 */
export class DribbbleStrategy extends OAuth2Strategy {
  override name = 'dribbble';
  private readonly _userProfileURL: string;
  private readonly _timeout: number;
  private readonly _needsSession: boolean;
  private readonly _keepsState: boolean;
  private readonly _skipsProfile: boolean;
  private readonly _connections = new ConnectionsAhead();

  /**
   * @param options see {@link DribbbleStrategyOptions}; the object is not changed
   * @param verify finds or makes the app's user for a profile
   * @throws TypeError naming the option that is missing or malformed
   */
  constructor(options: DribbbleStrategyOptions, verify: DribbbleVerifyFunction);
  constructor(options: DribbbleStrategyOptions, verify: DribbbleVerifyFunctionWithParams);
  constructor(options: DribbbleStrategyOptionsWithRequest, verify: DribbbleVerifyFunctionWithRequest);
  constructor(
    options: DribbbleStrategyOptionsWithRequest,
    verify: DribbbleVerifyFunctionWithRequestAndParams,
  );
  constructor(
    options: DribbbleStrategyOptions | DribbbleStrategyOptionsWithRequest,
    verify: AnyVerifyFunction,
  ) {
    checkOptions(options);
    if (typeof verify !== 'function') throw new TypeError('DribbbleStrategy requires a verify function');
    // `store: true` is passport-oauth2's session store that also carries app state; its `state: true` drops it.
    const store =
      typeof options.store === 'object' ? options.store : (options.store ?? options.state !== false);
    super(
      {
        ...options,
        authorizationURL: options.authorizationURL ?? AUTHORIZATION_URL,
        tokenURL: options.tokenURL ?? TOKEN_URL,
        store,
        skipUserProfile: withoutThrowing(options.skipUserProfile),
        passReqToCallback: true,
      } as OAuth2Strategy.StrategyOptionsWithRequest,
      answeringOnce(verify, options.passReqToCallback === true) as OAuth2Strategy.VerifyFunctionWithRequest,
    );
    this._userProfileURL = options.userProfileURL ?? USER_PROFILE_URL;
    this._timeout = options.timeout ?? TIMEOUT;
    this._needsSession = store === true;
    this._keepsState = store !== false;
    this._skipsProfile = options.skipUserProfile === true;
    if (options.agent) this._oauth2.setAgent(options.agent);

    // The `oauth` package's own exchange can hang, throw where nothing catches and read without end: all that the
    // client sends, the requests of subclasses included, goes through ours.
    this._oauth2.useAuthorizationHeaderforGET(true);
    this._client._request = (method, url, headers, body, _accessToken, callback) => {
      this._send(method, url, headers, body, (error, answer) => {
        if (answer === undefined) callback(error);
        else if (!answer.ok) callback({ statusCode: answer.statusCode, data: answer.body });
        else callback(null, answer.body, answer);
      });
    };
    this._client.getOAuthAccessToken = (code, params, callback) => {
      this._obtainToken(code, params, callback);
    };
  }

  /** Begins a login, or goes on with it where the browser comes back from Dribbble. Passport calls it. */
  override authenticate(req: Request, options: DribbbleAuthenticateOptions = {}): void {
    try {
      this._authenticate(req, options);
    } catch (error) {
      this.error(error);
    }
  }

  private _authenticate(req: Request, options: DribbbleAuthenticateOptions): void {
    checkAuthenticateOptions(options);
    const response = readResponse(req);
    if (response === undefined) {
      this.fail({ message: 'The parameters that Dribbble sent back are malformed: sign in again.' }, 403);
    } else if (response.error === 'access_denied') {
      this.fail({ message: denial(response.error_description, [this._client._clientSecret]) });
    } else if (response.error !== undefined) {
      const { host } = new URL(this._client._authorizeUrl);
      this.error(authorizationError(response, host, [this._client._clientSecret]));
    } else if (this._needsSession && !(req as { session?: unknown }).session) {
      this.error(
        new Error(
          "Signing in keeps a state in the session, and there is none. Put a session middleware (such as express-session) before passport's, " +
            'or do without sessions: store: new CookieStateStore({ secret }).',
        ),
      );
    } else {
      if (response.code === undefined) {
        this._openAhead(this._client._accessTokenUrl);
        if (!this._skipsProfile) this._openAhead(this._userProfileURL);
      }
      if (this._needsSession)
        renew((req as { session?: object }).session as Record<string, unknown> | undefined, this._sessionKey);
      // passport-oauth2 resolves a callbackURL that is a path by it, and Fastify's request has none.
      const request = req as { connection?: unknown };
      request.connection ??= req.socket;
      // passport-oauth2 would send a string to Dribbble in place of the state; in an object it is carried through.
      const { state } = options;
      const isCarried = this._keepsState && typeof state === 'string';
      super.authenticate(req, isCarried ? { ...options, state: Object(state) as object } : options);
    }
  }

  /** Exchanges the authorization code for an access token (RFC 6749, section 4.1.3). */
  private _obtainToken(code: string, params: Record<string, string>, callback: TokenCallback): void {
    const { _clientId, _clientSecret, _accessTokenUrl } = this._client;
    // Other packages refresh tokens through this method, as the `oauth` package lets them.
    const grant = params['grant_type'] === 'refresh_token' ? { refresh_token: code } : { code };
    const form = { ...params, ...grant, client_id: _clientId, client_secret: _clientSecret };
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    this._send('POST', _accessTokenUrl, headers, stringify(form), (error, answer) => {
      if (answer === undefined) {
        callback(error);
        return;
      }
      const refusal = tokenError(answer, [_clientSecret, code]);
      const token = answer.ok ? parseTokenResponse(answer.json) : undefined;
      if (refusal || !token) {
        callback(refusal ?? unfit(answer, 'an access token that can be used', 'tokenURL'));
        return;
      }
      const { refresh_token, ...rest } = token;
      callback(null, token.access_token, typeof refresh_token === 'string' ? refresh_token : undefined, rest);
    });
    if (!this._skipsProfile) this._openAhead(this._userProfileURL);
  }

  /** What passport-oauth2 calls with an error of the token request: ours comes ready made. */
  protected _createOAuthError(_message: string, error: Error): Error {
    return error;
  }

  /**
   * Fetches the profile of the signed-in person (`GET /v2/user`).
   * @param accessToken goes into the Authorization header
   * @param done called once, with a `DribbbleAPIError` or `InternalOAuthError`, or with the profile
   */
  override userProfile(
    accessToken: string,
    done: (error?: Error | null, profile?: DribbbleProfile) => void,
  ): void {
    const headers = { Authorization: `Bearer ${accessToken}` };
    this._send('GET', this._userProfileURL, headers, null, (error, answer) => {
      if (answer === undefined) {
        done(error);
        return;
      }
      if (!answer.ok) {
        done(apiError(answer, [accessToken, this._client._clientSecret]));
        return;
      }
      const profile = parseProfile(answer.body, answer.json);
      if (profile) done(null, profile);
      else done(unfit(answer, 'a user with an id', 'userProfileURL'));
    });
  }

  /** For the request to come: the person is still at Dribbble, or the token request under way. */
  private _openAhead(url: string): void {
    const { _agent } = this._client;
    if (_agent === undefined || _agent === null) this._connections.open(url);
  }

  private _send(
    method: string,
    url: string,
    headers: OutgoingHttpHeaders | null,
    body: string | Buffer | null,
    callback: (error: Error | null, answer?: Answer) => void,
  ): void {
    const { _agent, _customHeaders } = this._client;
    const ownAgent = url.startsWith('https:') ? this._connections : undefined;
    exchange(
      {
        method,
        url,
        // Node takes names in any case, and the last of two: the app's over the defaults, ours over the app's.
        headers: { Accept: 'application/json', 'User-Agent': USER_AGENT, ..._customHeaders, ...headers },
        body,
        agent: _agent ?? ownAgent,
        timeout: this._timeout,
      },
      callback,
    );
  }

  private get _sessionKey(): string {
    return (this as unknown as { _key: string })._key;
  }

  private get _client(): Client {
    return this._oauth2 as unknown as Client;
  }
}

/** passport-oauth2 changes what is kept in place, which @fastify/secure-session notices only where it is assigned. */
function renew(session: Record<string, unknown> | undefined, key: string): void {
  if (session?.[key]) session[key] = { ...session[key] };
}

/** The parameters of the request, or undefined where one is sent twice, nested or empty, or comes alone. */
function readResponse(req: Request): AuthorizationResponse | undefined {
  const query = req.query as Record<string, unknown> | undefined;
  const body = req.body as Record<string, unknown> | null | undefined;
  const response: AuthorizationResponse = {};
  for (const name of PARAMETERS) {
    const inQuery = query?.[name];
    const inBody = body?.[name];
    if (inQuery === undefined && inBody === undefined) continue;
    const value = inQuery ?? inBody;
    const isTwice = inQuery !== undefined && inBody !== undefined;
    // Half a character (a lone surrogate, from a JSON body) can't be sent on.
    if (isTwice || typeof value !== 'string' || /[\ud800-\udfff]/u.test(value)) return undefined;
    response[name] = value;
  }
  const { code, error, state } = response;
  if (code === '' || error === '') return undefined;
  // A state comes from Dribbble only, with a code or an error; without one, this is the beginning of a login.
  return state !== undefined && code === undefined && error === undefined ? undefined : response;
}

/** passport-oauth2 calls the app's function where a throw would take the process down. */
function withoutThrowing(skip: DribbbleStrategyOptions['skipUserProfile']): typeof skip {
  if (typeof skip !== 'function') return skip;
  return (accessToken: string, done: (error?: unknown, skipped?: boolean) => void) => {
    let answered = false;
    const answer = (error?: unknown, skipped?: boolean): void => {
      if (!answered) {
        answered = true;
        done(error, skipped);
      }
    };
    try {
      if (skip.length > 1) skip(accessToken, answer);
      else answer(null, (skip as () => boolean)());
    } catch (error) {
      answer(error);
    }
  };
}
