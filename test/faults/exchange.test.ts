import * as dns from 'node:dns';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as net from 'node:net';
import * as path from 'node:path';
import * as tls from 'node:tls';
import { expect } from 'chai';
import { FaultyLogin, LEGS, type Leg } from '../support/faulty-login';
import { answer, type Behaviour } from '../support/raw-server';

// Each bad answer repeats what the request brought, the secrets included, as a server's debug page may.

interface Fault {
  what: string;
  does: Behaviour;
  says: RegExp;
  status?: number;
  hasCause?: boolean;
}

const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');

/** Writes again and again, until the client goes away. */
const repeat = (socket: net.Socket, text: string): void => {
  const timer = setInterval(() => socket.write(text), 10);
  socket.on('close', () => {
    clearInterval(timer);
  });
};

/** What happens to the connection; whatever it is, the client closes it. */
const FAULTS: Fault[] = [
  {
    what: 'is closed before an answer',
    does: (socket) => socket.end(),
    says: /socket hang up/,
    hasCause: true,
  },
  {
    what: 'is reset before an answer',
    does: (socket) => socket.resetAndDestroy(),
    says: /ECONNRESET|socket hang up/,
    hasCause: true,
  },
  {
    what: 'is reset in the middle of the headers',
    does: (socket, request) =>
      socket.write(`HTTP/1.1 200 OK\r\nX-Echo: ${encodeURI(request)}`, () => socket.resetAndDestroy()),
    says: /ECONNRESET|socket hang up/,
    hasCause: true,
  },
  {
    what: 'is closed in the middle of a body of known length',
    does: (socket, request) => socket.end(answer(request, { length: 10_000 })),
    says: /broke off its answer/,
    hasCause: true,
  },
  {
    what: 'is closed in the middle of a chunked body',
    does: (socket, request) => socket.end(`${head('Transfer-Encoding: chunked')}fff\r\n${request}`),
    says: /broke off its answer/,
    hasCause: true,
  },
  {
    what: 'is reset in the middle of the body',
    does: (socket, request) =>
      socket.write(answer(request, { length: 10_000 }), () => socket.resetAndDestroy()),
    // Node 24 and later give the error to the request, earlier ones to the answer.
    says: /broke off its answer|ECONNRESET/,
    hasCause: true,
  },
  {
    what: 'is upgraded to another protocol',
    does: (socket, request) =>
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n${request}`),
    says: /closed the connection without an answer/,
  },
  {
    what: 'brings no HTTP',
    does: (socket, request) => socket.end(`SSH-2.0 ${request}`),
    says: /Parse Error/,
    hasCause: true,
  },
  {
    what: 'brings a broken chunk',
    does: (socket, request) => socket.end(`${head('Transfer-Encoding: chunked')}xyz\r\n${request}`),
    says: /broke off its answer|Parse Error/,
    hasCause: true,
  },
  {
    what: 'brings two lengths for one body',
    does: (socket, request) => socket.end(`${head('Content-Length: 1', 'Content-Length: 2')}${request}`),
    says: /Parse Error/,
    hasCause: true,
  },
  {
    what: 'brings more than it was asked for',
    does: (socket, request) => socket.write(Buffer.concat([answer('{"id":1}'), Buffer.from(request)])),
    says: /Parse Error/,
    hasCause: true,
  },
  {
    what: 'brings headers without end',
    does: (socket, request) => {
      socket.write(`HTTP/1.1 200 OK\r\nX-Echo: ${encodeURI(request)}\r\n`);
      for (let i = 0; i < 1000; i++) socket.write(`X-${String(i)}: ${'x'.repeat(100)}\r\n`);
    },
    says: /Header overflow/i,
    hasCause: true,
  },
  { what: 'stays silent', does: () => undefined, says: /did not answer within 150 ms/, status: 504 },
  {
    what: 'brings headers and then nothing',
    does: (socket) => socket.write(head('Content-Length: 100')),
    says: /did not answer within 150 ms/,
    status: 504,
  },
  {
    what: 'brings a body that trickles for ever',
    does: (socket) => {
      socket.write(head('Transfer-Encoding: chunked'));
      repeat(socket, '1\r\n \r\n');
    },
    says: /did not answer within 150 ms/,
    status: 504,
  },
  {
    what: 'brings headers that trickle for ever',
    does: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      repeat(socket, 'X: x\r\n');
    },
    says: /did not answer within 150 ms/,
    status: 504,
  },
  {
    what: 'announces an answer for ever',
    does: (socket) => {
      repeat(socket, 'HTTP/1.1 102 Processing\r\n\r\n');
    },
    says: /did not answer within 150 ms/,
    status: 504,
  },
];

/** Answers out of the ordinary that hold all the same what a login needs. */
const GOOD: Record<string, (right: Buffer, socket: net.Socket) => void> = {
  'split in the middle of each character': (right, socket) => {
    socket.write(head('Transfer-Encoding: chunked'));
    for (const byte of right) socket.write(Buffer.of(0x31, 0x0d, 0x0a, byte, 0x0d, 0x0a));
    socket.write('0\r\n\r\n');
  },
  'without a content type': (right, socket) => socket.write(answer(right)),
  'with the content type of a page': (right, socket) =>
    socket.write(answer(right, { headers: ['Content-Type: text/html; charset=iso-8859-1'] })),
  'with a byte order mark': (right, socket) =>
    socket.write(answer(Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), right]))),
  'with another status of success': (right, socket) => socket.write(answer(right, { status: '201 Created' })),
  'that ends with the connection': (right, socket) => {
    socket.write(head('Connection: close'));
    socket.end(right);
  },
  'announced by others': (right, socket) => {
    socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n');
    socket.write(answer(right));
  },
};

for (const leg of Object.keys(LEGS) as Leg[]) {
  const { path: pathname, right } = LEGS[leg];
  const method = leg === 'token' ? 'POST' : 'GET';

  describe(`a fault of the network on the ${leg} leg`, () => {
    let faulty: FaultyLogin;
    beforeEach(async () => (faulty = await FaultyLogin.start(leg)));
    afterEach(() => faulty.stop());

    for (const { what, does, says, status = 502, hasCause = false } of FAULTS) {
      it(`ends in one error where the connection ${what}`, async () => {
        faulty.raw.behave = does;

        const error = await faulty.fails();
        await faulty.raw.closed();

        expect(error.message).to.match(says).and.contain(`${method} ${faulty.raw.host}${pathname} `);
        expect(error).to.have.property('name', 'InternalOAuthError');
        expect(error).to.have.property('status', status);
        expect(error.cause instanceof Error).to.equal(hasCause);
        expect(error['oauthError']).to.equal(error.cause);
        expect(faulty.raw.requests).to.have.length(1);
      });
    }

    for (const [what, reply] of Object.entries(GOOD)) {
      it(`does not matter to an answer ${what}`, async () => {
        faulty.raw.behave = (socket) => {
          reply(Buffer.from(JSON.stringify(right)), socket);
        };

        await faulty.succeeds();
      });
    }

    it('ends in one error where the answer has no end, of which a few MiB are taken', async () => {
      let flowing = 0;
      faulty.raw.behave = (socket) => {
        socket.write(head('Content-Type: application/json'));
        const more = (): void => {
          while (socket.writable && socket.write('x'.repeat(65536)));
        };
        socket.on('drain', more);
        socket.on('close', () => (flowing = socket.bytesWritten - socket.writableLength));
        more();
      };

      const error = await faulty.fails();
      await faulty.raw.closed();

      expect(error.message)
        .to.contain(faulty.raw.host)
        .and.match(/more than 1048576 bytes/);
      expect(error).to.have.property('status', 502);
      // The limit, and what the two sockets' buffers hold.
      expect(flowing)
        .to.be.above(1024 * 1024)
        .and.below(16 * 1024 * 1024);
    });

    it('ends in one error where nobody listens', async () => {
      const { host } = faulty.raw;
      await faulty.raw.stop();

      const error = await faulty.fails();

      expect(error.message).to.contain(`${method} ${host}${pathname} failed: connect ECONNREFUSED`);
      expect(error).to.include({ status: 502 }).and.have.nested.property('cause.code', 'ECONNREFUSED');
    });

    it("ends in one error where the host's name is not known", async () => {
      const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND dribbble.localhost'), {
        code: dns.NOTFOUND,
      });
      const { dribbble } = faulty;
      const agent = new http.Agent({
        lookup: (name, _options, callback) => {
          expect(name).to.equal('dribbble.localhost');
          setImmediate(callback, unknown, '', 4);
        },
      });
      const url = `http://dribbble.localhost${pathname}`;

      const error = await faulty.fails(faulty.strategy({ [LEGS[leg].option]: url, agent }));

      expect(error.message).to.contain(
        `${method} dribbble.localhost${pathname} failed: getaddrinfo ENOTFOUND`,
      );
      expect(error).to.include({ status: 502, cause: unknown });
      expect(dribbble.received).to.have.length(leg === 'token' ? 0 : 1);
    });

    it("ends in one error where the host's name is never found", async () => {
      const agent = new http.Agent({ lookup: () => undefined });
      const url = `http://dribbble.localhost${pathname}`;

      const error = await faulty.fails(faulty.strategy({ [LEGS[leg].option]: url, agent }));

      expect(error.message).to.contain(`${method} dribbble.localhost${pathname} did not answer`);
      expect(error).to.have.property('status', 504);
    });

    it('ends in one error where the certificate is not to be trusted', async () => {
      const pem = readFileSync(path.join(__dirname, '../fixtures/self-signed.pem'));
      const server = tls.createServer({ key: pem, cert: pem }).listen(0, '127.0.0.1');
      server.on('tlsClientError', () => undefined);
      await new Promise((resolve) => server.once('listening', resolve));
      const host = `127.0.0.1:${String((server.address() as net.AddressInfo).port)}`;

      const error = await faulty.fails(faulty.strategy({ [LEGS[leg].option]: `https://${host}${pathname}` }));

      expect(error.message).to.contain(`${method} ${host}${pathname} failed: self-signed certificate`);
      expect(error).to.include({ status: 502 });
      expect(error).to.have.nested.property('cause.code', 'DEPTH_ZERO_SELF_SIGNED_CERT');
      // Does not end while a connection is open.
      await new Promise((resolve) => server.close(resolve));
    });

    it('ends in one error where https meets a server without', async () => {
      faulty.raw.behave = (socket, request) => socket.end(request);
      const url = `https://${faulty.raw.host}${pathname}`;
      // What comes in is no HTTP: the behaviour is not asked.
      faulty.raw.onConnection = (socket) => socket.end(answer('plain http'));

      const error = await faulty.fails(faulty.strategy({ [LEGS[leg].option]: url }));
      await faulty.raw.closed();

      expect(error.message).to.contain(`${method} ${faulty.raw.host}${pathname} failed: `);
      expect(error).to.include({ status: 502 }).and.have.property('cause');
    });

    for (const [what, goAway] of [
      ['closed', (socket: net.Socket) => socket.end()],
      ['reset', (socket: net.Socket) => socket.resetAndDestroy()],
    ] as const) {
      it(`is made good on a fresh connection where an old one was ${what}`, async () => {
        const strategy = faulty.strategy();
        const served = new WeakSet();
        faulty.raw.behave = (socket) => {
          if (served.has(socket)) goAway(socket);
          else socket.write(answer(JSON.stringify(right)));
          served.add(socket);
        };

        await faulty.succeeds(strategy);
        await faulty.succeeds(strategy);

        expect(faulty.raw.requests, 'the first, the one in vain, and its retry').to.have.length(3);
        expect(faulty.raw.connections).to.have.length(2);
      });

      it(`is tried on one fresh connection where an old one was ${what}, and on no third`, async () => {
        const strategy = faulty.strategy();
        faulty.raw.behave = (socket) => {
          if (faulty.raw.requests.length > 1) goAway(socket);
          else socket.write(answer(JSON.stringify(right)));
        };

        await faulty.succeeds(strategy);
        await faulty.fails(strategy);
        await faulty.raw.closed();

        expect(faulty.raw.requests).to.have.length(3);
        expect(faulty.raw.connections).to.have.length(2);
      });
    }

    it('is made good where several old connections were reset at once', async () => {
      const strategy = faulty.strategy();
      const served = new WeakSet();
      faulty.raw.behave = (socket) => {
        if (served.has(socket)) socket.resetAndDestroy();
        // The first answer comes with the third request, so that each has a connection of its own.
        else if (faulty.raw.connections.size === 3)
          for (const each of faulty.raw.connections) each.write(answer(JSON.stringify(right)));
        served.add(socket);
      };
      await Promise.all([faulty.succeeds(strategy), faulty.succeeds(strategy), faulty.succeeds(strategy)]);
      faulty.raw.behave = (socket) => {
        if (served.has(socket)) socket.resetAndDestroy();
        else socket.write(answer(JSON.stringify(right)));
      };

      await faulty.succeeds(strategy);

      expect(faulty.raw.connections).to.have.length(4);
    });
  });
}
