import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { freePort, close, listen } from '../../support/servers';
import {
  authorizationURL,
  authorize,
  CALLBACK,
  codeFor,
  redirectOf,
  requestToken,
  requestUser,
  tokenFor,
  VERIFIER,
} from './support';

async function rejection(options: object): Promise<Error> {
  try {
    await (await startSandbox(options)).close();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It started.');
}

describe('startSandbox', () => {
  it('listens on free ports of 127.0.0.1, one for each endpoint', async () => {
    const dribbble = await startSandbox();
    const { clientID, clientSecret, ...urls } = dribbble.options;
    expect([clientID, clientSecret]).to.deep.equal(['sandbox-client-id', 'sandbox-client-secret']);
    expect(new Set(Object.values(urls).map((url) => new URL(url).port))).to.have.property('size', 3);
    for (const url of [dribbble.url, ...Object.values(urls)])
      expect(new URL(url).hostname).to.equal('127.0.0.1');
    await dribbble.close();
  });

  it('takes the port given and the next two, and the credentials given', async () => {
    const port = await freePort();
    const credentials = { clientID: 'id', clientSecret: 'secret' };
    const dribbble = await startSandbox({ port, ...credentials });
    const { authorizationURL, tokenURL, userProfileURL } = dribbble.options;
    expect(dribbble.options).to.include(credentials);
    const ports = [dribbble.url, authorizationURL, tokenURL, userProfileURL].map((url) => new URL(url).port);
    expect(ports).to.deep.equal([port, port, port + 1, port + 2].map(String));
    await dribbble.close();
  });

  it('rejects with one line if a port is in use, and keeps none open', async () => {
    const port = await freePort();
    const taken = await listen(createServer(), port + 1);
    const error = await rejection({ port });
    await close(taken);
    expect(error.message)
      .to.include(`address already in use 127.0.0.1:${String(port + 1)}`)
      .and.not.include('\n');
    await close(await listen(createServer(), port));
  });

  const [a, b] = [
    { id: 1, login: 'a' },
    { id: 2, login: 'b' },
  ];
  for (const [what, options, words] of [
    ['a port beyond the last', { port: 65534 }, 'port option must be a whole number from 0 to 65533'],
    ['a port below the first', { port: -1 }, 'port option'],
    ['a port that is not a number', { port: NaN }, 'port option'],
    ['a port that is a string', { port: '4000' }, 'port option'],
    ['a callback URL that is a path', { callbackURL: '/a' }, 'callbackURL option must be an http(s) URL'],
    ['a callback URL of another scheme', { callbackURL: 'javascript:1' }, 'callbackURL option'],
    ['a callback URL that is no string', { callbackURL: new URL(CALLBACK) }, 'callbackURL option'],
    ['a callback URL of a scheme alike', { callbackURL: 'xhttp://localhost/' }, 'callbackURL option'],
    ['a callback URL with a fragment', { callbackURL: 'http://localhost/#a' }, 'callbackURL option'],
    ['an empty client ID', { clientID: '' }, 'clientID option must be a string that is not empty'],
    ['a client ID that is a number', { clientID: 1 }, 'clientID option'],
    ['an empty client secret', { clientSecret: '' }, 'clientSecret option must be a string that'],
    ['a client secret that is a number', { clientSecret: 1 }, 'clientSecret option'],
    ['a host', { host: '0.0.0.0' }, 'host option must be left out: it listens on 127.0.0.1 only'],
    ['people without an id', { people: [{ login: 'a' }] }, 'people option must give each person an id'],
    ['people who are null', { people: [null] }, 'people option'],
    ['people whose id is negative', { people: [{ id: -1, login: 'a' }] }, 'people option'],
    ['people whose id is a bigint', { people: [{ id: 1n, login: 'a' }] }, 'people option'],
    ['people whose id is a string', { people: [{ id: '1', login: 'a' }] }, 'people option'],
    ['people without a login', { people: [{ id: 1 }] }, 'people option'],
    ['people whose login is no name', { people: [{ id: 1, login: 'a b' }] }, 'people option'],
    ['two people of one login', { people: [a, { ...b, login: 'a' }] }, 'people option'],
    ['two people of one id', { people: [a, { ...b, id: 1 }] }, 'people option'],
  ] as const) {
    it(`rejects with a TypeError for ${what}`, async () => {
      const error = await rejection(options);
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.contain(words).and.not.contain('\n');
    });
  }
});

describe('Sandbox', () => {
  let dribbble: Sandbox;
  before(async () => {
    dribbble = await startSandbox({ callbackURL: CALLBACK, log: () => undefined });
  });
  afterEach(() => dribbble.reset());
  after(() => dribbble.close());

  const personOf = (login: string) => dribbble.people.find((person) => person.login === login);

  it('has six people, the newcomer as real accounts are, and maya with an e-mail address', () => {
    const logins = dribbble.people.map(({ login }) => login).join();
    expect(logins).to.equal('maya,martaquill,rookie,iroha,bobbytags,newcomer');
    const email = 'maya@maya.example';
    expect(personOf('maya')).to.include({ name: 'Maya Lind', email, location: 'Malmö, Sweden' });
    expect(personOf('rookie')).to.include({ name: null, avatar_url: null, bio: null });
    const avatar_url = 'https:default_avatars/default-avatar-gradient-6.png';
    const created_at = '2025-01-03T13:30:27.770-05:00';
    expect(personOf('newcomer')).to.include({ avatar_url, created_at, bio: '' });
  });

  it('has a person with a Pro account, links and a team, and with markup in the bio', () => {
    const marta = personOf('martaquill');
    const { teams, links, bio } = marta ?? {};
    expect(marta).to.include({ name: 'Marta Quill', pro: true, location: 'Porto, Portugal' });
    expect(bio).to.contain('Type &amp; identity at <a href="https://dribbble.com/papercranes">');
    expect(links).to.have.all.keys('web', 'twitter');
    for (const link of Object.values(links ?? {})) expect(link).to.match(/^https:/);
    const team = { name: 'Paper Cranes', login: 'papercranes', html_url: 'https://dribbble.com/papercranes' };
    expect(teams).to.have.length(1);
    expect(teams?.[0]).to.include({ ...team, id: 39, type: 'Team' });
    for (const date of [marta?.created_at, teams?.[0]?.created_at, teams?.[0]?.updated_at])
      expect(date).to.match(/^\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z$/);
  });

  it('has a person who writes in Japanese, beyond the basic plane as well', () => {
    const { name, bio, location } = personOf('iroha') ?? {};
    expect(location).to.match(/\p{Script=Han}/u);
    for (const text of [name, bio]) expect(text).to.match(/\p{Script=Hiragana}.*[\u{10000}-\u{10ffff}]/u);
  });

  it('has a person who tries to inject script in each field that a person can write', () => {
    const { name, avatar_url, bio, location, links } = personOf('bobbytags') ?? {};
    for (const text of [name, avatar_url, bio, location, ...Object.values(links ?? {})])
      expect(text).to.match(/<img|javascript:|<script|onload=|onmouseover=/);
    expect(links).to.have.all.keys('web', 'twitter');
  });

  it('fills in what a given person does not have', async () => {
    const given = { id: 7, login: 'zoe', followers_count: 3 };
    const other = await startSandbox({ people: [given] });
    await other.close();
    const { url, people } = other;
    const addresses = { html_url: 'https://dribbble.com/zoe', avatar_url: `${url}/avatars/zoe.svg` };
    const [created_at, type] = ['2019-11-23T12:00:00Z', 'User'];
    const rest = { bio: '', location: '', links: {}, pro: false, can_upload_shot: true, teams: [] };
    expect(people).to.deep.equal([{ ...given, name: 'zoe', ...addresses, ...rest, created_at, type }]);
  });

  it('asks on a page, until told who says yes, and again when told to ask', async () => {
    expect((await authorize(dribbble)).status).to.equal(200);
    dribbble.signInAs('iroha');
    const { code } = redirectOf(await authorize(dribbble)).params;
    const granted = (await (await requestToken(dribbble, { code })).json()) as { access_token: string };
    expect(await (await requestUser(dribbble, granted.access_token)).json()).to.include({ login: 'iroha' });
    dribbble.ask();
    expect((await authorize(dribbble)).status).to.equal(200);
  });

  it('throws a TypeError that names the people for a login that nobody has', () => {
    for (const use of ['signInAs', 'revoke'] as const)
      expect(() => {
        dribbble[use]('nobody');
      }).to.throw(TypeError, 'There is no nobody, but maya, martaquill, rookie, iroha, bobbytags, newcomer');
  });

  it('notes each request, with the names of the secrets in their place', async () => {
    const token = await tokenFor(dribbble);
    const { userProfileURL, clientSecret } = dribbble.options;
    await requestUser(dribbble, token);
    await requestToken(dribbble, { code_verifier: VERIFIER });
    // Also what is no parameter of the endpoint, and what is left of a header without its scheme.
    const headers = { cookie: `sid=${token}`, authorization: token };
    await fetch(`${userProfileURL}?access_token=${token}`, { headers });
    const [asked, exchanged, read, verified, wrong] = dribbble.requests;
    const client_id = 'sandbox-client-id';
    expect(asked).to.include({ endpoint: 'authorize', status: 302, refused: undefined });
    expect(exchanged).to.include({ endpoint: 'token', status: 200, refused: undefined });
    expect(read).to.include({ endpoint: 'user', status: 200, refused: undefined });
    expect(asked?.params).to.include({ client_id, redirect_uri: CALLBACK, state: 'a state & more' });
    expect(exchanged?.params).to.include({ client_secret: '[client_secret]', code: '[code]' });
    expect(read?.params).to.deep.equal({});
    expect(read?.headers).to.include({ authorization: 'Bearer [authorization]' });
    expect(verified?.params).to.include({ code_verifier: '[code_verifier]' });
    expect(wrong?.params).to.deep.equal({ access_token: '[access_token]' });
    expect(wrong?.headers).to.include({ cookie: '[cookie]', authorization: '[authorization]' });
    for (const secret of [token, clientSecret, VERIFIER])
      expect(JSON.stringify(dribbble.requests)).not.to.contain(secret);
  });

  it('notes no request to anything but the endpoints', async () => {
    const other = await startSandbox({ log: () => undefined });
    for (const path of ['/', '/avatars/maya.svg', '/elsewhere']) await (await fetch(other.url + path)).text();
    expect(other.requests).to.deep.equal([]);
    await other.close();
  });

  it('keeps the last thousand requests', async () => {
    const request = async (): Promise<unknown> => (await requestUser(dribbble)).text();
    for (let batch = 0; batch < 91; batch += 1) await Promise.all(Array.from({ length: 11 }, request));
    expect(dribbble.requests).to.have.length(1000);
  });

  it('is as at the start after reset()', async () => {
    const token = await tokenFor(dribbble);
    const code = await codeFor(dribbble);
    dribbble.fail('user', 'hangs');
    await dribbble.reset();
    expect(dribbble.requests).to.deep.equal([]);
    expect((await authorize(dribbble)).status).to.equal(200);
    expect((await requestToken(dribbble, { code })).status).to.equal(400);
    expect((await requestUser(dribbble, token)).status).to.equal(401);
  });

  it('closes connections that wait for a response, and can be closed twice', async () => {
    const other = await startSandbox();
    other.fail('user', 'hangs');
    const waiting = requestUser(other).then(
      () => 'a response',
      () => 'closed',
    );
    while (other.requests.length === 0) await new Promise(setImmediate);
    await other.close();
    await other.close();
    expect(await waiting).to.equal('closed');
  });

  it('stays closed when reset() and fail() follow close()', async () => {
    const other = await startSandbox();
    await other.close();
    await other.reset();
    other.fail('user', 'html-502');
    await new Promise(setImmediate);
    await close(await listen(createServer(), Number(new URL(other.options.userProfileURL).port)));
  });

  it('lets the process end at once after close(), a slow response or not', async () => {
    const script = `
      const { startSandbox } = require('./lib/sandbox/index.ts');
      void startSandbox().then(async (dribbble) => {
        dribbble.fail('user', 'slow');
        fetch(dribbble.options.userProfileURL).catch(() => undefined);
        while (dribbble.requests.length === 0) await new Promise(setImmediate);
        await dribbble.close();
        console.log(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length);
      });`;
    const child = spawn(process.execPath, ['--require', 'tsx/cjs', '--eval', script]);
    expect(await text(child.stdout)).to.equal('0\n');
  });

  it('warns on the console of a request that Dribbble would refuse, and of no other', async () => {
    const { warn } = console;
    const warnings: unknown[] = [];
    console.warn = (line: unknown) => warnings.push(line);
    try {
      const quiet = await startSandbox();
      await authorize(quiet);
      await requestUser(quiet);
      await quiet.close();
    } finally {
      console.warn = warn;
    }
    expect(warnings).to.deep.equal([
      'dribbble-sandbox: GET /v2/user 401: refused, as it has no Authorization header',
    ]);
  });

  /** The status of a request to a host, which fetch does not send. */
  function statusOf(url: string, host: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      get(url, { headers: { host } }, (res) => {
        resolve(res.resume().statusCode);
      }).on('error', reject);
    });
  }

  for (const [host, status] of [
    ['localhost:4000', 200],
    ['[::1]:4000', 200],
    ['app.localhost', 200],
    ['sandbox.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.', 403],
    ['a b', 403],
  ] as const) {
    it(`responds ${String(status)} to the Host ${host}`, async () => {
      expect(await statusOf(dribbble.url, host)).to.equal(status);
      expect(await statusOf(authorizationURL(dribbble), host)).to.equal(status);
    });
  }

  it('takes no form from a page of another origin, and says so', async () => {
    const headers = { origin: 'http://evil.example' };
    const body = new URLSearchParams({ login: 'maya', decision: 'authorize' });
    const response = await fetch(authorizationURL(dribbble), { method: 'POST', headers, body });
    expect(response.status).to.equal(403);
    expect(await response.text()).to.contain('Only for this machine');
  });
});
