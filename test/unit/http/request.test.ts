import { once } from 'node:events';
import http = require('node:http');
import https = require('node:https');
import * as net from 'node:net';
import { expect } from 'chai';
import { HttpError, request, type HttpResponse } from '../../../lib/http/request';
import { flood, RawServer, response, type Behaviour } from '../../support/servers';

/** An agent that knows nothing but addRequest, such as those of tunnel. */
function bare(agent: http.Agent): http.Agent {
  const node = agent as unknown as { addRequest: (...args: unknown[]) => void };
  return { addRequest: node.addRequest.bind(node) } as never;
}

describe('request', () => {
  let server: RawServer;
  beforeEach(async () => (server = await RawServer.start()));
  afterEach(() => server.stop());

  interface Call {
    timeout?: number;
    body?: string | null;
    library?: typeof http | typeof https;
    options?: http.RequestOptions;
  }

  /** Sends the authorization code and the client secret, as a login does. */
  function send({ timeout = 2000, body = 'code=SECRET', library = http, options }: Call = {}) {
    const { hostname: host, port } = new URL(`http://${server.host}`);
    const headers = { Host: server.host, 'Content-Length': Buffer.byteLength(body ?? '') };
    const all = { host, port, method: 'POST', path: '/token?key=SECRET', headers, ...options };
    return request(library, all, body, timeout);
  }

  async function rejection(sending: Promise<HttpResponse>): Promise<HttpError> {
    const outcome = await sending.catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(HttpError);
    const error = outcome as HttpError;
    expect(error.name).to.equal('HttpError');
    expect(error.message).not.to.contain('SECRET');
    expect(JSON.stringify([error, error.cause, error.stack])).not.to.contain('SECRET');
    return error;
  }

  it('resolves with status, headers and body', async () => {
    server.behave = (socket) => socket.write(response('{"id":1}', { headers: ['X-Limit: 60'] }));
    const { statusCode, headers, body } = await send();
    expect({ statusCode, body }).to.deep.equal({ statusCode: 200, body: '{"id":1}' });
    expect(headers).to.include({ 'x-limit': '60' });
    expect(server.requests[0]).to.match(/^POST \/token\?key=SECRET HTTP\/1\.1\r\n.*code=SECRET$/s);
  });

  it('resolves with a response that ends with the connection being reset', async () => {
    server.behave = (socket) => socket.write(response('{"ä":"€🏀"}'), () => socket.resetAndDestroy());
    expect((await send()).body).to.equal('{"ä":"€🏀"}');
  });

  it('resolves with a response of a mebibyte', async () => {
    const text = '0123456789abcdef'.repeat(64 * 1024);
    server.behave = (socket) => socket.write(response(text));
    expect((await send()).body === text).to.equal(true);
  });

  for (const encoding of ['utf8', 'latin1', 'hex'] as const) {
    it(`resolves with the body as it came where the app has set an encoding, ${encoding}`, async () => {
      const [first, second] = [Buffer.from('{"ä":"€'), Buffer.from('🏀"}')];
      server.behave = (socket) => {
        socket.write(response(first, { length: first.length + second.length }));
        setImmediate(() => socket.write(second));
      };
      const library = {
        request: (options: http.RequestOptions) =>
          http.request(options).prependListener('response', (received) => received.setEncoding(encoding)),
      };
      expect((await send({ library: library as never })).body).to.equal('{"ä":"€🏀"}');
    });
  }

  it('takes a byte order mark off the beginning of a body only', async () => {
    for (const mark of ['\ufeff', '']) {
      server.behave = (socket) => socket.write(response(`${mark}{"a":"\ufeff"}`));
      expect(await send()).to.include({ body: '{"a":"\ufeff"}' });
    }
  });

  // The rest of what goes wrong with a response is in test/faults/table.ts.
  const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n';
  const latin1 = response(Buffer.from('{"a":"\xe4"}', 'latin1'), { headers: ['Connection: close'] });
  const half: Behaviour = (socket, text) => socket.end(response(text, { length: 10_000 }));
  const endless = flood('SECRET', 'HTTP/1.1 200 OK\r\n\r\n');
  for (const [what, does, hasCause, says] of [
    ['hangs up', (socket) => socket.end(), true, /without a response: socket hang up\. Try again later/],
    ['hangs up in the middle of a body', half, true, /in the middle of its response: aborted/],
    ['changes protocols', (socket, text) => socket.write(upgrade + text), false, /without a response\. Try/],
    [
      'speaks no HTTP',
      (socket, text) => socket.end(`SSH ${text}`),
      true,
      /malformed response: Parse Error.* Check the URL/,
    ],
    ['sends no UTF-8', (socket) => socket.write(latin1), false, /200 with bytes .* UTF-8\. Check the URL/],
    ['sends a body without end', endless, false, /body of more than 1048576 bytes\. Check the URL/],
    ['sends empty lines without end', flood('\r\n'), false, /more than 8388608 bytes\. Check the URL/],
    ['stays silent', () => undefined, false, /within 150 ms\. Try again later, or raise the timeout/],
  ] as [what: string, does: Behaviour, hasCause: boolean, says: RegExp][]) {
    it(`rejects, after one request, when the server ${what}`, async () => {
      server.behave = does;
      const isLate = what === 'stays silent';
      const error = await rejection(send({ timeout: isLate ? 150 : 5000 }));
      await server.closed();
      expect(error.message).to.match(says);
      expect(error.message.startsWith(`POST ${server.host}/token `), error.message).to.be.true;
      expect(error.message).to.match(/[^.]\.$/);
      expect(error.status).to.equal(isLate ? 504 : 502);
      expect(error.cause instanceof Error).to.equal(hasCause);
      if (error.cause) expect(error.cause).not.to.have.property('rawPacket');
      expect(server.requests).to.have.length(1);
    });
  }

  describe('that does not get through', () => {
    const ADVICE = /Check that this machine can connect .*NODE_USE_ENV_PROXY=1, or give an agent that uses/;

    it('rejects when nobody listens', async () => {
      await server.stop();
      const error = await rejection(send());
      expect(error.message)
        .to.match(/could not be reached: connect ECONNREFUSED /)
        .and.match(ADVICE);
      expect(error).to.have.property('status', 502);
      expect(error).to.have.nested.property('cause.code', 'ECONNREFUSED');
    });

    const lookup: net.LookupFunction = (_name, _options, callback) => {
      callback(
        null,
        ['127.0.0.2', '127.0.0.3'].map((address) => ({ address, family: 4 })),
      );
    };
    const two = { host: 'two.localhost', lookup };
    /** An agent that throws this. */
    const throwing = (thrown: unknown): http.Agent =>
      Object.assign(new http.Agent(), {
        addRequest: () => {
          throw thrown;
        },
      });
    const unfound = { host: 'never.localhost', agent: new http.Agent({ lookup: () => undefined }) };
    const empty = Object.assign(new http.Agent(), {
      createConnection: (_options: unknown, callback: (error: Error) => void) => {
        callback(new Error('no connection'));
      },
    });
    const timedOut = Object.assign(new Error(''), { code: 'ETIMEDOUT' });
    for (const [what, status, says, call] of [
      ['no address of the host can be connected to', 502, ': ECONNREFUSED', { options: two }],
      ["the host's name is never found", 504, ' within 50 ms', { timeout: 50, options: unfound }],
      ['the TLS handshake hangs', 504, ' within 50 ms', { timeout: 50, library: https }],
      ['the agent has no connection', 502, ': no connection', { options: { agent: empty } }],
      ['the agent throws', 502, ': Oh', { options: { agent: throwing(new Error('Oh')) } }],
      ['the agent throws a timeout', 504, ': ETIMEDOUT', { options: { agent: throwing(timedOut) } }],
      ['the agent throws nothing', 502, ': no reason was', { options: { agent: throwing(undefined) } }],
      ['the agent throws text', 502, ': Oh', { options: { agent: throwing('Oh') } }],
    ] as const) {
      it(`rejects in time, with ${String(status)}, when ${what}`, async () => {
        const error = await rejection(send(call));
        expect(error.message).to.include(`/token could not be reached${says}`).and.match(ADVICE);
        expect(error).to.have.property('status', status);
      });
    }

    for (const [what, agent] of [
      ['on an agent that knows nothing but addRequest, such as those of tunnel', bare(new http.Agent())],
      ['without an agent', false],
    ] as const) {
      it(`rejects in time ${what}`, async () => {
        const error = await rejection(send({ timeout: 50, options: { agent } }));
        expect(error.message).to.match(/did not respond within 50 ms/);
      });
    }

    const named = { method: 'POST', path: '/token?key=SECRET', headers: { Host: 'named.test' } };
    for (const [what, names, library, options] of [
      ['with the port of http', 'GET a.test:80/', http, { host: 'a.test' }],
      ['with the port of https', 'GET a.test:443/', https, { host: 'a.test' }],
      ['with a port of its own', 'GET a.test:81/', http, { hostname: 'a.test', port: '81' }],
      ['as the Host header does, and the path without its query', 'POST named.test/token', http, named],
    ] as const) {
      it(`names the host ${what}`, async () => {
        const all = { ...options, agent: throwing(new Error('')) };
        const error = await rejection(request(library, all, null, 2000));
        expect(error.message).to.match(new RegExp(`^${names} could not be reached`));
      });
    }
  });

  describe("on a connection of the app's own", () => {
    let connection: net.Socket;
    let agent: http.Agent;
    beforeEach(async () => {
      const [host, port] = server.host.split(':');
      connection = net.connect(Number(port), host);
      await once(connection, 'connect');
      agent = Object.assign(new http.Agent(), { createConnection: () => connection });
    });

    it('rejects in time when the server does not respond', async () => {
      const error = await rejection(send({ timeout: 50, options: { agent } }));
      expect(error.message).to.include('did not respond within 50 ms');
    });

    for (const [what, reason] of [
      ['no code', new Error('It broke')],
      ["a number for a code, such as a WebSocket's", Object.assign(new Error('It broke'), { code: 1006 })],
      ["a number for a code, such as an AbortSignal's", new DOMException('It broke', 'TimeoutError')],
    ] as const)
      it(`says what happened when the error has ${what}`, async () => {
        server.behave = () => connection.destroy(reason);
        const error = await rejection(send({ options: { agent } }));
        expect(error.message).to.include('closed the connection without a response: It broke.');
      });
  });

  describe('on a connection kept from before', () => {
    let agent: http.Agent;
    beforeEach(() => (agent = new http.Agent({ keepAlive: true })));
    afterEach(() => {
      agent.destroy();
    });

    /** Makes as many idle connections; then the server does this with each further request on one of them. */
    async function keep(connections: number, behave: Behaviour): Promise<void> {
      const kept = new Set<net.Socket>();
      server.behave = (socket) => {
        if (kept.add(socket).size === connections) for (const each of kept) each.write(response('{}'));
      };
      await Promise.all(Array.from({ length: connections }, () => send({ options: { agent } })));
      server.requests.length = 0;
      server.behave = (socket, text) => {
        if (kept.has(socket)) behave(socket, text);
        else socket.write(response('"new"'));
      };
    }

    for (const [what, close] of Object.entries<Behaviour>({
      'is closed': (socket) => socket.end(),
      'is reset': (socket) => socket.resetAndDestroy(),
      'gets a 408': (socket) => socket.end(response('', { status: '408 Request Timeout' })),
      'gets a 408 and stays open': (socket) =>
        socket.write(response('late', { status: '408 Request Timeout', length: 10 })),
    })) {
      it(`is sent again, on a new connection, when the old one ${what}`, async () => {
        await keep(5, close);
        expect(await send({ options: { agent } })).to.include({ statusCode: 200, body: '"new"' });
        expect(server.requests).to.have.length(2);
        expect(server.connections).to.have.length(6);
        // Of the six, only the new one is left.
        for (const old of [...server.connections].slice(0, 5)) if (!old.closed) await once(old, 'close');
      });
    }

    it('is sent again when the old one is closed, though the stream does not tell how much was read', async () => {
      await keep(1, (socket) => socket.end());
      for (const stream of Object.values(agent.freeSockets).flat())
        Object.defineProperty(stream, 'bytesRead', { value: undefined });
      expect(await send({ options: { agent } })).to.include({ body: '"new"' });
    });

    it('rejects as one that does not get through, when there is no new connection', async () => {
      await keep(1, (socket) => {
        void server.stop();
        socket.destroy();
      });
      const error = await rejection(send({ options: { agent } }));
      expect(error.message).to.match(/could not be reached: .*ECONNREFUSED/);
    });

    it('rejects as one that does not get through, when the agent makes no new connection', async () => {
      await keep(1, (socket) => socket.destroy());
      agent.createConnection = () => {
        throw new Error('No more connections.');
      };
      const error = await rejection(send({ options: { agent } }));
      expect(error.message).to.include('could not be reached: No more connections.');
    });

    it('asks an agent once for a connection that it can not make', async () => {
      let asked = 0;
      agent.createConnection = (_options, callback) => {
        asked += 1;
        setImmediate(() => callback?.(new Error('No connection.'), undefined as never));
        return undefined;
      };
      const error = await rejection(send({ options: { agent } }));
      expect(error.message).to.include('could not be reached: No connection.');
      expect(asked).to.equal(1);
    });

    it('is sent once, though a 408 comes after the timeout', async () => {
      let old: net.Socket | undefined;
      await keep(1, (socket) => (old = socket));
      const [kept] = Object.values(agent.freeSockets).flat();
      if (kept) kept.destroy = () => kept; // as one that is slow to close
      let opened = 0;
      agent.createConnection = () => {
        opened += 1;
        return undefined;
      };
      await rejection(send({ timeout: 50, options: { agent } }));
      old?.write(response('', { status: '408 Request Timeout' }));
      await once(kept ?? agent, 'data');
      await new Promise(setImmediate);
      expect(opened).to.equal(0);
      kept?.resetAndDestroy();
    });

    for (const [what, to] of [
      ['', (given: http.Agent) => given],
      [', where the agent does not show its other connections', bare],
    ] as const) {
      it(`is sent no third time${what}`, async () => {
        await keep(5, (socket) => socket.end());
        server.behave = (socket) => socket.end();
        const error = await rejection(send({ options: { agent: to(agent) } }));
        expect(error.message).to.match(/closed the connection without a response: socket hang up/);
        expect(server.requests).to.have.length(2);
      });
    }

    for (const [what, respond] of Object.entries<Behaviour>({
      'one byte of a response came': (socket) => socket.end('H'),
      'something other than HTTP came': (socket) => socket.end('SSH-2.0'),
      'half of the headers came': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-'),
      'an informational response came': (socket) => socket.end('HTTP/1.1 102 Processing\r\n\r\n'),
      'half of the body came': (socket) => socket.end(response('{', { length: 10 })),
    })) {
      it(`is not sent again when ${what}`, async () => {
        await keep(1, respond);
        await rejection(send({ options: { agent } }));
        expect(server.requests).to.have.length(1);
      });
    }

    it('takes a 408 on a new connection for a response', async () => {
      server.behave = (socket) => socket.end(response('', { status: '408 Request Timeout' }));
      expect(await send({ options: { agent } })).to.include({ statusCode: 408 });
      expect(server.requests).to.have.length(1);
    });

    it('is sent once, and the next one on a new connection, when the old ones are dead', async () => {
      await keep(3, () => undefined);
      const error = await rejection(send({ timeout: 50, options: { agent } }));
      expect(error.message).to.match(/did not respond within 50 ms/);
      expect(server.requests).to.have.length(1);
      expect(await send({ options: { agent } })).to.include({ body: '"new"' });
    });

    it('counts the bytes of its own response only', async () => {
      server.behave = (socket) => socket.write(response(' '.repeat(1024 * 1024)));
      for (let i = 0; i < 10; i++) expect(await send({ options: { agent } })).to.include({ statusCode: 200 });
      expect(server.connections).to.have.length(1);
    });

    it('leaves no listener behind', async () => {
      await keep(1, (socket) => socket.write(response('{}')));
      const [socket] = Object.values(agent.freeSockets).flat();
      const before = socket?.eventNames().map((name) => [name, socket.listenerCount(name)]);
      await send({ options: { agent } });
      await new Promise(setImmediate);
      expect(socket?.eventNames().map((name) => [name, socket.listenerCount(name)])).to.deep.equal(before);
    });
  });

  it('resolves when the process was blocked past the timeout with the response already there', async () => {
    server.behave = (socket) => socket.write(response('"in time"'));
    const sending = send({ timeout: 50 });
    // The server of this process has to write before the block begins.
    while (server.requests.length === 0) await new Promise(setImmediate);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    expect(await sending).to.include({ body: '"in time"' });
  });
});
