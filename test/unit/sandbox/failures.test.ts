import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { startSandbox, type Sandbox, type SandboxFailure } from 'passport-dribbble-oauth2/sandbox';
import { close, listen } from '../../support/servers';
import {
  authorizationURL,
  authorize,
  codeFor,
  redirectOf,
  requestToken,
  requestUser,
  tokenFor,
} from './support';

type Endpoint = Parameters<Sandbox['fail']>[0];

/** What a client sees: a status and a body, or the code of what went wrong on the wire. */
async function outcome(response: Promise<Response>): Promise<[status: number, body: string] | string> {
  try {
    const got = await response;
    return [got.status, await got.text()];
  } catch (error) {
    const { cause } = error as { cause: { code: string } };
    return cause.code;
  }
}

/** All that comes on the connection until it ends. */
function bytesFrom(address: string, token = ''): Promise<string> {
  const { hostname, port, pathname, search } = new URL(address);
  const socket = connect(Number(port), hostname);
  const headers = `Host: localhost\r\nConnection: close\r\nAuthorization: Bearer ${token}`;
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\n${headers}\r\n\r\n`);
  return text(socket);
}

/** The chunks of a response's body; each comes after its length. */
function chunksOf(bytes: string): string[] {
  const lines = bytes.slice(bytes.indexOf('\r\n\r\n') + 4).split('\r\n');
  return lines.filter((line, index) => index % 2 === 1 && line);
}

describe('Sandbox.fail', () => {
  let dribbble: Sandbox;
  let logged: string;
  before(async () => {
    dribbble = await startSandbox({ log: (line) => (logged = line) });
  });
  afterEach(() => dribbble.reset());
  after(() => dribbble.close());

  /** The request of an endpoint, with all that has to come before it done: maya says yes. */
  async function prepare(endpoint: Endpoint): Promise<() => Promise<Response>> {
    const [code, token] = [await codeFor(dribbble), await tokenFor(dribbble)];
    return {
      authorize: () => authorize(dribbble),
      token: () => requestToken(dribbble, { code }),
      user: () => requestUser(dribbble, token),
    }[endpoint];
  }

  for (const endpoint of ['authorize', 'token', 'user'] as const)
    for (const [how, expected] of [
      ['refuses', 'ECONNREFUSED'],
      ['resets', 'ECONNRESET'],
      ['cut-off', 'UND_ERR_SOCKET'],
    ] as const)
      it(`${how}: a client of the endpoint ${endpoint} sees ${expected}`, async () => {
        const request = await prepare(endpoint);
        dribbble.fail(endpoint, how);
        // A login has a request before this one: by then the client knows that its old connection is closed.
        const other = endpoint === 'authorize' ? 'tokenURL' : 'authorizationURL';
        await fetch(new URL('/', dribbble.options[other]));
        expect(await outcome(request())).to.equal(expected);
      });

  it('hangs: there is no response', async () => {
    dribbble.fail('user', 'hangs');
    const waiting = outcome(requestUser(dribbble));
    while (dribbble.requests.length === 0) await new Promise(setImmediate);
    expect(dribbble.requests.at(-1)).to.include({ endpoint: 'user', status: 0 });
    expect(logged).to.match(/ no response$/);
    expect(await Promise.race([waiting, Promise.resolve('waiting')])).to.equal('waiting');
  });

  it('html-502: a page of a proxy', async () => {
    dribbble.fail('token', 'html-502');
    const response = await requestToken(dribbble);
    expect([response.status, response.headers.get('content-type')]).to.deep.equal([502, 'text/html']);
    expect(await response.text()).to.contain('<h1>502 Bad Gateway</h1>');
  });

  it('rate-limit: 429 with nothing left for a minute', async () => {
    dribbble.fail('user', 'rate-limit');
    const response = await requestUser(dribbble);
    const { status, headers } = response;
    expect([status, headers.get('x-ratelimit-remaining')]).to.deep.equal([429, '0']);
    expect(await response.json()).to.deep.equal({ message: 'API rate limit exceeded.' });
    expect(Number(headers.get('x-ratelimit-reset'))).to.be.closeTo(Date.now() / 1000 + 60, 5);
  });

  it('a response of your own', async () => {
    dribbble.fail('authorize', { status: 418, headers: { 'X-Tea': 'yes' }, body: { tea: 'é' } });
    const response = await authorize(dribbble);
    expect([response.status, response.headers.get('x-tea')]).to.deep.equal([418, 'yes']);
    expect(await response.json()).to.deep.equal({ tea: 'é' });
  });

  it('slow: the usual response, a field after the other for three seconds', async function () {
    this.slow(10_000);
    const token = await tokenFor(dribbble);
    const [redirected, granting] = [await prepare('authorize'), await prepare('token')];
    for (const endpoint of ['authorize', 'token', 'user'] as const) dribbble.fail(endpoint, 'slow');
    const start = performance.now();
    const [redirect, granted, user] = await Promise.all([
      redirected(),
      granting().then((response) => response.json()),
      bytesFrom(dribbble.options.userProfileURL, token),
    ]);
    expect(performance.now() - start).to.be.above(2500);
    expect(redirectOf(redirect).params).to.have.all.keys('code', 'state');
    expect(granted).to.have.property('access_token');
    expect(chunksOf(user)).to.deep.equal(JSON.stringify(dribbble.people[0]).split(/(?<=,)/));
  });

  it('cut-off: half of a body, and the beginning of a redirect', async () => {
    const token = await tokenFor(dribbble);
    for (const endpoint of ['authorize', 'user'] as const) dribbble.fail(endpoint, 'cut-off');
    const body = JSON.stringify(dribbble.people[0]);
    const chunks = chunksOf(await bytesFrom(dribbble.options.userProfileURL, token));
    expect(chunks).to.deep.equal([body.slice(0, body.length / 2)]);
    expect(await bytesFrom(authorizationURL(dribbble))).to.equal('HTTP/1.1 ');
  });

  it('resets: the code of the request can still be used', async () => {
    const request = await prepare('token');
    dribbble.fail('token', 'resets', { once: true });
    expect(await outcome(request())).to.equal('ECONNRESET');
    expect((await request()).status).to.equal(200);
  });

  it('a response of your own is text if its body is', async () => {
    dribbble.fail('user', { body: 'tea' });
    const response = await requestUser(dribbble);
    expect([response.status, await response.text()]).to.deep.equal([200, 'tea']);
    expect(response.headers.get('content-type')).to.equal('text/plain; charset=utf-8');
  });

  for (const [endpoint, how, status, words] of [
    ['user', 'unauthorized', 401, /^\{"message":"Bad credentials\."\}$/],
    ['user', 'no-id', 200, /^\{(?!.*"id":1\b).*"login":"maya"/],
    ['token', 'invalid_client', 401, /"error":"invalid_client"/],
  ] as const) {
    it(`${how}: the endpoint ${endpoint} responds so to a request that is right`, async () => {
      const request = await prepare(endpoint);
      dribbble.fail(endpoint, how);
      const [seen, body] = await outcome(request());
      expect(seen).to.equal(status);
      expect(body).to.match(words);
      expect(dribbble.requests.at(-1)).to.include({ status, refused: undefined });
    });
  }

  it('application_suspended: the person is sent back with this error', async () => {
    const request = await prepare('authorize');
    dribbble.fail('authorize', 'application_suspended');
    expect(redirectOf(await request()).params).to.include({
      error: 'application_suspended',
      state: 'a state & more',
    });
  });

  it('lasts until reset(), or with once for the next request only', async () => {
    const statuses = async () =>
      [await requestUser(dribbble), await requestUser(dribbble)].map(({ status }) => status);
    dribbble.fail('user', { status: 500 });
    expect(await statuses()).to.deep.equal([500, 500]);
    await dribbble.reset();
    dribbble.fail('user', { status: 500 }, { once: true });
    expect(await statuses()).to.deep.equal([500, 401]);
  });

  it('listens again after another failure than refuses', async () => {
    dribbble.fail('user', 'refuses');
    dribbble.fail('user', { status: 500 });
    await new Promise(setImmediate);
    expect((await requestUser(dribbble)).status).to.equal(500);
  });

  it('warns that an endpoint cannot listen again because its port was taken, and goes on', async () => {
    const { warn } = console;
    const warnings: unknown[] = [];
    dribbble.fail('user', 'refuses');
    const { port } = new URL(dribbble.options.userProfileURL);
    const taken = await listen(createServer(), Number(port));
    console.warn = (line: unknown) => warnings.push(line);
    try {
      dribbble.fail('user', 'html-502');
      while (warnings.length === 0) await new Promise(setImmediate);
    } finally {
      console.warn = warn;
      await close(taken);
    }
    expect(String(warnings)).to.contain(`address already in use 127.0.0.1:${port}`);
  });

  it('sends a header of a response of its own once, in whatever case it is written', async () => {
    dribbble.fail('user', { headers: { 'content-type': 'text/html', 'CACHE-CONTROL': 'no-cache' } });
    const { headers } = await requestUser(dribbble);
    expect(headers.get('content-type')).to.equal('text/html');
    expect(headers.get('cache-control')).to.equal('no-cache');
  });

  it('resets a request for a refusing endpoint that comes by another port', async () => {
    dribbble.fail('user', 'refuses');
    expect(await outcome(fetch(`${dribbble.url}/v2/user`))).to.equal('ECONNRESET');
    expect(dribbble.requests.at(-1)).to.include({ status: 0 });
  });

  it('keeps an endpoint refusing when another fails', async () => {
    dribbble.fail('user', 'refuses');
    dribbble.fail('token', { status: 500 });
    expect((await requestToken(dribbble)).status).to.equal(500);
    expect(await outcome(requestUser(dribbble))).to.equal('ECONNREFUSED');
  });

  for (const [endpoint, how, words] of [
    ['user', 'invalid_client', /The endpoint user can't fail as "invalid_client", but as refuses, hangs/],
    ['token', 'explodes', /The endpoint token can't fail as "explodes"/],
    ['token', 42, /The endpoint token can't fail as 42/],
    ['token', undefined, /The endpoint token can't fail as undefined/],
    ['elsewhere', 'hangs', /The endpoint elsewhere can't fail as "hangs", but as none/],
    ['elsewhere', { status: 500 }, /The endpoint elsewhere can't fail as \{"status":500\}, but as none/],
  ] as const) {
    it(`throws a TypeError for ${endpoint} and ${JSON.stringify(how)}`, () => {
      expect(() => {
        dribbble.fail(endpoint as Endpoint, how as unknown as SandboxFailure);
      }).to.throw(TypeError, words);
    });
  }

  it('takes a response whose body has no JSON, which is told when it is sent', async () => {
    dribbble.fail('user', { body: { id: 5n } });
    expect(await (await requestUser(dribbble)).text()).to.include('BigInt');
  });

  it('throws a TypeError for refuses with once', () => {
    expect(() => {
      dribbble.fail('token', 'refuses', { once: true });
    }).to.throw(TypeError, 'lasts until reset()');
  });
});
