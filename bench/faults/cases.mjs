/* eslint no-unused-vars: ['error', { args: 'none' }] -- how many parameters verify declares matters */
import { Buffer } from 'node:buffer';
import { URLSearchParams } from 'node:url';
import { setImmediate, setInterval, clearInterval } from 'node:timers';

/*
 * The matrix. A case says what goes wrong, and which answer is right:
 *   login    the person is signed in, under the right id and name
 *   error    the app's error handler is called, with an error object
 *   denial   a failed login
 *   refusal  a failed login or an error, and the provider was asked for nothing
 *   no login a failed login, an error, or the beginning of another login, and the provider was asked for nothing
 *   redirect the browser is sent to the provider
 */

export const SECRETS = {
  clientSecret: 'secret-of-the-client',
  code: 'code-of-the-login',
  token: 'token-of-the-login',
};
export const USER = { id: 7, sub: '7', login: 'zoe', name: 'Zoë 漢字 🏀' };
const TOKEN = { access_token: SECRETS.token, token_type: 'bearer', scope: 'public' };

const head = (...lines) => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');

/** A whole answer, JSON unless the headers say otherwise. */
export function answer(body, status = '200 OK', headers = ['Content-Type: application/json']) {
  const bytes = Buffer.from(body);
  const lines = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${bytes.length}`, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n')), bytes]);
}

/** The provider doing all right: the token is for those who bring the code, the profile for those with the token. */
export const RIGHT = {
  token: (socket, request) => {
    // Of two codes the last, as Rails, which Dribbble runs on, has it.
    const code = new URLSearchParams(request.split('\r\n\r\n')[1]).getAll('code').at(-1);
    const isRight = code === SECRETS.code;
    socket.write(
      isRight ? answer(JSON.stringify(TOKEN)) : answer('{"error":"invalid_grant"}', '400 Bad Request'),
    );
  },
  profile: (socket, request) => {
    const isRight = request.split('\r\n\r\n')[0].includes(SECRETS.token);
    socket.write(isRight ? answer(JSON.stringify(USER)) : answer('{"message":"Bad credentials."}', '401 No'));
  },
};
const right = (leg) => JSON.stringify(leg === 'token' ? TOKEN : USER);

const repeat = (socket, text) => {
  const timer = setInterval(() => socket.write(text), 20);
  socket.on('close', () => clearInterval(timer));
};

/** What happens on the way, for either leg. */
const NETWORK = {
  'connection refused': { address: 'refused' },
  'host not found': { address: 'unknown' },
  'certificate not trusted': { address: 'tls' },
  'no answer': () => {},
  'headers, then nothing': (socket) => socket.write(head('Content-Length: 100')),
  'a body that trickles for ever': (socket) => {
    socket.write(head('Transfer-Encoding: chunked'));
    repeat(socket, '1\r\n \r\n');
  },
  'a reset before the headers': (socket) => socket.resetAndDestroy(),
  'a close before the headers': (socket) => socket.end(),
  'a reset in the middle of the body': (socket) =>
    socket.write(`${head('Content-Length: 1000')}{"a`, () => socket.resetAndDestroy()),
  'a close in the middle of the body': (socket) => socket.end(`${head('Content-Length: 1000')}{"a`),
  'an answer that is no HTTP': (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'),
  'a right answer, and nonsense right after it': (socket, _request, leg) =>
    socket.write(Buffer.concat([answer(right(leg)), Buffer.from('nonsense')])),
  'headers beyond all limits': (socket) =>
    socket.write(`HTTP/1.1 200 OK\r\n${`X: ${'x'.repeat(1000)}\r\n`.repeat(100)}`),
  'an upgrade to another protocol': (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
  '64 MiB of body, and no end': (socket) => {
    socket.write(head('Content-Type: application/json'));
    let left = 1024;
    const more = () => {
      while (left-- > 0 && socket.write('x'.repeat(65536)));
    };
    socket.on('drain', more);
    more();
  },
  'a redirect to another host': (socket, _request, _leg, elsewhere) =>
    socket.write(answer('<p>Moved</p>', '302 Found', ['Content-Type: text/html', `Location: ${elsewhere}`])),
};

/** Whole answers that no login can come of, for either leg. */
const page = (status) => (socket) =>
  socket.write(answer(`<h1>${status}</h1>`, status, ['Content-Type: text/html']));
const body = (text) => (socket) => socket.write(answer(text));
const ANSWERS = {
  '401 in HTML': page('401 Unauthorized'),
  '429 in HTML': page('429 Too Many Requests'),
  '500 in HTML': page('500 Internal Server Error'),
  '503 in HTML': page('503 Service Unavailable'),
  'an error that repeats the request': (socket, request) =>
    socket.write(
      answer(JSON.stringify({ error: 'x', error_description: request, message: request }), '400 Bad'),
    ),
  '200 with an empty body': body(''),
  '200 with a page': page('200 OK'),
  '200 with null': body('null'),
  '200 with a number': body('42'),
  '200 with a string': body('"hello"'),
  '200 with a list': body('[]'),
  '200 with an empty object': body('{}'),
  '200 with an error object': body('{"error":"invalid_grant","message":"Bad credentials."}'),
};

/** Answers out of the ordinary that are right all the same, for either leg. */
const GOOD = {
  'characters split across chunks': (socket, _request, leg) => {
    socket.write(head('Content-Type: application/json', 'Transfer-Encoding: chunked'));
    // Each in a turn of its own, so that the client reads them one by one.
    const bytes = [...Buffer.from(right(leg))];
    const next = () => {
      if (bytes.length === 0) return socket.write('0\r\n\r\n');
      socket.write(Buffer.of(0x31, 13, 10, bytes.shift(), 13, 10), () => setImmediate(next));
    };
    next();
  },
  'no content type': (socket, _request, leg) => socket.write(answer(right(leg), '200 OK', [])),
};

/** The second login finds the connection of the first one closed. */
const staleAfter = (served) => (socket, request, leg) => {
  if (served.has(socket)) return socket.resetAndDestroy();
  served.add(socket);
  return RIGHT[leg](socket, request);
};

const idCases = {
  null: null,
  'an object': {},
  'an empty string': '',
  blank: '  ',
  'a list': [],
  'beyond the safe integers': '9007199254740993',
};
const userWithId = (id) =>
  typeof id === 'string' && id.length > 10
    ? `{"id":${id},"sub":${id},"login":"zoe","name":"Zoe"}`
    : JSON.stringify({ ...USER, id, sub: id });

/** What the browser brings, as Express's parsers hand it over; STATE is the right state. */
const STATE = 'STATE';
const { code } = SECRETS;
const HOSTILE = {
  'no state': { code },
  'a forged state': { code, state: 'forged' },
  "somebody else's state": { code, state: 'SOMEBODY' },
  'the state twice': { code, state: [STATE, STATE] },
  'a nested state': { code, state: { a: STATE } },
  'the code twice': { code: [code, code], state: STATE },
  'a nested code': { code: { a: code }, state: STATE },
  'an error twice, and a code': { error: ['a', 'b'], code, state: STATE },
  'a nested error': { error: { a: 'access_denied' }, state: STATE },
  'an error and a code': { error: 'server_error', code, state: STATE },
};

/** What the app's own functions do. */
const APP = {
  'verify throws': {
    verify: () => {
      throw new Error('verify threw');
    },
  },
  'verify rejects': {
    verify: async (_accessToken, _refreshToken, _profile, _done) => {
      throw new Error('verify rejected');
    },
  },
  'verify rejects with nothing': {
    verify: (_accessToken, _refreshToken, _profile, _done) => Promise.reject(),
  },
  'the session throws when the login is kept in it': {
    success: 'throws',
    // As from a database: after a while.
    verify: (_accessToken, _refreshToken, profile, done) => setImmediate(done, null, { id: profile.id }),
  },
};
const APP_GOOD = {
  'verify calls done twice': {
    verify: (_accessToken, _refreshToken, profile, done) => {
      done(null, { id: profile.id, name: profile.displayName });
      done(null, { id: profile.id, name: profile.displayName });
    },
  },
  'verify calls done, then throws': {
    verify: (_accessToken, _refreshToken, profile, done) => {
      done(null, { id: profile.id, name: profile.displayName });
      throw new Error('verify threw');
    },
  },
};

const LEGS = ['token', 'profile'];
const onBothLegs = (faults, expected) =>
  Object.entries(faults).flatMap(([name, fault]) =>
    LEGS.map((leg) => ({
      name: `${leg}: ${name}`,
      expected,
      ...(typeof fault === 'function' ? { [leg]: fault } : { address: { [leg]: fault.address } }),
    })),
  );

export const CASES = [
  { name: 'nothing is wrong', expected: 'login' },
  ...onBothLegs(NETWORK, 'error'),
  ...onBothLegs(ANSWERS, 'error'),
  ...onBothLegs(GOOD, 'login'),
  ...LEGS.map((leg) => ({
    name: `${leg}: a kept-alive connection that was closed`,
    expected: 'login',
    logins: 2,
    [leg]: staleAfter(new WeakSet()),
  })),
  {
    name: 'token: a token that is an object',
    expected: 'error',
    token: body('{"access_token":{"a":1},"token_type":"bearer"}'),
  },
  ...Object.entries(idCases).map(([name, id]) => ({
    name: `profile: an id that is ${name}`,
    expected: 'error',
    profile: body(userWithId(id)),
  })),
  ...Object.entries(HOSTILE).map(([name, callback]) => ({
    name: `callback: ${name}`,
    expected: 'refusal',
    callback,
  })),
  { name: 'callback: a replay', expected: 'refusal', callback: { code, state: STATE }, replay: true },
  {
    name: 'callback: the person said no',
    expected: 'denial',
    callback: { error: 'access_denied', state: STATE },
  },
  {
    name: 'callback: another error',
    expected: 'refusal',
    callback: { error: 'server_error', error_description: 'Oh.', state: STATE },
  },
  {
    name: 'callback: another error, without a description',
    expected: 'refusal',
    callback: { error: 'server_error', state: STATE },
  },
  { name: 'callback: a state and no code', expected: 'no login', callback: { state: STATE } },
  { name: 'callback: nothing', expected: 'redirect', callback: {} },
  ...Object.entries(APP).map(([name, app]) => ({ name: `app: ${name}`, expected: 'error', ...app })),
  ...Object.entries(APP_GOOD).map(([name, app]) => ({ name: `app: ${name}`, expected: 'login', ...app })),
];
