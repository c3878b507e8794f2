import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';

/** The endpoints of a login: the page that asks the person, the token endpoint, and `GET /v2/user`. */
export type SandboxEndpoint = 'authorize' | 'token' | 'user';

/**
 * How an endpoint fails, and what the app should show its person.
 *
 * - Dribbble can't be reached, try again later: `refuses` (`ECONNREFUSED`: nothing listens on the endpoint's port),
 *   `resets` (`ECONNRESET`), `hangs` (no response until the app's timeout is over), `slow` (the usual response, in
 *   pieces over three seconds), `cut-off` (half of it, then the connection ends), `html-502` (a proxy's error page).
 * - Dribbble is busy, try again in a minute: `rate-limit` (429, with `X-RateLimit-Remaining: 0`).
 * - Please sign in again: `unauthorized` (`user` only: 401 `Bad credentials.`).
 * - Nobody is signed in, try again later: `no-id` (`user` only: the usual response without an `id`).
 * - A mistake of the app's, its owner is told: `invalid_client` (`token` only: 401, as for a wrong client secret),
 *   `application_suspended` (`authorize` only: sent back with this error).
 */
export type SandboxFailure =
  | ('refuses' | 'hangs' | 'slow' | 'cut-off' | 'resets' | 'html-502' | 'rate-limit')
  | ('unauthorized' | 'no-id' | 'invalid_client' | 'application_suspended');

/** A response of your own. The default is status 200 and an empty body; an object is sent as JSON. */
export interface SandboxResponse {
  status?: number | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | object | undefined;
}
/** A response of the sandbox's, and why Dribbble refuses the request, in words for a developer. */
export type Reply = SandboxResponse & { why?: string | undefined };
/** What an endpoint can be told to do in place of its job. */
export type How = SandboxFailure | SandboxResponse;

export const ENDPOINTS = ['authorize', 'token', 'user'] as const;
const WIRE = ['refuses', 'hangs', 'slow', 'cut-off', 'resets', 'html-502', 'rate-limit'] as const;
/** The failures that each endpoint can have. */
export const FAILURES: Readonly<Record<SandboxEndpoint, readonly string[]>> = {
  authorize: [...WIRE, 'application_suspended'],
  token: [...WIRE, 'invalid_client'],
  user: [...WIRE, 'unauthorized', 'no-id'],
};

/** What is sent in place of Dribbble's response, if anything is; status 0 is nothing. */
export function substitute(how: How | undefined): SandboxResponse | undefined {
  if (how === 'refuses' || how === 'hangs' || how === 'resets') return { status: 0 };
  if (how === 'rate-limit') return withRateLimit(-1, Math.floor(Date.now() / 1000) + 60);
  const body = '<html><title>502 Bad Gateway</title><body><h1>502 Bad Gateway</h1></body></html>';
  if (how === 'html-502') return { status: 502, headers: { 'Content-Type': 'text/html' }, body };
  return typeof how === 'object' ? how : undefined;
}

/** With `left` requests left until `reset`, in epoch seconds; below zero, the limit is passed. */
export function withRateLimit(left: number, reset: number, body: object = {}): Reply {
  const limits = { 'X-RateLimit-Limit': '60', 'X-RateLimit-Remaining': String(Math.max(left, 0)) };
  const headers = { ...limits, 'X-RateLimit-Reset': String(reset) };
  if (left >= 0) return { headers, body };
  const why = 'the rate limit is used up';
  return { status: 429, headers, body: { message: 'API rate limit exceeded.' }, why };
}

/** Sends a response, as badly as `how` says. */
export async function send(res: ServerResponse, response: SandboxResponse, how?: unknown): Promise<void> {
  const { status = 200, body = '' } = response;
  const isText = typeof body === 'string';
  const text = isText ? body : JSON.stringify(how === 'no-id' ? { ...body, id: undefined } : body);
  const type = `${isText ? 'text/plain' : 'application/json'}; charset=utf-8`;
  if (how === 'resets' || how === 'refuses') res.socket?.resetAndDestroy();
  if (status === 0) return;
  // A redirect has no body: its head is cut off.
  if (how === 'cut-off' && !text) return void res.socket?.end('HTTP/1.1 ');
  res.setHeader('Content-Type', type).setHeader('Cache-Control', 'no-store');
  res.writeHead(status, response.headers);
  if (how === 'cut-off') return void res.write(text.slice(0, text.length / 2), () => res.socket?.end());
  const pieces = how === 'slow' ? text.split(/(?<=[,>])/) : [];
  for (const piece of pieces) res.write(await setTimeout(3000 / pieces.length, piece, { ref: false }));
  res.end(how === 'slow' ? '' : text);
}
