import * as http from 'node:http';
import { createProxy } from 'proxy';
import { close, hostOf, listen } from './servers';

/** A proxy as companies have them, which connects to whatever host it is told to by CONNECT. */
export class Proxy {
  /** The hosts that it was asked to connect to. */
  readonly connects: string[] = [];

  private constructor(private readonly server: http.Server) {
    server.on('connect', (req) => this.connects.push(String(req.url)));
  }

  static async start(): Promise<Proxy> {
    return new Proxy(await listen(createProxy(http.createServer())));
  }

  get url(): string {
    return `http://${hostOf(this.server)}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await close(this.server);
  }
}
