import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { TOKEN, USER } from './fake-dribbble';

/** A certificate for `localhost` and the loopback addresses, made for these tests and valid until 2120. */
export const CERTIFICATE_FILE = join(__dirname, '../fixtures/tls/certificate.pem');
export const TLS = {
  cert: readFileSync(CERTIFICATE_FILE),
  key: readFileSync(join(__dirname, '../fixtures/tls/key.pem')),
};

/**
 * One https host on loopback that answers both requests of a login, and emits `change` whenever something happens. Not
 * the sandbox, which has no TLS and does not count connections.
 */
export class TlsHost extends EventEmitter {
  /** Connections made, and those of them that are still open. */
  connections = 0;
  readonly open = new Set<Socket>();
  /** For each request its method, and which connection it came on, counted from 1. */
  readonly requests: string[] = [];
  /** What to do with a request; a test may replace it. */
  answer = this.answerRightly.bind(this);
  private readonly server = https.createServer(TLS, (req, res) => {
    this.receive(req, res);
  });
  private readonly numbers = new WeakMap<Socket, number>();
  /** Those in the midst of a handshake included. */
  private readonly sockets = new Set<Socket>();

  static async start(address = '127.0.0.1'): Promise<TlsHost> {
    const host = new TlsHost();
    host.server.keepAliveTimeout = 0; // the host closes nothing unless told to
    host.server.on('secureConnection', (socket: Socket) => {
      host.admit(socket);
    });
    host.server.on('connection', (socket: Socket) => {
      host.sockets.add(socket);
      socket.on('close', () => host.sockets.delete(socket));
    });
    host.server.listen(0, address);
    await once(host.server, 'listening');
    return host;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(name = 'localhost'): string {
    return `https://${name}:${String(this.port)}/`;
  }

  answerRightly(req: IncomingMessage, res: ServerResponse): void {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify(req.method === 'POST' ? TOKEN : USER));
  }

  /** Closes the connections that are open, as hosts do with idle ones. */
  closeConnections(): void {
    for (const socket of this.open) socket.end();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private admit(socket: Socket): void {
    this.connections += 1;
    this.numbers.set(socket, this.connections);
    this.open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.open.delete(socket);
      this.emit('change');
    });
    this.emit('change');
  }

  private receive(req: IncomingMessage, res: ServerResponse): void {
    this.requests.push(`${String(req.method)} on ${String(this.numbers.get(req.socket))}`);
    this.emit('change');
    req.resume().on('end', () => {
      this.answer(req, res);
    });
  }
}

/** Waits until it is so, looking whenever one of the emitters says that something changed. */
export async function until(isSo: () => boolean, ...emitters: EventEmitter[]): Promise<void> {
  while (!isSo()) {
    const others = new AbortController();
    await Promise.race(emitters.map((emitter) => once(emitter, 'change', { signal: others.signal })));
    others.abort();
  }
}
