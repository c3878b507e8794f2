import * as https from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** Milliseconds that a connection is kept open unused. Node's default agent drops it after 5 seconds. */
const IDLE = 60_000;

const handedOut = new WeakSet();

/** Whether this connection was opened before the request that it carries, and so may be stale. */
export function wasOpenedAhead(socket: object | null): boolean {
  return socket !== null && handedOut.has(socket);
}

/**
 * An agent that can be told that a request is about to come: it opens a connection, the spare, at once, and
 * gives it to that request, which then need not wait for DNS, TCP and TLS. A spare costs its host one idle
 * connection, whatever the number of visitors, and never keeps the process alive.
 */
export class ConnectionsAhead extends https.Agent {
  /** At most one a host, by `host:port`. */
  private readonly spares = new Map<string, TLSSocket>();

  constructor() {
    super({ keepAlive: true, timeout: IDLE });
  }

  /** Opens a connection to the URL's host, unless one is there to be used. Plain http is left alone. */
  open(url: string): void {
    const { protocol, hostname, port } = new URL(url);
    if (protocol !== 'https:') return;
    const host = hostname.replace(/^\[|\]$/g, '');
    const name = `${host}:${port || '443'}`;
    if (this.spares.has(name) || this.hasIdle(name)) return;
    // RFC 6066 has no place for an address in a server's name.
    const servername = isIP(host) ? '' : host;
    const spare = super.createConnection({ host, port: port || 443, servername }) as TLSSocket;
    this.spares.set(name, spare);
    spare.unref();
    spare.setTimeout(IDLE);
    spare.once('timeout', discard);
    // Silent: the login that needs the host makes its own connection then, and reports what it meets.
    spare.on('error', discard);
    spare.once('close', () => {
      if (this.spares.get(name) === spare) this.spares.delete(name);
    });
  }

  /** What Node's agent calls when a request finds no idle connection. */
  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const name = `${String(options.host)}:${String(options.port)}`;
    const spare = this.spares.get(name);
    if (!spare) return super.createConnection(options, callback);
    this.spares.delete(name);
    spare.off('timeout', discard);
    spare.ref();
    handedOut.add(spare);
    return spare;
  }

  private hasIdle(name: string): boolean {
    return Object.entries(this.freeSockets).some(
      ([key, sockets]) => key.startsWith(`${name}:`) && sockets?.length,
    );
  }
}

function discard(this: TLSSocket): void {
  this.destroy();
}
