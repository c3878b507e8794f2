import type { Request } from 'express';
import type { DribbbleFailure } from './state/login';

/** What the browser brings back from Dribbble (RFC 6749, sections 4.1.2 and 4.1.2.1; RFC 9207). */
const PARAMETERS = ['code', 'state', 'error', 'error_description', 'error_uri', 'iss'] as const;

/** The parameters of an authorization response. A request without `code` and `error` begins a login. */
export type Callback = Partial<Record<(typeof PARAMETERS)[number], string>>;

/** Reads and checks the parameters. If something is wrong with them, `failure` says why the login failed. */
export function readCallback(
  req: Request,
  authorizationURL: string,
): Callback & { failure?: DribbbleFailure } {
  const query = req.query as Record<string, unknown> | undefined;
  const body = req.body as Record<string, unknown> | null | undefined;
  const callback: Callback = {};
  const nested = [...nestedNames(query), ...nestedNames(body)];
  // Any other query parameter of the sign-in page, such as ?state=/cart, belongs to the app.
  if (isAbsent(query) && isAbsent(body) && !nested.includes('code') && !nested.includes('error'))
    return callback;
  if (PARAMETERS.some((name) => nested.includes(name))) return malformed();
  for (const name of PARAMETERS) {
    const inQuery = query?.[name];
    const inBody = body?.[name];
    if (inQuery === undefined && inBody === undefined) continue;
    const value = inQuery ?? inBody;
    const isTwice = inQuery !== undefined && inBody !== undefined;
    // Half a character (a lone surrogate, from a JSON body) can't be sent on.
    if (isTwice || typeof value !== 'string' || /[\ud800-\udfff]/u.test(value)) return malformed();
    callback[name] = value;
  }
  if (callback.code === '' || callback.error === '') return malformed();
  if (callback.iss !== undefined && !haveOneOrigin(callback.iss, authorizationURL)) return mismatch();
  return callback;
}

/** A new object each time, as the app may add to it. */
function malformed(): { failure: DribbbleFailure } {
  const message = 'The parameters that came back with the browser are malformed: sign in again.';
  return { failure: { message, code: 'malformed_callback' } };
}

function mismatch(): { failure: DribbbleFailure } {
  const message =
    'The browser came back from another authorization server than it was sent to: sign in again.';
  return { failure: { message, code: 'issuer_mismatch' } };
}

/** The `code` of `code[]=`: parsers without nesting, such as Express 5's, keep the brackets in the name. */
function nestedNames(source: Record<string, unknown> | null | undefined): (string | undefined)[] {
  if (typeof source !== 'object' || source === null || ArrayBuffer.isView(source)) return [];
  return Object.keys(source)
    .filter((key) => key.includes('['))
    .map((key) => key.split('[', 1)[0]);
}

function isAbsent(source: Record<string, unknown> | null | undefined): boolean {
  return source?.['code'] === undefined && source?.['error'] === undefined;
}

function haveOneOrigin(issuer: string, authorizationURL: string): boolean {
  return URL.canParse(issuer) && new URL(issuer).origin === new URL(authorizationURL).origin;
}
