import https = require('node:https');
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { openedAhead, targetOf } from './exchange';

/** Milliseconds that a connection is kept open unused. Node's default agent drops it after 5 seconds. */
const IDLE = 60_000;
/** Milliseconds that a connection may take to open: what hangs longer would only hold up the login. */
const OPENING = 5_000;

/**
 * An agent that can be told that a request is about to come: it opens a connection, the spare, at once, and
 * gives it to that request, which then need not wait for DNS, TCP and TLS. A spare costs its host one idle
 * connection, whatever the number of visitors, and never keeps the process alive.
 */
export class ConnectionsAhead extends https.Agent {
  /** At most one for each of the names by which Node's agent, too, tells hosts apart. */
  private readonly spares = new Map<string, TLSSocket>();

  constructor(private readonly idle = IDLE) {
    super({ keepAlive: true, timeout: idle });
  }

  /** Makes sure that a connection to the URL's host waits for a request. Plain http is left alone. */
  open(url: string): void {
    const { protocol, hostname, port, servername, name } = targetOf(url);
    if (protocol !== 'https:') return;
    const connections = [this.spares.get(name), this.freeSockets[name]?.at(-1)];
    const waiting = connections.find((socket) => socket?.destroyed === false);
    if (waiting) {
      waiting.setTimeout(waiting.timeout ?? this.idle); // begins anew
      return;
    }
    const target = { host: hostname, port, servername };
    const options = { ...target, noDelay: true, timeout: OPENING };
    const spare = super.createConnection(options) as TLSSocket;
    this.spares.set(name, spare);
    spare.unref();
    spare.once('secureConnect', () => {
      if (this.spares.get(name) !== spare) return;
      spare.unref(); // once more, as trying a second address takes a new handle
      spare.setTimeout(this.idle);
    });
    // Nothing is to be read before a request: what comes is the end, or a complaint about having to wait.
    spare.on('readable', discard);
    spare.on('timeout', discard);
    // Silent: the login that needs the host makes its own connection then, and reports what it meets.
    spare.on('error', discard);
  }

  /** What Node's agent calls when a request finds no idle connection. */
  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const name = this.getName(options);
    const spare = this.spares.get(name);
    this.spares.delete(name);
    if (!spare || spare.destroyed) return super.createConnection(options, callback);
    spare.off('readable', discard);
    spare.off('timeout', discard);
    spare.ref();
    openedAhead.add(spare);
    return spare;
  }
}

function discard(this: TLSSocket): void {
  this.destroy();
}
