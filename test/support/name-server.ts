import { createSocket, type Socket } from 'node:dgram';
import dns = require('node:dns');
import { once } from 'node:events';

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
