import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { RawServer, response, type Behaviour } from './servers';

/** A request as the fake received it. */
export interface Received {
  method: string;
  /** With its query. */
  path: string;
  /** Their names in lower case. */
  headers: Record<string, string>;
  body: string;
  /** All of it, as it came, and what it came on. */
  text: string;
  socket: Socket;
  /** How many requests came to the same path before, and whether one of them came on the same connection. */
  earlier: number;
  isReused: boolean;
}

/** What to respond with: a JSON value, or a behaviour. */
export type Reply =
  { status?: number; headers?: Record<string, string>; json: unknown } | Behaviour<Received>;

/** With characters that a form changes, so that on the wire it is another text. */
export const CODE = 'the~code/b21a';
export const TOKEN = {
  access_token: 'the-access-token',
  token_type: 'bearer',
  scope: 'public',
  created_at: 1700000000,
};
export const USER = { id: 1, login: 'maya', name: 'Maya Lind', html_url: 'https://dribbble.com/maya' };

/**
 * Stands in for Dribbble on loopback: signs in whoever comes, unless a test says otherwise. Not the sandbox, which
 * speaks proper HTTP: here a test writes bytes, and has codes, tokens and headers as they came, secrets included.
 */
export class FakeDribbble extends RawServer {
  token: Reply = { json: TOKEN };
  user: Reply = { json: USER };
  readonly received: Received[] = [];

  static override async start(port?: number): Promise<FakeDribbble> {
    const fake = new FakeDribbble();
    await fake.listen(port);
    return fake;
  }

  /** The strategy's options that point it here. */
  get endpoints(): { authorizationURL: string; tokenURL: string; userProfileURL: string } {
    const url = `http://${this.host}`;
    return {
      authorizationURL: `${url}/oauth/authorize`,
      tokenURL: `${url}/oauth/token`,
      userProfileURL: `${url}/v2/user`,
    };
  }

  /** What the token request sent, if there was one. */
  get tokenForm(): Record<string, string> {
    const request = this.received.find(({ path }) => path === '/oauth/token');
    return Object.fromEntries(new URLSearchParams(request?.body));
  }

  /** Resolves when the client has closed the connection of its last request; hangs where it keeps it. */
  override async closed(): Promise<void> {
    const socket = this.received.at(-1)?.socket;
    if (socket && !socket.closed) await once(socket, 'close');
  }

  override behave: Behaviour = (socket, text) => {
    const parsed = parse(text);
    const before = this.received.filter(({ path }) => path === parsed.path);
    const isReused = before.some((received) => received.socket === socket);
    const request = { ...parsed, socket, earlier: before.length, isReused };
    this.received.push(request);
    this.respond(socket, request);
  };

  private respond(socket: Socket, request: Received): void {
    const { pathname } = new URL(request.path, 'http://dribbble.test');
    const isToken = pathname === '/oauth/token';
    if (pathname === '/oauth/authorize') {
      socket.write(sayYes(request));
      return;
    }
    const reply = isToken ? this.token : this.user;
    if (typeof reply === 'function') reply(socket, request);
    else {
      const headers = Object.entries(reply.headers ?? {}).map((pair) => pair.join(': '));
      socket.write(json(reply.json, String(reply.status ?? 200), headers));
    }
  }
}

/** The page that people are sent to: whoever gets there says yes at once. */
function sayYes({ path }: Received): Buffer {
  const { searchParams } = new URL(path, 'http://dribbble.test');
  const back = new URL(searchParams.get('redirect_uri') ?? '');
  back.searchParams.set('code', CODE);
  const state = searchParams.get('state');
  if (state !== null) back.searchParams.set('state', state);
  return response('', { status: '302 Found', headers: [`Location: ${back.href}`] });
}

/** A response of JSON. */
export function json(value: unknown, status = '200 OK', headers: string[] = []): Buffer {
  const type = 'Content-Type: application/json';
  return response(JSON.stringify(value), {
    status: status.includes(' ') ? status : `${status} `,
    headers: [type, ...headers],
  });
}

function parse(text: string): Omit<Received, 'socket' | 'earlier' | 'isReused'> {
  const [head = '', ...body] = text.split('\r\n\r\n');
  const [start = '', ...lines] = head.split('\r\n');
  const [method = '', path = ''] = start.split(' ');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([^:]*): *(.*)$/.exec(line) ?? [];
      return [name.toLowerCase(), value];
    }),
  );
  return { method, path, headers, body: body.join('\r\n\r\n'), text };
}

/** A recorded or made response, from test/fixtures. */
export function fixture(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(__dirname, '../fixtures', `${name}.json`), 'utf8')) as Record<
    string,
    unknown
  >;
}
