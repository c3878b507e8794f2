import { AsyncResource } from 'node:async_hooks';
import http = require('node:http');
import https = require('node:https');
import { isIP } from 'node:net';
import { unusable } from './errors';

/** Bytes of an answer's body that are read before it is refused: a profile has a few thousand. */
const BODY_LIMIT = 1024 * 1024;
/** Connections that were opened before the request that they carry, and so may be stale. */
export const openedAhead = new WeakSet();

export interface Exchange {
  method: string;
  url: string;
  headers: http.OutgoingHttpHeaders;
  body: string | Buffer | null;
  /** undefined is Node's default agent. */
  agent: http.Agent | boolean | undefined;
  /** Milliseconds for the whole exchange, from the call to the last byte of the body. */
  timeout: number;
}

export interface Answer {
  statusCode: number;
  /** Whether the status is one of success, 200 to 299. */
  ok: boolean;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** The body, if it is a JSON object. */
  json: Record<string, unknown> | undefined;
  /** Who answered. */
  host: string;
}

/**
 * Sends one request and calls back exactly once: with the whole answer, whatever its status, or with an error
 * that says which host failed and how. Redirects are not followed: they are answers with a status of 3xx.
 */
export function exchange(
  { method, url, headers, body, agent, timeout }: Exchange,
  callback: (error: Error | null, answer?: Answer) => void,
): void {
  const { protocol, host, hostname, port, pathname, path } = targetOf(url);
  const where = `${method} ${host}${pathname}`;
  // A connection opened for one visitor may carry the request of another, whose context has to go on with it.
  const visitor = new AsyncResource('passport-dribbble-oauth2');
  let request: http.ClientRequest | undefined;
  let answered = false;

  const deadline = setTimeout(() => {
    fail(`did not answer within ${String(timeout)} ms. Try again, or raise the timeout option.`, 504);
  }, timeout);
  send();

  function send(): void {
    let started = false;
    try {
      const attempt = (protocol === 'https:' ? https : http).request({
        hostname,
        port,
        path,
        method,
        headers,
        agent,
      });
      request = attempt;
      // A connection that was open before may have been closed by the other side in the meantime, which says
      // nothing about the next. As each retry uses up such a connection, the last one is made on a fresh one.
      const mayBeStale = (): boolean =>
        attempt.reusedSocket || (attempt.socket !== null && openedAhead.has(attempt.socket));
      attempt.on('response', (response) => {
        started = true;
        // What servers say on closing a connection that had to wait (RFC 9110, section 15.5.9).
        if (response.statusCode === 408 && mayBeStale()) {
          response.destroy();
          send();
        } else receive(response);
      });
      attempt.on('error', (error) => {
        if (mayBeStale() && !started && !answered) send();
        else broken(error);
      });
      // Node closes without an 'error' where it is given an answer it has no use for, such as an upgrade.
      attempt.on('close', () => {
        if (!started && attempt === request)
          fail('closed the connection without an answer. Try again later.');
      });
      attempt.end(body ?? undefined);
    } catch (error) {
      broken(error as Error);
    }
  }

  function receive(response: http.IncomingMessage): void {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_LIMIT) fail(`answered with more than ${String(BODY_LIMIT)} bytes. Is the URL right?`);
      else chunks.push(chunk);
    });
    response.on('error', (error) => {
      fail(`broke off its answer (${error.message}). Try again later.`, 502, error);
    });
    response.on('end', () => {
      let text;
      try {
        // Decoded as a whole, so that no character breaks between two chunks.
        text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
      } catch {
        fail(`answered ${String(response.statusCode)} with bytes that are not UTF-8. Is the URL right?`);
        return;
      }
      const { statusCode = 0, headers } = response;
      const ok = statusCode >= 200 && statusCode <= 299;
      settle(null, { statusCode, ok, headers, body: text, json: parseObject(text), host });
    });
  }

  function broken(error: NodeJS.ErrnoException & { rawPacket?: Buffer }): void {
    delete error.rawPacket; // the answer's bytes, and with them perhaps the access token
    const why = error.message || (error.code ?? error.name);
    fail(
      `failed: ${why}. Check that this machine reaches the host; a proxy goes into the agent option.`,
      error.code === 'ETIMEDOUT' ? 504 : 502,
      error,
    );
  }

  function fail(message: string, status?: number, cause?: Error): void {
    if (answered) return;
    request?.destroy();
    settle(unusable(`${where} ${message}`, status, cause));
  }

  function settle(error: Error | null, answer?: Answer): void {
    // An answer whose connection failed right after its last byte is still handed over.
    if (answered) return;
    answered = true;
    clearTimeout(deadline);
    visitor.runInAsyncScope(callback, null, error, answer);
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Where a URL leads, in the terms of Node's http. */
export interface Target {
  protocol: string;
  /** The host's name or address, an IPv6 address without its brackets. */
  hostname: string;
  port: string | number;
  path: string;
  /** What TLS takes for the host's name: addresses are none (RFC 6066, section 3). */
  servername: string;
  /** By what Node's https agents tell connections to this host from others. */
  name: string;
  /** For messages: the host, with the port where the URL has one, and the path alone. */
  host: string;
  pathname: string;
}

/** URLs remembered: a login needs two, and an app may ask the API for more. */
const TARGETS_LIMIT = 100;
const known = new Map<string, Target>();

/** Takes a URL to pieces, once for all logins. */
export function targetOf(url: string): Target {
  const found = known.get(url);
  if (found) return found;
  const { protocol, host, hostname: written, port: given, pathname, search } = new URL(url);
  const hostname = written.replace(/^\[|\]$/g, '');
  const port = given || (protocol === 'https:' ? 443 : 80);
  const servername = isIP(hostname) ? '' : hostname;
  const name = new https.Agent().getName({ host: hostname, port, servername });
  const target = { protocol, hostname, port, path: pathname + search, servername, name, host, pathname };
  if (known.size >= TARGETS_LIMIT) known.clear();
  known.set(url, target);
  return target;
}
