import { isUtf8 } from 'node:buffer';
import http = require('node:http');
import https = require('node:https');
import type { Socket } from 'node:net';
import { closeIdle, preconnected, processAgent } from './agent';

/** The most bytes of a response body. A profile has a few thousand. */
const BODY_LIMIT = 1024 * 1024;
/** The most bytes read from the socket for one response: a body of BODY_LIMIT in one-byte chunks is 6 MiB. */
const RAW_LIMIT = 8 * 1024 * 1024;

const UNREACHABLE =
  'Check that this machine can connect to the host. Behind a proxy, start Node 22.21 or later with NODE_USE_ENV_PROXY=1, or give ' +
  'an agent that uses the proxy.';
const LATER = 'Try again later.';
const WRONG_URL = 'Check the URL.';

/** A response of any status. */
export interface HttpResponse {
  statusCode: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** There was no usable response. The message says what happened, with which host, and what to do. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  declare readonly cause?: Error;

  /** @param status the HTTP status of a gateway's response: 504 on a timeout, else 502 */
  constructor(
    message: string,
    readonly status: 502 | 504,
    cause?: Error,
  ) {
    super(message, cause && { cause });
  }
}

/**
 * Sends a request and reads the response, in bounded time and memory.
 *
 * The request is sent a second time only if it went out on a connection that had been open before, and that closed
 * before one byte of a response came: the server had closed it for being idle.
 *
 * @param library What to send with, `http` or `https`.
 * @param options `host`, `port`, `path`, `method`, `headers` and, if the app has its own, `agent`.
 * @param timeout Milliseconds for all of it, response body included.
 * @throws {HttpError} (rejects) If there is no response, or it is cut off, malformed, too large or not UTF-8.
 */
export function request(
  library: typeof http | typeof https,
  options: http.RequestOptions,
  body: string | Buffer | null | undefined,
  timeout: number,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const agent = options.agent ?? (library === https ? processAgent() : undefined);
    const host = options.hostname ?? options.host ?? 'localhost';
    const port = Number(options.port ?? (library === https ? 443 : 80));
    /** The request under way; undefined once there is an outcome. */
    let attempt: http.ClientRequest | undefined;
    let attempts = 0;
    let isConnected = false;

    // If the process was suspended, a response may be waiting: give it one turn of the event loop to be read.
    const deadline = setTimeout(() => setImmediate(timedOut), timeout);
    send();

    function send(): void {
      let socket: Socket | undefined;
      let bytesRead = 0;
      let wasOpen = false;
      let response: http.IncomingMessage | undefined;
      attempts += 1;
      try {
        const sent = library.request({ ...options, agent });
        attempt = sent;
        sent.on('socket', (given) => {
          socket = given;
          wasOpen = sent.reusedSocket || preconnected.has(socket);
          const isTLS = sent.protocol === 'https:';
          isConnected = wasOpen || !(isTLS || socket.connecting);
          if (!isConnected) socket.once(isTLS ? 'secureConnect' : 'connect', () => (isConnected = true));
          socket.prependListener('data', limitRawBytes); // before the parser, whose events ask how much was read
        });
        sent.on('response', (received) => {
          if (sent !== attempt) return;
          response = received;
          // A server may send 408 when it closes an idle connection (RFC 9110, section 15.5.9).
          if (received.statusCode === 408 && mayRetry()) retry();
          else receive(received, () => socket?.off('data', limitRawBytes));
        });
        sent.on('error', (error) => {
          if (sent !== attempt) return;
          if (bytesRead === 0 && mayRetry()) retry();
          else failed(error, bytesRead);
        });
        // Node emits no 'error' after a response that it cannot use, such as an upgrade.
        sent.on('close', () => {
          if (sent === attempt && !response) fail(`closed the connection without a response. ${LATER}`);
        });
        sent.end(body ?? undefined);
      } catch (error) {
        failed(error, 0);
      }

      function limitRawBytes(chunk: Buffer): void {
        bytesRead += chunk.length; // an agent's stream may have no bytesRead of its own
        if (bytesRead > RAW_LIMIT) fail(`sent more than ${String(RAW_LIMIT)} bytes. ${WRONG_URL}`);
      }
      function mayRetry(): boolean {
        return wasOpen && attempts === 1;
      }
      function retry(): void {
        attempt?.destroy();
        isConnected = false;
        closeIdle(agent ?? library.globalAgent, host, port);
        send();
      }
    }

    function receive(response: http.IncomingMessage, ended: () => void): void {
      // One buffer that grows: a list of chunks takes hundreds of bytes for each, and a chunk may be one byte.
      let buffer: Buffer | undefined;
      let size = 0;
      response.on('data', (data: Buffer | string) => {
        // Text, if a wrapper of Node's http in the app has set an encoding.
        const chunk = Buffer.isBuffer(data) ? data : Buffer.from(data, response.readableEncoding ?? 'utf8');
        const needed = size + chunk.length;
        if (needed > BODY_LIMIT) {
          fail(`sent a body of more than ${String(BODY_LIMIT)} bytes. ${WRONG_URL}`);
          return;
        }
        if (!buffer) buffer = chunk;
        else {
          if (needed > buffer.length) {
            const larger = Buffer.allocUnsafe(Math.max(needed, 2 * size));
            buffer.copy(larger, 0, 0, size);
            buffer = larger;
          }
          chunk.copy(buffer, size);
        }
        size = needed;
      });
      response.on('error', (error) => {
        failed(error, 1);
      });
      response.on('end', () => {
        ended();
        const { statusCode = 0, headers } = response;
        // Decoded as a whole: a character may be split between two chunks.
        const content = (buffer ?? Buffer.alloc(0)).subarray(0, size);
        if (!isUtf8(content))
          fail(`responded ${String(statusCode)} with bytes that are not UTF-8. ${WRONG_URL}`);
        else {
          settle();
          resolve({ statusCode, headers, body: content.toString().replace(/^\ufeff/, '') });
        }
      });
    }

    function timedOut(): void {
      if (!attempt) return;
      // The connection may have died silently, and the idle ones to the same host with it.
      closeIdle(agent ?? library.globalAgent, host, port);
      const within = `within ${String(timeout)} ms`;
      if (isConnected) fail(`did not respond ${within}. Try again later, or raise the timeout.`, 504);
      else fail(`could not be reached ${within}. ${UNREACHABLE}`, 504);
    }

    function failed(reason: unknown, bytes: number): void {
      const error = (reason ?? new Error('no reason was given')) as NodeJS.ErrnoException;
      delete (error as { rawPacket?: unknown }).rawPacket; // of the response: it may contain the access token
      const why = error.message || (error.code ?? String(error));
      const status = error.code === 'ETIMEDOUT' ? 504 : 502;
      if (!isConnected && bytes === 0) fail(`could not be reached: ${why}. ${UNREACHABLE}`, status, error);
      else if (String(error.code).startsWith('HPE_'))
        fail(`sent a malformed response: ${why}. ${WRONG_URL}`, 502, error);
      else if (bytes === 0) fail(`closed the connection without a response: ${why}. ${LATER}`, status, error);
      else fail(`closed the connection in the middle of its response: ${why}. ${LATER}`, status, error);
    }

    function fail(what: string, status: 502 | 504 = 502, cause?: Error): void {
      settle()?.destroy();
      const { method = 'GET', path, headers } = options;
      const name = (headers as http.OutgoingHttpHeaders | undefined)?.['Host'] ?? `${host}:${String(port)}`;
      const [pathname = ''] = (path ?? '/').split('?', 1); // the query may contain secrets
      reject(new HttpError(`${method} ${String(name)}${pathname} ${what}`, status, cause));
    }

    /** @returns the request that was under way */
    function settle(): http.ClientRequest | undefined {
      clearTimeout(deadline);
      const sent = attempt;
      attempt = undefined;
      return sent;
    }
  });
}
