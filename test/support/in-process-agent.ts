import * as http from 'node:http';
import { Duplex } from 'node:stream';

/**
 * An agent whose connections lead to a function, for tests that make thousands of them: Node's own HTTP client
 * runs on them as on sockets. Each takes one request, and ends after the bytes of the answer.
 */
export class InProcessAgent extends http.Agent {
  readonly sent: string[] = [];

  constructor(private readonly respond: (request: string) => Uint8Array) {
    super({ keepAlive: false });
  }

  override createConnection(): Duplex {
    // Node's client writes a request's head and body at once.
    const take = (request: string, taken: () => void): void => {
      this.sent.push(request);
      taken();
      setImmediate(() => {
        connection.push(this.respond(request));
        connection.push(null);
      });
    };
    const connection = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, taken) => {
        take(chunk.toString(), taken);
      },
      writev: (chunks, taken) => {
        take(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)).toString(), taken);
      },
    });
    return connection;
  }
}
