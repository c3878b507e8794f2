import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';

/** Writes whatever it likes to the bare socket, or nothing. */
export type Behaviour<Request = string> = (socket: net.Socket, request: Request) => unknown;

/** A server without HTTP: what the behaviour writes is what the client gets, whether it makes sense or not. */
export class RawServer {
  /** `127.0.0.1` and the port. */
  host = '';
  behave: Behaviour = () => undefined;
  readonly requests: string[] = [];
  readonly connections = new Set<net.Socket>();
  private readonly server = net.createServer({ allowHalfOpen: true }, (socket) => {
    this.serve(socket);
  });

  static async start(): Promise<RawServer> {
    const raw = new RawServer();
    await raw.listen();
    return raw;
  }

  /** Resolves when the client has given up each connection that it made; hangs where it keeps one. */
  async closed(): Promise<void> {
    const open = [...this.connections].filter((socket) => !socket.closed);
    await Promise.all(open.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  async stop(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    await close(this.server);
  }

  /** @param port any that is free unless given */
  protected async listen(port?: number): Promise<void> {
    await listen(this.server, port);
    this.host = hostOf(this.server);
  }

  private serve(socket: net.Socket): void {
    let text = '';
    this.connections.add(socket);
    // The client's going away ends the connection, whatever the behaviour still writes.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.destroy());
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const head = text.indexOf('\r\n\r\n') + 4;
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      if (head < 4 || text.length < head + length) return;
      const request = text.slice(0, head + length);
      text = text.slice(head + length);
      this.requests.push(request);
      this.behave(socket, request);
    });
  }
}

/** An HTTP response in the bytes that go over the wire. */
export function response(
  body: string | Buffer,
  { status = '200 OK', headers = [] as string[], length = Buffer.byteLength(body) } = {},
): Buffer {
  const head = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${String(length)}`, '', ''];
  return Buffer.concat([Buffer.from(head.join('\r\n')), Buffer.from(body)]);
}

/** Writes a text again and again, as much as the client takes. */
export function flood(text: string, first = ''): Behaviour<unknown> {
  const bytes = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)));
  return (socket) => {
    const more = (): void => {
      while (socket.writable && socket.write(bytes));
    };
    socket.on('drain', more);
    socket.write(first);
    more();
  };
}

/** Listens on loopback. */
export async function listen<T extends net.Server>(server: T, port = 0): Promise<T> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function hostOf(server: net.Server): string {
  return `127.0.0.1:${String((server.address() as net.AddressInfo).port)}`;
}

export function close(server: net.Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

/**
 * A port that is free, with two free ones behind it, as the sandbox needs them: below those that the system gives to
 * connections, of which one could take it before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const first = randomInt(10_000, 30_000);
    const servers = [first, first + 1, first + 2].map((port) => net.createServer().listen(port, '127.0.0.1'));
    const listening = await Promise.allSettled(servers.map((server) => once(server, 'listening')));
    for (const server of servers) server.close();
    if (listening.every(({ status }) => status === 'fulfilled')) return first;
  }
}
