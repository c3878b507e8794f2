import type http = require('node:http');
import type https = require('node:https');
import { stringify } from 'node:querystring';
import { OAuth2, type dataCallback, type oauth2tokenCallback } from 'oauth';
import { debug } from './debug';
import type { ErrorResponse } from './errors';
import { guard } from './guard';
import { preconnect } from './http/agent';
import { originOf } from './http/origin';
import { request, type HttpResponse } from './http/request';
import { parseObject } from './json';

const TIMEOUT = 10_000; // milliseconds
const HEADERS = { Accept: 'application/json', 'User-Agent': 'passport-dribbble-oauth2' };

/** The token response of Dribbble's token endpoint. There is no refresh token and no expiry. */
export interface DribbbleTokenResponse {
  /** The access token, for `Authorization: Bearer`. It lives until the person revokes it. */
  access_token: string;
  /** Always `bearer`, in this or another case. */
  token_type?: string;
  /** The scopes granted, separated by spaces. */
  scope?: string;
  /** When the token was issued, in epoch seconds. */
  created_at?: number;
  [field: string]: unknown;
}

type RequestCallback = (
  error: Error | ErrorResponse | null,
  body?: string,
  response?: HttpResponse,
) => unknown;

/**
 * The `oauth` package's client, `_oauth2` of the strategy, with a bounded request below it. All its methods work as
 * they do there, except that an access token always goes into the Authorization header, never into a URL.
 */
export class OAuth2Client extends OAuth2 {
  declare readonly _clientSecret: string;
  declare readonly _authorizeUrl: string;
  declare readonly _accessTokenUrl: string;

  constructor(
    clientId: string,
    clientSecret: string,
    baseSite: string,
    authorizePath?: string,
    accessTokenPath?: string,
    customHeaders?: http.OutgoingHttpHeaders,
    /** Milliseconds for one whole request, response body included. */
    private readonly _requestTimeout = TIMEOUT,
  ) {
    // Names are case-insensitive and the last one wins, so the app's headers replace ours.
    super(clientId, clientSecret, baseSite, authorizePath, accessTokenPath, { ...HEADERS, ...customHeaders });
  }

  /** Called with what a callback throws or rejects with. Without it, the exception is uncaught. */
  _onThrow?: (thrown: unknown) => void;

  /** Requests an access token for an authorization code (RFC 6749, section 4.1.3), or for a refresh token. */
  override getOAuthAccessToken(code: string, params: unknown, callback?: oauth2tokenCallback): void {
    const given = (params ?? {}) as NodeJS.Dict<string>;
    const grant = given['grant_type'] === 'refresh_token' ? { refresh_token: code } : { code };
    const credentials = { client_id: this._clientId, client_secret: this._clientSecret };
    // Not by spread: V8 on Node 20 makes a hidden class for each such object, and keeps what it refers to for longer.
    const form = stringify(Object.assign({}, given, grant, credentials));
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    this._request('POST', this._getAccessTokenUrl(), headers, form, null, (error, body, response) => {
      const failure = error as typeof error | null;
      const json = failure ? undefined : parseObject(body);
      if (failure) callback?.(failure);
      else if (isTokenResponse(json)) {
        const { refresh_token, ...rest } = json;
        const refreshToken = typeof refresh_token === 'string' ? refresh_token : undefined;
        callback?.(null as never, rest.access_token, refreshToken, rest);
      } else callback?.({ statusCode: response?.statusCode ?? 200, data: body });
    });
  }

  override _request(
    method: string,
    url: string,
    headers: http.OutgoingHttpHeaders | null,
    body: unknown,
    accessToken: string | null,
    callback: dataCallback,
  ): void {
    // Below, url.parse would throw where nothing catches.
    if (!originOf(url)) {
      callback(new TypeError('The URL of the request is not a valid absolute URL.') as never);
      return;
    }
    const isAuthorized = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'authorization');
    const bearer =
      accessToken && !isAuthorized ? { Authorization: this.buildAuthHeader(accessToken) } : undefined;
    super._request(method, url, { ...bearer, ...headers }, body, null, callback);
  }

  /** The one way to the network. An `agent` in the options comes before the one of `setAgent`. */
  override _executeRequest(
    library: unknown,
    options: http.RequestOptions,
    body: unknown,
    callback?: dataCallback,
  ): void {
    const done: RequestCallback = (...result) => {
      const call = (): unknown => (callback as RequestCallback)(...result);
      if (this._onThrow) guard(call, this._onThrow);
      else call();
    };
    const agent = options.agent ?? this._agent;
    const host = (options.headers as http.OutgoingHttpHeaders | undefined)?.['Host'] ?? options.host;
    const begun = Date.now();
    request(
      library as typeof https,
      Object.assign({}, options, { agent }), // a copy: a retry reads it again
      body as string | Buffer | null,
      this._requestTimeout,
    ).then(
      (response) => {
        const { statusCode, body: data } = response;
        debug('%s: %d after %d ms', host, statusCode, Date.now() - begun);
        const isSuccess = statusCode >= 200 && statusCode <= 299; // Node hands over 0xx too
        done(isSuccess ? null : { statusCode, data }, data, response);
      },
      (error: unknown) => {
        debug('%s: no response after %d ms', host, Date.now() - begun);
        done(error as Error);
      },
    );
  }
}

/** The client for one login: a callback that throws, such as in a subclass's `userProfile`, ends that login. */
export function forLogin(client: object, onThrow: (thrown: unknown) => void): object {
  // Another client, which an app has put in its place, may have #private members, which throw on an object below it.
  if (!(client instanceof OAuth2Client)) return client;
  return { __proto__: client, _onThrow: onThrow };
}

/** Preconnects to the hosts of a client's next requests, unless the app gave it an agent. */
export function preconnectFor(client: OAuth2, ...urls: string[]): void {
  if ((client as unknown as { _agent: unknown })._agent !== undefined) return;
  preconnect(...urls);
}

/**
 * Whether a token response is usable (RFC 6749, section 5.1). A token of another type than bearer must not be used; one
 * with other characters than visible ASCII (appendix A.12) does not fit into a header. Some providers send an error
 * with a status of 200.
 */
function isTokenResponse(json: Record<string, unknown> = {}): json is DribbbleTokenResponse {
  const { access_token, token_type = 'bearer', error = null } = json;
  if (typeof access_token !== 'string' || !/^[\x21-\x7e]+$/.test(access_token)) return false;
  if (typeof token_type !== 'string' || token_type.toLowerCase() !== 'bearer') return false;
  return error === null;
}
