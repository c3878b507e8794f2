import type http = require('node:http');
import https = require('node:https');
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isDefaultAgentSetUp, isMocked } from './environment';
import { lookupAhead } from './lookup';
import { originOf, type Origin } from './origin';

// Milliseconds. NATs and load balancers drop connections that are idle for a minute or more, unless a probe is sent
// each second. With these probes, Linux detects a dead connection within 11 s (measured).
const IDLE = 55_000; // how long a connection is kept open unused
const OPENING = 5_000; // how long a connection may take to open ahead
const PAUSE = 30_000; // how long none is opened ahead to a host that refused, hung, or hung up at once

/** Sockets that were opened ahead of their first request. */
export const preconnected = new WeakSet();

/** Preconnects: a request then need not wait for DNS, TCP and TLS. */
class PreconnectingAgent extends https.Agent {
  /** At most one unused connection for each host, under the agent's name for it (`getName`). */
  readonly spares = new Map<string, Socket>();
  private readonly pausedUntil = new Map<string, number>();

  preconnect({ host, port, servername, name }: Origin): void {
    const waiting = this.spares.get(name) ?? this.freeSockets[name]?.at(-1);
    if (waiting && !waiting.destroyed) {
      if (!waiting.connecting) waiting.setTimeout(IDLE); // begins anew
      return;
    }
    const begun = performance.now();
    if (begun < (this.pausedUntil.get(name) ?? 0)) return;
    const isSpare = (): boolean => this.spares.get(name) === spare;
    const lookup = servername && servername !== 'localhost' && { lookup: lookupAhead(() => !isSpare()) };
    const options = { ...this.options, host, port, servername, timeout: OPENING, ...lookup };
    const spare = super.createConnection(options) as Socket;
    this.spares.set(name, spare);
    spare.unref(); // nothing opened ahead keeps the process alive
    spare.on('connectionAttempt', () => isSpare() && spare.unref()); // another address is another handle
    spare.once('secureConnect', () => {
      preconnected.add(spare);
      spare.setTimeout(IDLE);
      spare.setKeepAlive(true, 1000); // as Node's agent does with idle connections
    });
    // There is nothing to read before a request, except the end of the connection or a 408.
    spare.on('readable', destroy);
    spare.on('timeout', destroy);
    // Silent: the request that needs the host makes its own connection, and reports its errors.
    spare.on('error', destroy);
    spare.on('close', () => {
      if (!isSpare()) return;
      this.spares.delete(name);
      const now = performance.now();
      if (!preconnected.has(spare) || now - begun < 1000) this.pausedUntil.set(name, now + PAUSE);
    });
  }

  /** Node's agent calls it when a request finds no idle connection. */
  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const name = this.getName(options);
    const spare = this.spares.get(name);
    this.spares.delete(name);
    if (!spare || spare.destroyed) return super.createConnection(options, callback);
    spare.off('readable', destroy);
    spare.off('timeout', destroy);
    spare.ref();
    return spare;
  }
}

const agent = new PreconnectingAgent({ keepAlive: true, timeout: IDLE });

function destroy(this: Socket): void {
  this.destroy();
}

/** The process's agent for https. Undefined if the app has set up Node's default agent, which is used then. */
export function processAgent(): https.Agent | undefined {
  return isDefaultAgentSetUp() ? undefined : agent;
}

/** Opens a connection to the host of each valid https URL, unless one is open. Does nothing under nock or msw. */
export function preconnect(...urls: string[]): void {
  if (isDefaultAgentSetUp() || isMocked()) return;
  for (const url of urls) {
    const origin = originOf(url);
    if (origin?.protocol === 'https:') agent.preconnect(origin);
  }
}

/** Closes an agent's unused connections to a host, after one of them has turned out to be dead. */
export function closeIdle(from: http.Agent | boolean, host: string, port: number): void {
  const spares = from === agent ? [...agent.spares].map(([name, spare]) => [name, [spare]] as const) : [];
  const { freeSockets = {} } = from as Partial<http.Agent>; // false and tunnel's agents, for two, have none
  for (const [name, sockets] of [...Object.entries(freeSockets), ...spares])
    if (name.startsWith(`${host}:${String(port)}:`)) for (const socket of sockets ?? []) socket.destroy();
}
