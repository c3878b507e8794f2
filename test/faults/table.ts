import type { Request } from 'express';
import { CODE, json, TOKEN, type Received } from '../support/fake-dribbble';
import { response, type Behaviour as OnSocket } from '../support/raw-server';
import type { Address } from './login';

/*
 * What can go wrong with a login, and what is right then. `faults.test.ts` puts this package through all of it;
 * `compare/` puts other strategies, other systems and any app through all that they can be put through: see `only`.
 */

type Behaviour = OnSocket<Received>;

export interface Fault {
  id: string;
  /** What happens. */
  happens: string;
  /** What is right, and why: a section of an RFC, or somebody's issue on GitHub. */
  right: string;
  arrange: Arrangement;
  expected: Expected;
  /** The provider's connection is of no more use, so that the client has to close it. */
  closes?: true;
  /**
   * It is about this package's own options or verify functions, or about what an app hands to Passport: it cannot be
   * arranged with others.
   */
  only?: 'ours' | 'Passport';
}

export interface Arrangement {
  /** What the provider does with the token request, and with the request for the user; otherwise it does right. */
  token?: Behaviour;
  user?: Behaviour;
  /** Where a request goes in place of the provider. */
  address?: Partial<Record<Leg, Address>>;
  /** Logins before the one that counts, all of them good; or how often its callback is used before. */
  loginsBefore?: number;
  usesBefore?: number;
  /** Logins that the same browser begins in other tabs before the callback, and the query of one that comes first. */
  begunLater?: number;
  callbackBefore?: string;
  /** What the browser brings back; STATE is the right state, SOMEBODY another person's. */
  callback?: { query?: string; form?: string };
  verify?: Verify;
  /** What stands before Passport in the app. */
  before?: (req: Request) => void;
  /** Options of the strategy that only this package has. */
  options?: object;
}

export interface Expected {
  /**
   * - `signed in`: under the right id and name
   * - `error`: the app's error handler is called once, with an Error that holds no secret
   * - `failed login`: nobody is signed in, and it is no error
   * - `refused`: a failed login or an error, and the provider is asked for nothing
   * - `login begins`: the browser is sent to the provider, which is asked for nothing
   * - `not signed in`: refused, or a login begins
   */
  outcome: 'signed in' | 'error' | 'failed login' | 'refused' | 'login begins' | 'not signed in';
  /** With which status this package says so, and what its message tells, besides the host. */
  status?: number;
  says?: RegExp;
}

export type Leg = 'token' | 'user';
type Done = (error: unknown, user?: unknown, info?: unknown) => void;
type Verify = (accessToken: string, refreshToken: string, profile: Profile, done: Done) => unknown;
interface Profile {
  id: unknown;
  displayName: unknown;
}

/** A name that is right only where every byte of it is. */
export const PERSON = { id: 7, sub: '7', login: 'zoe', name: 'Zoë 漢字 🏀' };
export const SECRETS = {
  clientSecret: 'client/secret+56f7',
  code: CODE,
  accessToken: TOKEN.access_token,
};
export const userOf = ({ id, displayName }: Profile): object => ({ id: String(id), name: displayName });

const RIGHT = { token: { ...TOKEN, note: PERSON.name }, user: PERSON };
/** The provider doing all right: the token is for the code, the user for the token. */
export const PROVIDER: Record<Leg, Behaviour> = {
  token: (socket, { body }) => {
    // Of two codes the last, as Rails has it, on which Dribbble runs.
    const isRight = new URLSearchParams(body).getAll('code').at(-1) === SECRETS.code;
    return socket.write(isRight ? json(RIGHT.token) : json({ error: 'invalid_grant' }, '400 Bad Request'));
  },
  user: (socket, { text }) => {
    const isRight = text.includes(SECRETS.accessToken);
    return socket.write(isRight ? json(RIGHT.user) : json({ message: 'Bad credentials.' }, '401 No'));
  },
};

// Each response that goes wrong repeats what the request brought, as a server's debug page may.

const head = (...lines: string[]): string => ['HTTP/1.1 200 OK', ...lines, '', ''].join('\r\n');
/** Writes again and again, until the client goes away. */
const repeat = (text: string, first = ''): Behaviour => {
  return (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(text), 10);
    socket.on('close', () => {
      clearInterval(timer);
    });
  };
};
/** Writes as much as the client takes. */
const flood = (text: string, first = ''): Behaviour => {
  return (socket) => {
    const more = (): void => {
      while (socket.writable && socket.write(text));
    };
    socket.on('drain', more);
    socket.write(first);
    more();
  };
};
const body =
  (content: string | Buffer, status?: string): Behaviour =>
  (socket) =>
    socket.write(
      response(content, { headers: ['Content-Type: application/json'], ...(status && { status }) }),
    );
const page =
  (status: string): Behaviour =>
  (socket, { text }) =>
    socket.write(response(`<pre>${text}</pre>`, { status, headers: ['Content-Type: text/html'] }));
/** An object of the fields that any provider uses for an error, which repeats the end of the request. */
const echo =
  (status: string): Behaviour =>
  (socket, { text }) => {
    // Messages are cut, and the secrets are at the end.
    const said = `${text.slice(-120)} ${decodeURIComponent(text.slice(-120))}`;
    socket.write(json({ error: said, error_description: said, error_uri: said, message: said }, status));
  };

type OnLeg = Pick<Fault, 'happens' | 'right' | 'expected'> & {
  does: Address | ((...parameters: [...Parameters<Behaviour>, Leg]) => unknown);
  loginsBefore?: number;
};
/** The same on either leg. */
function onBothLegs(faults: Record<string, OnLeg>): Fault[] {
  return Object.entries(faults).flatMap(([id, { does, loginsBefore, ...fault }]) =>
    (['token', 'user'] as const).map((leg) => ({
      ...fault,
      id: `${leg}/${id}`,
      happens: `${leg === 'token' ? 'the token endpoint' : 'the API'} ${fault.happens}`,
      arrange: {
        ...(loginsBefore !== undefined && { loginsBefore }),
        ...(typeof does === 'string'
          ? { address: { [leg]: does } }
          : { [leg]: ((socket, request) => does(socket, request, leg)) satisfies Behaviour }),
      },
    })),
  );
}

const IN_TIME =
  'One error that says what happened and with which host: an app can do nothing without a callback ' +
  '(ciaranj/node-oauth#253: "my job hangs completely").';
const ONCE =
  'One error, not a success that an error follows, nor a throw where nothing catches ' +
  '(jaredhanson/passport-google-oauth2#87).';
const NO_FALLING_FOR_IT =
  'An error: a response without what RFC 6749, section 5.1, or the API promises is no login.';
const SAME_LOGIN = 'The person is signed in: HTTP allows it (RFC 9112), and what they need is there.';

const error = (says?: RegExp, status = 502): Expected => ({
  outcome: 'error',
  status,
  ...(says && { says }),
});
/** Nothing but the timeout ends it. */
export const LATE = error(/within \d+ ms/, 504);

const BROKEN = onBothLegs({
  refused: { happens: 'is not there', right: IN_TIME, does: 'refused', expected: error(/ECONNREFUSED/) },
  'unknown-host': {
    happens: 'has a name that is not found',
    right: IN_TIME,
    does: 'unknown',
    expected: error(/ENOTFOUND/),
  },
  'silent-dns': {
    happens: 'has a name that nobody answers for',
    right: IN_TIME,
    does: 'unresolved',
    expected: LATE,
  },
  untrusted: {
    happens: 'has a certificate that is not trusted',
    right: 'An error, before anything is sent (RFC 6749, section 10.9).',
    does: 'untrusted',
    expected: error(/self-signed certificate/),
  },
  'no-tls': {
    happens: 'speaks plain http where https is asked',
    right: IN_TIME,
    does: 'plain',
    expected: error(/could not be reached/),
  },
  silent: {
    happens: 'accepts the request and stays silent',
    right: IN_TIME,
    does: () => undefined,
    expected: LATE,
  },
  'headers-only': {
    happens: 'sends headers, then nothing',
    right: IN_TIME,
    does: (socket, _request) => socket.write(head('Content-Length: 100')),
    expected: LATE,
  },
  'trickling-headers': {
    happens: 'sends headers that never end, one by one',
    right: IN_TIME,
    does: repeat('X: x\r\n', 'HTTP/1.1 200 OK\r\n'),
    expected: LATE,
  },
  'trickling-body': {
    happens: 'sends a body that never ends, byte by byte',
    right: IN_TIME,
    does: repeat('1\r\n \r\n', head('Transfer-Encoding: chunked')),
    expected: LATE,
  },
  processing: {
    happens: 'announces a response again and again, with 102',
    right: IN_TIME,
    does: repeat('HTTP/1.1 102 Processing\r\n\r\n'),
    expected: LATE,
  },
  'endless-informational': {
    happens: 'sends as many informational responses as it can, without end',
    right: 'An error: they are no response, however many come (RFC 9110, section 15.2).',
    does: flood(`HTTP/1.1 102 Processing\r\nX: ${'x'.repeat(1000)}\r\n\r\n`.repeat(60)),
    expected: error(/8388608 bytes/),
  },
  'endless-extensions': {
    happens: 'sends a body of little in chunks with long extensions, without end',
    right: 'An error: a recipient has to limit them (RFC 9112, section 7.1.1).',
    does: flood(`1;a=${'x'.repeat(10_000)}\r\n \r\n`, head('Transfer-Encoding: chunked')),
    expected: error(/8388608 bytes/),
  },
  'reset-early': {
    happens: 'resets the connection before a response',
    right: ONCE,
    does: (socket, _request) => socket.resetAndDestroy(),
    expected: error(/closed the connection without a response/),
  },
  'closed-early': {
    happens: 'closes the connection before a response',
    right: ONCE,
    does: (socket, _request) => socket.end(),
    expected: error(/closed the connection without a response/),
  },
  'reset-in-headers': {
    happens: 'resets the connection in the middle of the headers',
    right: ONCE,
    does: (socket, { text }) =>
      socket.write(`HTTP/1.1 200 OK\r\nX-Echo: ${encodeURI(text)}`, () => socket.resetAndDestroy()),
    expected: error(/in the middle of its response/),
  },
  'reset-in-body': {
    happens: 'resets the connection in the middle of the body',
    right: ONCE,
    does: (socket, { text }) =>
      socket.write(response(text, { length: 10_000 }), () => socket.resetAndDestroy()),
    expected: error(/in the middle of its response/),
  },
  'closed-in-body': {
    happens: 'closes the connection in the middle of a body of known length',
    right: 'An error: the body is incomplete (RFC 9112, section 8).',
    does: (socket, { text }) => socket.end(response(text, { length: 10_000 })),
    expected: error(/in the middle of its response/),
  },
  'closed-in-chunk': {
    happens: 'closes the connection in the middle of a chunk',
    right: 'An error: the body is incomplete (RFC 9112, section 8).',
    does: (socket, { text }) => socket.end(`${head('Transfer-Encoding: chunked')}fff\r\n${text}`),
    expected: error(/in the middle of its response/),
  },
  'broken-chunk': {
    happens: 'sends a chunk without a length',
    right: 'An error: the message is malformed (RFC 9112, section 7.1).',
    does: (socket, { text }) => socket.end(`${head('Transfer-Encoding: chunked')}xyz\r\n${text}`),
    expected: error(/(in the middle of its|malformed) response/),
  },
  'no-http': {
    happens: 'speaks another protocol',
    right: IN_TIME,
    does: (socket, { text }) => socket.end(`SSH-2.0 ${text}`),
    expected: error(/Parse Error/),
  },
  'two-lengths': {
    happens: 'sends two lengths for one body',
    right: 'An error: the two are how responses are smuggled (RFC 9112, section 6.3).',
    does: (socket, { text }) => socket.end(`${head('Content-Length: 1', 'Content-Length: 2')}${text}`),
    expected: error(/Parse Error/),
  },
  'nonsense-after': {
    happens: 'sends a whole response and nonsense right after it',
    right: 'An error once, or the login once: never both (jaredhanson/passport-google-oauth2#87).',
    does: (socket, { text }) => socket.write(Buffer.concat([response('{"id":1}'), Buffer.from(text)])),
    expected: error(/Parse Error/),
  },
  'endless-headers': {
    happens: 'sends more headers than any server needs',
    right: 'An error: they are not kept in memory.',
    does: (socket, { text }) => {
      socket.write(`HTTP/1.1 200 OK\r\nX-Echo: ${encodeURI(text)}\r\n`);
      for (let i = 0; i < 1000; i++) socket.write(`X-${String(i)}: ${'x'.repeat(100)}\r\n`);
    },
    expected: error(/overflow/i),
  },
  'endless-body': {
    happens: 'sends as much of a body as it can, without end',
    right: 'An error once it is more than any profile: it is not kept in memory.',
    does: flood('x'.repeat(65536), head('Content-Type: application/json')),
    expected: error(/1048576 bytes/),
  },
  upgrade: {
    happens: 'upgrades the connection to another protocol',
    right: 'An error: nobody asked for it (RFC 9110, section 7.8), and Node emits none.',
    does: (socket, { text }) =>
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n${text}`),
    expected: error(/closed the connection without a response/),
  },
});

const NETWORK = BROKEN.map((fault) => (fault.arrange.address ? fault : { ...fault, closes: true as const }));

/** The same machine under another name. */
const elsewhere = ({ host = '' }: Received['headers']): string => host.replace('127.0.0.1', 'localhost');
export const ELSEWHERE = '/elsewhere';

/** Redirects are not followed: a request with secrets goes to the host that it is meant for. */
const REDIRECTS = onBothLegs(
  Object.fromEntries(
    ['302 Found', '307 Temporary Redirect'].map((status) => [
      `redirect-${status.slice(0, 3)}`,
      {
        happens: `redirects to another host, with ${status.slice(0, 3)}`,
        right:
          'An error, and nothing goes to the other host: the request holds the client secret or the token (RFC 9700, section 4.11).',
        does: (socket, { text, headers }) =>
          socket.write(
            response(text, { status, headers: [`Location: http://${elsewhere(headers)}${ELSEWHERE}`] }),
          ),
        expected: error(new RegExp(status.slice(0, 3))),
      } satisfies OnLeg,
    ]),
  ),
);

const RESPONSES = onBothLegs({
  '401-page': {
    happens: 'sends a page with 401',
    right: NO_FALLING_FOR_IT,
    does: page('401 Unauthorized'),
    expected: error(/401/),
  },
  '429-page': {
    happens: 'sends a page with 429',
    right: 'An error that an app passes on as 503: it will work again later (RFC 6585, section 4).',
    does: page('429 Too Many Requests'),
    expected: error(/try again/, 503),
  },
  '500-page': {
    happens: 'sends a page with 500',
    right: NO_FALLING_FOR_IT,
    does: page('500 Internal Server Error'),
    expected: error(/500.*try again/),
  },
  '504-page': {
    happens: 'sends a page with 504',
    right: NO_FALLING_FOR_IT,
    does: page('504 Gateway Timeout'),
    expected: error(/504.*try again/, 504),
  },
  '999-page': {
    happens: 'sends a page with a status that does not exist',
    right: NO_FALLING_FOR_IT,
    does: page('999 '),
    expected: error(/999/),
  },
  204: {
    happens: 'sends no content',
    right: NO_FALLING_FOR_IT,
    does: (socket, _request) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'),
    expected: error(/204/),
  },
  ...Object.fromEntries(
    ['200 OK', '400 Bad Request', '422 Unprocessable', '500 Internal Server Error'].map((status) => [
      `echo-${status.slice(0, 3)}`,
      {
        happens: `sends an error object that repeats the request, with ${status.slice(0, 3)}`,
        right: 'An error without a secret in it: errors go into logs (RFC 9700, section 4.2).',
        does: echo(status),
        expected: { outcome: 'error' },
      } satisfies OnLeg,
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({
      empty: ['an empty body', ''],
      page: ['a page', '<!doctype html><p>Sign in</p>'],
      null: ['null', 'null'],
      number: ['a number', '42'],
      string: ['a string', '"the-access-token"'],
      list: ['a list', '[{"access_token":"a","id":1}]'],
      object: ['an empty object', '{}'],
      truncated: ['half an object', '{"access_token":"a","id":1'],
      two: ['two objects', '{"access_token":"a","id":1}{"access_token":"a","id":1}'],
      form: ['a form', 'access_token=a&id=1'],
      proto: ['what only __proto__ holds', '{"__proto__":{"access_token":"a","id":1}}'],
      latin1: [
        'text that is not UTF-8',
        Buffer.from('{"access_token":"a","id":1,"name":"Zo\xeb"}', 'latin1'),
      ],
      gzip: ['bytes that look like gzip', Buffer.of(0x1f, 0x8b, 8, 0, 0xff, 0xfe, 0xc3)],
      utf16: ['UTF-16', Buffer.from('{"access_token":"a","id":1}', 'utf16le')],
      error: ['an error object', '{"error":"invalid_grant","message":"Bad credentials."}'],
    } satisfies Record<string, [string, string | Buffer]>).map(([id, [what, content]]) => [
      `200-${id}`,
      {
        happens: `sends ${what} with 200`,
        right: NO_FALLING_FOR_IT,
        does: body(content),
        expected: { outcome: 'error', ...(id === 'latin1' && { says: /not UTF-8/ }) },
      } satisfies OnLeg,
    ]),
  ),
});

const UNUSUAL = onBothLegs({
  'split-characters': {
    happens: 'sends each byte in a chunk of its own',
    right: 'The person is signed in under the right name (ciaranj/node-oauth#118: garbled).',
    does: (socket, _request, leg) => {
      socket.write(head('Content-Type: application/json', 'Transfer-Encoding: chunked'));
      // Each in a turn of its own, so that the client reads them one by one.
      const bytes = [...Buffer.from(JSON.stringify(RIGHT[leg]))];
      const next = (): void => {
        const byte = bytes.shift();
        if (byte === undefined) socket.write('0\r\n\r\n');
        else socket.write(Buffer.of(0x31, 13, 10, byte, 13, 10), () => setImmediate(next));
      };
      next();
    },
    expected: { outcome: 'signed in' },
  },
  ...Object.fromEntries(
    Object.entries({
      'no-type': ['leaves out the content type', [], '200 OK', ''],
      'page-type': ['calls its JSON a page', ['Content-Type: text/html; charset=iso-8859-1'], '200 OK', ''],
      bom: ['begins with a byte order mark', [], '200 OK', '\ufeff'],
      created: ['responds with 201', [], '201 Created', ''],
    } satisfies Record<string, [string, string[], string, string]>).map(
      ([id, [happens, headers, status, before]]) => [
        id,
        {
          happens,
          right: SAME_LOGIN,
          does: (socket, _request, leg) =>
            socket.write(response(before + JSON.stringify(RIGHT[leg]), { headers, status })),
          expected: { outcome: 'signed in' },
        } satisfies OnLeg,
      ],
    ),
  ),
  'until-close': {
    happens: 'ends its response by closing the connection',
    right: 'The person is signed in: RFC 9112, section 6.3, allows it.',
    does: (socket, _request, leg) => {
      socket.write(head('Connection: close'));
      socket.end(JSON.stringify(RIGHT[leg]));
    },
    expected: { outcome: 'signed in' },
  },
  'early-hints': {
    happens: 'sends interim responses first',
    right: 'The person is signed in: RFC 9110, section 15.2, has clients wait for the final one.',
    does: (socket, _request, leg) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n');
      socket.write(json(RIGHT[leg]));
    },
    expected: { outcome: 'signed in' },
  },
  ...Object.fromEntries(
    (['closed', 'reset'] as const).map((how) => [
      `stale-${how}`,
      {
        happens: `has ${how} the connection that an earlier login left open`,
        right:
          'The person is signed in, over a new connection (RFC 9112, section 9.3.1; ciaranj/node-oauth#368).',
        loginsBefore: 1,
        does: (socket, request, leg) => {
          if (!request.isReused) return PROVIDER[leg](socket, request);
          return how === 'closed' ? socket.end() : socket.resetAndDestroy();
        },
        expected: { outcome: 'signed in' },
      } satisfies OnLeg,
    ]),
  ),
  'stale-408': {
    happens: 'sends 408 when it closes the connection that an earlier login left open',
    right:
      'The person is signed in, over a new connection: the server waited for a request, and gave up before it came (RFC 9110, section 15.5.9).',
    loginsBefore: 1,
    does: (socket, request, leg) =>
      request.isReused
        ? socket.end(response('', { status: '408 Request Timeout', headers: ['Connection: close'] }))
        : PROVIDER[leg](socket, request),
    expected: { outcome: 'signed in' },
  },
  'stale-and-down': {
    happens: 'has closed the connection that an earlier login left open, and closes the next one too',
    right:
      'One error: a code is sent again once, and not for ever (RFC 6749, section 4.1.2, has it used once).',
    loginsBefore: 1,
    does: (socket, request, leg) => (request.earlier === 0 ? PROVIDER[leg](socket, request) : socket.end()),
    expected: error(),
  },
});

const NO_ACCOUNT =
  'An error: apps key accounts by the id, and one that several people share signs them into each other’s.';
const CONTENTS: Fault[] = [
  {
    id: 'token/not-a-string',
    happens: 'the access token is an object',
    right: 'An error, and the API is not asked: RFC 6749, appendix A.12, has a string.',
    arrange: { token: body('{"access_token":{"a":1},"token_type":"bearer"}') },
    expected: error(/access token/),
  },
  ...Object.entries({
    missing: 'undefined',
    null: 'null',
    object: '{}',
    list: '[]',
    empty: '""',
    blank: '"  "',
    'beyond-safe': '9007199254740993',
  }).map(([id, value]) => ({
    id: `user/id-${id}`,
    happens: `the user's id is ${id === 'beyond-safe' ? 'larger than JSON numbers can tell apart' : id}`,
    right: NO_ACCOUNT,
    arrange: {
      user: body(
        `{${value === 'undefined' ? '' : `"id":${value},"sub":${value},`}"login":"zoe","name":"Zoe"}`,
      ),
    },
    expected: error(/a user with an id/),
  })),
];

const code = `code=${encodeURIComponent(CODE)}`;
const CSRF =
  'Refused, and the provider is asked for nothing: else anybody could sign a person in as somebody else ' +
  '(RFC 6749, section 10.12).';
const POLLUTION =
  'Refused, and the provider is asked for nothing: RFC 6749, section 3.1, allows each parameter once, and what is read twice is read differently.';
const refused = (status?: number): Expected => ({ outcome: 'refused', ...(status && { status }) });
const callback = (
  id: string,
  happens: string,
  query: string,
  right: string,
  expected: Expected = refused(403),
): Fault => ({ id: `callback/${id}`, happens, right, arrange: { callback: { query } }, expected });

const CALLBACKS: Fault[] = [
  callback('no-state', 'the callback has a code and no state', code, CSRF),
  callback('empty-state', 'the state is empty', `${code}&state=`, CSRF),
  callback('forged-state', 'the state is made up', `${code}&state=forged`, CSRF),
  callback('long-state', 'the state has one character more', `${code}&state=STATEx`, CSRF),
  callback(
    'constructor',
    'the state is called as every object has a member',
    `${code}&state=constructor`,
    CSRF,
  ),
  callback('foreign-state', 'the state is of another person’s login', `${code}&state=SOMEBODY`, CSRF),
  {
    id: 'callback/replayed',
    happens: 'the callback is opened a second time',
    right:
      'Refused, and the provider is asked for nothing: a state is for one login (RFC 9700, section 4.7.1).',
    arrange: { usesBefore: 1, callback: { query: `${code}&state=STATE` } },
    expected: refused(403),
  },
  callback('state-twice', 'the state comes twice', `${code}&state=STATE&state=STATE`, POLLUTION),
  callback('two-states', 'the state comes with a forged one', `${code}&state=STATE&state=forged`, POLLUTION),
  callback('nested-state', 'the state is nested', `${code}&state[a]=STATE`, POLLUTION),
  callback('state-in-list', 'the state is in a list', `${code}&state[]=STATE`, POLLUTION),
  callback('code-twice', 'the code comes twice', `${code}&${code}&state=STATE`, POLLUTION),
  callback('nested-code', 'the code is nested', `code[a]=c&state=STATE`, POLLUTION),
  callback('code-in-list', 'the code is in a list', `code[]=c&state=STATE`, POLLUTION),
  callback('empty-code', 'the code is empty', 'code=&state=STATE', POLLUTION),
  callback(
    'error-twice',
    'the error comes twice',
    'error=access_denied&error=access_denied&state=STATE',
    POLLUTION,
  ),
  callback(
    'errors-and-code',
    'the error comes twice, with a code',
    `error=a&error=b&${code}&state=STATE`,
    POLLUTION,
  ),
  callback('empty-error', 'the error is empty, and there is a code', `error=&${code}&state=STATE`, POLLUTION),
  callback('nested-error', 'the error is nested', 'error[a]=access_denied&state=STATE', POLLUTION),
  callback(
    'description-twice',
    'the description of an error comes twice, with a code',
    `${code}&state=STATE&error_description=a&error_description=b`,
    POLLUTION,
    { outcome: 'refused' },
  ),
  callback(
    'error-and-code',
    'there is an error and a code',
    `error=server_error&${code}&state=STATE`,
    POLLUTION,
    { outcome: 'refused' },
  ),
  ...(['code=d', 'error=access_denied'] as const).map((form) => ({
    ...callback(
      `query-and-form-${form.split('=')[0] ?? ''}`,
      `the query has a code and a form says ${form}`,
      '',
      POLLUTION,
      { outcome: 'refused' },
    ),
    arrange: { callback: { query: `${code}&state=STATE`, form } },
  })),
  callback(
    'denied',
    'the person said no',
    'error=access_denied&state=STATE',
    'A failed login, not an error: it is for the person to decide (RFC 6749, section 4.1.2.1).',
    {
      outcome: 'failed login',
      status: 401,
    },
  ),
  callback(
    'denied-in-words',
    'the person said no, and Dribbble says so in words',
    'error=access_denied&error_description=No&state=STATE',
    'A failed login, as without the words.',
    {
      outcome: 'failed login',
      status: 401,
    },
  ),
  ...(
    [
      [
        'error-described',
        'error=redirect_uri_mismatch&error_description=It+differs&state=STATE',
        500,
        /It differs.*callbackURL/,
      ],
      ['error-bare', 'error=temporarily_unavailable&state=STATE', 503, /try again later/],
      ['error-unknown', 'error=x&state=STATE', 500, /RFC 6749/],
    ] as const
  ).map(([id, query, status, says]) =>
    callback(
      id,
      `Dribbble redirects with ${query.replace('&state=STATE', '')}`,
      query,
      'An error that says what to do, or a failed login; the provider is asked for nothing (RFC 6749, section 4.1.2.1).',
      {
        outcome: 'refused',
        status,
        says,
      },
    ),
  ),
  callback(
    'state-alone',
    'there is a state and neither code nor error',
    'state=STATE',
    'Nobody is signed in: it is no response of RFC 6749, section 4.1.2.',
    { outcome: 'not signed in' },
  ),
  {
    id: 'callback/two-tabs',
    happens: 'the person has begun two more logins in other tabs',
    right: 'The person is signed in: each login has a state of its own.',
    arrange: { begunLater: 2 },
    expected: { outcome: 'signed in' },
  },
  {
    id: 'callback/forged-before',
    happens: 'a callback with a forged state comes first, such as an image of another site asks for',
    right: 'The person is signed in: nobody can end a login that is not theirs.',
    arrange: { callbackBefore: 'code=forged&state=forged' },
    expected: { outcome: 'signed in' },
  },
  callback(
    'nothing',
    'the callback is opened without a parameter',
    '',
    'A login begins: the address is where passport-oauth2 begins one.',
    { outcome: 'login begins' },
  ),
  callback(
    'other-parameters',
    'the callback is opened with a parameter of the app’s',
    'page=2',
    'A login begins: the parameter is the app’s.',
    { outcome: 'login begins' },
  ),
];

const THROWN = 'The error handler gets it, as with any handler of Express: the process goes on.';
const FIRST = 'The first outcome counts, and the process goes on.';
const app = (
  id: string,
  happens: string,
  right: string,
  arrange: Arrangement,
  expected: Expected,
  only: Fault['only'] = arrange.verify || arrange.before ? 'Passport' : undefined,
): Fault => ({ id: `app/${id}`, happens, right, arrange, expected, ...(only && { only }) });
const thrown = (message: string): never => {
  throw new Error(message);
};
const regenerates = (regenerate: unknown): Pick<Arrangement, 'before'> => ({
  before: ({ session }) => Object.defineProperty(session, 'regenerate', { value: regenerate }),
});

const APPS: Fault[] = [
  app('nothing', 'nothing goes wrong', 'The person is signed in.', {}, { outcome: 'signed in' }),
  app(
    'verify-throws',
    'verify throws',
    THROWN,
    { verify: () => thrown('verify threw') },
    error(/^verify threw$/, 500),
  ),
  app(
    'verify-throws-null',
    'verify throws null',
    'An Error: next(null) would let the request through.',
    {
      verify: () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is tested
        throw null;
      },
    },
    error(/object/, 500),
    'ours',
  ),
  app(
    'verify-rejects',
    'verify returns a promise that rejects',
    THROWN,
    {
      // eslint-disable-next-line @typescript-eslint/require-await -- as most are written
      verify: async (_accessToken, _refreshToken, _profile, _done) => thrown('verify rejected'),
    },
    error(/^verify rejected$/, 500),
  ),
  app(
    'verify-rejects-with-nothing',
    'verify returns a promise that rejects with nothing',
    'An Error: next(undefined) would let the request through.',
    {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what is tested
      verify: (_accessToken, _refreshToken, _profile, _done) => Promise.reject(),
    },
    error(/undefined/, 500),
  ),
  app(
    'verify-rejects-late',
    'verify returns a promise that rejects after a turn',
    THROWN,
    {
      verify: async (_accessToken, _refreshToken, _profile, _done) => {
        await new Promise(setImmediate);
        thrown('verify rejected late');
      },
    },
    error(/^verify rejected late$/, 500),
  ),
  app(
    'done-twice',
    'verify calls done twice',
    FIRST,
    {
      verify: (_accessToken, _refreshToken, profile, done) => {
        done(null, userOf(profile));
        done(null, userOf(profile));
      },
    },
    { outcome: 'signed in' },
  ),
  app(
    'done-then-error',
    'verify calls done with a user, then with an error, and later with nobody',
    FIRST,
    {
      verify: (_accessToken, _refreshToken, profile, done) => {
        done(null, userOf(profile));
        done(new Error('a second outcome'));
        setImmediate(done, null, false);
      },
    },
    { outcome: 'signed in' },
    'ours',
  ),
  app(
    'done-then-throws',
    'verify calls done, then throws',
    FIRST,
    {
      verify: (_accessToken, _refreshToken, profile, done) => {
        done(null, userOf(profile));
        thrown('verify threw');
      },
    },
    { outcome: 'signed in' },
  ),
  app(
    'done-then-rejects',
    'verify calls done, then rejects',
    FIRST,
    {
      // eslint-disable-next-line @typescript-eslint/require-await -- as most are written
      verify: async (_accessToken, _refreshToken, profile, done) => {
        done(null, userOf(profile));
        thrown('verify rejected');
      },
    },
    { outcome: 'signed in' },
    'ours',
  ),
  app(
    'no-regenerate',
    'the session has no regenerate method',
    'The error handler gets what Passport throws then (jaredhanson/passport#907).',
    {
      ...regenerates(undefined),
      // As from a database: after a while.
      verify: (_accessToken, _refreshToken, profile, done) => setImmediate(done, null, userOf(profile)),
    },
    error(/regenerate is not a function/, 500),
  ),
  app(
    'regenerate-throws',
    'the session throws when Passport renews it',
    THROWN,
    regenerates(() => thrown('regenerate threw')),
    error(/^regenerate threw$/, 500),
  ),
  app(
    'agent-throws',
    'the agent throws',
    'One error that says so.',
    {
      options: { agent: { addRequest: () => thrown('the agent threw') } },
    },
    error(/the agent threw/),
    'ours',
  ),
  app(
    'skip-rejects',
    'skipUserProfile returns a promise that rejects',
    THROWN,
    {
      // eslint-disable-next-line @typescript-eslint/require-await -- as most are written
      options: { skipUserProfile: async () => thrown('skipUserProfile rejected') },
    },
    error(/^skipUserProfile rejected$/, 500),
    'ours',
  ),
  app(
    'skip-throws',
    'skipUserProfile throws',
    THROWN,
    {
      options: { skipUserProfile: () => thrown('skipUserProfile threw') },
    },
    error(/^skipUserProfile threw$/, 500),
    'ours',
  ),
];

export const FAULTS: readonly Fault[] = [
  ...APPS,
  ...CALLBACKS,
  ...NETWORK,
  ...REDIRECTS,
  ...RESPONSES,
  ...CONTENTS,
  ...UNUSUAL,
];
