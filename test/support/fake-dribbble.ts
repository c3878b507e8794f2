import * as http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the fake received it. */
export interface Received {
  method: string;
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** What to answer: a JSON value, or a function that writes any answer, or none. */
export type Reply = { status?: number; headers?: http.OutgoingHttpHeaders; json: unknown } | Handler;
type Handler = (req: http.IncomingMessage, res: http.ServerResponse) => void;

export const TOKEN = {
  access_token: 'the-access-token',
  token_type: 'bearer',
  scope: 'public',
  created_at: 1700000000,
};
export const USER = { id: 1, login: 'maya', name: 'Maya Lind', html_url: 'https://dribbble.com/maya' };

/** Stands in for Dribbble on loopback: both legs answer rightly unless a test says otherwise. */
export class FakeDribbble {
  token: Reply = { json: TOKEN };
  user: Reply = { json: USER };
  readonly received: Received[] = [];
  readonly sockets = new Set<Socket>();
  private readonly server: http.Server;

  private constructor() {
    this.server = http.createServer((req, res) => {
      this.receive(req, res);
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  static async start(): Promise<FakeDribbble> {
    const fake = new FakeDribbble();
    await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** The strategy's options that point it here. */
  get endpoints(): { authorizationURL: string; tokenURL: string; userProfileURL: string } {
    const url = `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
    return {
      authorizationURL: `${url}/oauth/authorize`,
      tokenURL: `${url}/oauth/token`,
      userProfileURL: `${url}/v2/user`,
    };
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private receive(req: http.IncomingMessage, res: http.ServerResponse): void {
    const { method = '', url: path = '', headers } = req;
    const received = { method, path, headers, body: '' };
    this.received.push(received);
    req.setEncoding('utf8');
    req.on('data', (chunk: string) => (received.body += chunk));
    req.on('error', () => undefined);
    req.on('end', () => {
      const reply = path.startsWith('/oauth/token') ? this.token : this.user;
      if (typeof reply === 'function') {
        reply(req, res);
        return;
      }
      res.writeHead(reply.status ?? 200, { 'Content-Type': 'application/json', ...reply.headers });
      res.end(JSON.stringify(reply.json));
    });
  }
}
