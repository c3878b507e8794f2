import { createHash } from 'node:crypto';
import type { Sandbox } from 'passport-dribbble-oauth2/sandbox';

export const CALLBACK = 'http://localhost:3000/auth/dribbble/callback';
export const VERIFIER = 'a-verifier-of-43-characters-or-more-0123456789';
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

type Fields = Record<string, string | undefined>;

/** Without the fields that are undefined, which a test takes out of the usual ones. */
function encode(fields: Fields): URLSearchParams {
  return new URLSearchParams(
    Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined),
  );
}

export function authorizationURL({ options }: Sandbox, fields: Fields = {}): string {
  const usual = {
    client_id: options.clientID,
    response_type: 'code',
    redirect_uri: CALLBACK,
    state: 'a state & more',
  };
  return `${options.authorizationURL}?${encode({ ...usual, ...fields }).toString()}`;
}

export function authorize(dribbble: Sandbox, fields: Fields = {}): Promise<Response> {
  return fetch(authorizationURL(dribbble, fields), { redirect: 'manual' });
}

/** Where a redirect leads, without its query, and with what. */
export function redirectOf(response: Response): { to: string; params: Record<string, string> } {
  const url = new URL(response.headers.get('location') ?? '');
  return { to: url.origin + url.pathname, params: Object.fromEntries(url.searchParams) };
}

/** A code for maya, who says yes. */
export async function codeFor(dribbble: Sandbox, fields: Fields = {}): Promise<string> {
  dribbble.signInAs('maya');
  return redirectOf(await authorize(dribbble, fields)).params['code'] ?? '';
}

export function requestToken({ options }: Sandbox, fields: Fields = {}): Promise<Response> {
  const usual = {
    grant_type: 'authorization_code',
    client_id: options.clientID,
    client_secret: options.clientSecret,
    redirect_uri: CALLBACK,
  };
  return fetch(options.tokenURL, { method: 'POST', body: encode({ ...usual, ...fields }) });
}

export async function tokenFor(dribbble: Sandbox): Promise<string> {
  const response = await requestToken(dribbble, { code: await codeFor(dribbble) });
  return ((await response.json()) as { access_token: string }).access_token;
}

export function requestUser({ options }: Sandbox, token?: string): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(options.userProfileURL, { headers });
}
