import { createSocket, type Socket } from 'node:dgram';
import dns = require('node:dns');
import { EventEmitter, once } from 'node:events';
import tls = require('node:tls');
import { TLS } from '../../support/tls-host';

/**
 * The TLS connections that this process opens, told from the hosts' own. They trust the tests' certificate, though
 * nobody has set up Node's default agent. Emits `change` whenever one is opened or closed.
 */
export class Connections extends EventEmitter {
  readonly opened: tls.TLSSocket[] = [];
  private readonly closed = new Set<tls.TLSSocket>();
  /** What each was opened to. */
  readonly targets: string[] = [];
  trusted: Buffer | undefined = TLS.cert;
  private readonly connect = tls.connect;

  constructor() {
    super();
    // Node's agents call it as a method.
    tls.connect = ((options: tls.ConnectionOptions, ...rest: [() => void]) => {
      const socket = this.connect({ ...options, ca: options.ca ?? this.trusted }, ...rest);
      this.opened.push(socket);
      this.targets.push(`${String(options.host)}:${String(options.port)}`);
      socket.on('secureConnect', () => this.emit('change'));
      socket.on('close', () => {
        this.closed.add(socket);
        this.emit('change');
      });
      return socket;
    }) as typeof tls.connect;
  }

  get open(): tls.TLSSocket[] {
    return this.opened.filter((socket) => !this.closed.has(socket));
  }

  /** Those that a request may be sent on. */
  get ready(): tls.TLSSocket[] {
    return this.open.filter((socket) => socket.authorized && !socket.destroyed);
  }

  stop(): void {
    tls.connect = this.connect;
    for (const socket of this.open) socket.destroy();
  }
}

/** A name server on this machine in place of the system's, which stays silent until a test listens to its socket. */
export class NameServer {
  private readonly servers = dns.getServers();
  private readonly lookup = dns.lookup;
  /** The names that Node was asked for. */
  readonly lookups: string[] = [];

  private constructor(readonly socket: Socket) {}

  /** @param lookup what Node's own `dns.lookup` calls back with from now on */
  static async start(lookup: (callback: (error: Error | null, address?: string) => void) => void) {
    const server = new NameServer(createSocket('udp4').bind(0, '127.0.0.1'));
    await once(server.socket, 'listening');
    dns.setServers([`127.0.0.1:${String(server.socket.address().port)}`]);
    dns.lookup = ((name: string, _options: object, callback: (error: Error | null) => void) => {
      server.lookups.push(name);
      lookup(callback);
    }) as typeof dns.lookup;
    return server;
  }

  stop(): void {
    dns.setServers(this.servers);
    dns.lookup = this.lookup;
    this.socket.close();
  }
}
