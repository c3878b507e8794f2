import { Buffer } from 'node:buffer';
import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setImmediate } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { URL } from 'node:url';
import { inspect } from 'node:util';
import { CASES, RIGHT, SECRETS, USER } from './cases.mjs';
import { STRATEGIES, TIMEOUT } from './strategies.mjs';

// One strategy, one case, one process: what comes of it is printed as JSON. Started by run.mjs.

const [, , name, index] = process.argv;
const test = CASES[Number(index)];

let requests = 0;
let strayed = 0;
const elsewhere = await listen(net.createServer(() => strayed++));
const provider = await listen(net.createServer({ allowHalfOpen: true }, serve));
const pem = readFileSync(new URL('../../test/fixtures/self-signed.pem', import.meta.url));
const secure = tls.createServer({ key: pem, cert: pem });
secure.on('tlsClientError', () => {});
const closed = net.createServer();
const addresses = {
  refused: `http://${await listen(closed)}`,
  unknown: 'https://nowhere.invalid',
  tls: `https://${await listen(secure)}`,
};
closed.close();

// No name is looked up outside: the one that the case of the unknown host uses is unknown at once.
dns.lookup = (hostname, _options, callback) => {
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    code: 'ENOTFOUND',
    hostname,
  });
  setImmediate(callback, error);
};

const base = (leg) => addresses[test.address?.[leg]] ?? `http://${provider}`;
const strategy = STRATEGIES[name](
  {
    profile: `${base('profile')}/userinfo`,
    options: {
      clientID: 'the-client-id',
      clientSecret: SECRETS.clientSecret,
      callbackURL: 'http://127.0.0.1/callback',
      authorizationURL: `http://${provider}/authorize`,
      tokenURL: `${base('token')}/token`,
    },
  },
  test.verify ??
    ((_accessToken, _refreshToken, profile, done) => {
      done(null, { id: profile.id, name: profile.displayName });
    }),
);

let answers = [];
for (let i = 0; i < (test.logins ?? 1); i++) {
  answers = [];
  await login();
}
// A second answer, or a crash, may come as late as the deadline of an exchange.
await delay(TIMEOUT + 200);
process.stdout.write(JSON.stringify({ answers, requests, strayed }));
process.exit(0);

/** Resolves with the first answer; run.mjs ends the process where there is none. */
async function login() {
  const session = {};
  const [state, others] = [await begin(session), await begin({})];
  const fill = (value) =>
    typeof value === 'string'
      ? value.replace('STATE', state).replace('SOMEBODY', others)
      : Array.isArray(value)
        ? value.map(fill)
        : Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each)]));
  const query = fill(test.callback ?? { code: SECRETS.code, state: 'STATE' });
  requests = 0;
  if (test.replay) {
    await authenticate({ session, query });
    await delay(50);
    answers = [];
    requests = 0;
  }
  return authenticate({ session, query });
}

async function begin(session) {
  const { url } = await authenticate({ session, query: {} });
  answers = [];
  return new URL(url).searchParams.get('state') ?? 'none';
}

/** As passport does it: on an object that inherits from the strategy; Express catches what is thrown at once. */
function authenticate(request) {
  return new Promise((resolve) => {
    const answer = (kind, details) => {
      answers.push({ kind, ...details });
      resolve(details);
    };
    const attempt = Object.assign(Object.create(strategy), {
      success: (user) => {
        if (test.success === 'throws') throw new TypeError('req.session.regenerate is not a function');
        answer('login', { isRight: String(user.id) === String(USER.id) && user.name === USER.name });
      },
      fail: () => answer('failure'),
      redirect: (url) => answer('redirect', { url }),
      error: (error) => answer('error', { isError: error instanceof Error, leaks: leaks(error) }),
      pass: () => answer('pass'),
    });
    const req = { headers: {}, connection: {}, url: '/callback', body: undefined, ...request };
    try {
      attempt.authenticate(req, {});
    } catch (error) {
      attempt.error(error);
    }
  });
}

/** Whether a log of the error would hold a secret. */
function leaks(error) {
  const shown = inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  return Object.values(SECRETS).some((secret) => `${shown}${JSON.stringify(error)}`.includes(secret));
}

function serve(socket) {
  let text = '';
  socket.on('error', () => {});
  socket.on('end', () => socket.destroy());
  socket.on('data', (chunk) => {
    text += chunk.toString();
    const head = text.indexOf('\r\n\r\n') + 4;
    const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
    if (head < 4 || Buffer.byteLength(text) < head + length) return;
    const [request, leg] = [text, / \/token/.test(text.split('\r\n')[0]) ? 'token' : 'profile'];
    text = '';
    requests++;
    (test[leg] ?? RIGHT[leg])(socket, request, leg, `http://${elsewhere}/`);
  });
}

async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${server.address().port}`;
}
