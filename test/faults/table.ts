import type { Request } from 'express';
import { CODE, json, TOKEN, type Received } from '../support/fake-dribbble';
import { flood, response, type Behaviour as OnSocket } from '../support/servers';
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
  /** It is about what an app hands to Passport: it cannot be arranged with a system that is no strategy. */
  only?: 'Passport';
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

const OK = 'HTTP/1.1 200 OK\r\n';
const head = (...lines: string[]): string => `${OK}${lines.join('\r\n')}\r\n\r\n`;
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

/** Says this, of what the request said, and stays; or closes the connection after it, or resets it. */
type Says = (text: string) => string | Buffer;
const say =
  (says: Says): Behaviour =>
  (socket, { text }) =>
    socket.write(says(text));
const sayAndClose =
  (says: Says): Behaviour =>
  (socket, { text }) =>
    socket.end(says(text));
const sayAndReset =
  (says: Says): Behaviour =>
  (socket, { text }) =>
    socket.write(says(text), () => socket.resetAndDestroy());

type OnLeg = [
  id: string,
  happens: string,
  does: Address | ((...parameters: [...Parameters<Behaviour>, Leg]) => unknown),
  expected: Expected,
  loginsBefore?: 1,
];
/** The same on either leg, where the same is right. */
function onBothLegs(right: string, ...rows: OnLeg[]): Fault[] {
  return rows.flatMap(([id, happens, does, expected, loginsBefore]) =>
    (['token', 'user'] as const).map((leg) => ({
      id: `${leg}/${id}`,
      happens: `${leg === 'token' ? 'the token endpoint' : 'the API'} ${happens}`,
      right,
      arrange: {
        ...(loginsBefore !== undefined && { loginsBefore }),
        ...(typeof does === 'string'
          ? { address: { [leg]: does } }
          : { [leg]: ((socket, request) => does(socket, request, leg)) satisfies Behaviour }),
      },
      expected,
    })),
  );
}

const IN_TIME =
  'One error that says what happened and with which host: an app can do nothing without a callback ' +
  '(ciaranj/node-oauth#253: "my job hangs completely").';
const ONCE =
  'One error, not a success that an error follows, nor a throw where nothing catches ' +
  '(jaredhanson/passport-google-oauth2#87).';
const INCOMPLETE = 'An error: the body is incomplete (RFC 9112, section 8).';
const NO_FALLING_FOR_IT =
  'An error: a response without what RFC 6749, section 5.1, or the API promises is no login.';
const SAME_LOGIN = 'The person is signed in: HTTP allows it (RFC 9112), and what they need is there.';

const SIGNED_IN: Expected = { outcome: 'signed in' };
const error = (says?: RegExp, status = 502): Expected => ({
  outcome: 'error',
  status,
  ...(says && { says }),
});
/** Nothing but the timeout ends it. */
export const LATE = error(/within \d+ ms/, 504);
const NO_RESPONSE = error(/closed the connection without a response/);
const IN_THE_MIDDLE = error(/in the middle of its response/);
const CHUNKED = head('Transfer-Encoding: chunked');

const BROKEN = [
  ...onBothLegs(
    IN_TIME,
    ['refused', 'is not there', 'refused', error(/ECONNREFUSED/)],
    ['unknown-host', 'has a name that is not found', 'unknown', error(/ENOTFOUND/)],
    ['silent-dns', 'has a name that nobody answers for', 'unresolved', LATE],
    ['no-tls', 'speaks plain http where https is asked', 'plain', error(/could not be reached/)],
    ['silent', 'accepts the request and stays silent', () => undefined, LATE],
    ['headers-only', 'sends headers, then nothing', say(() => head('Content-Length: 100')), LATE],
    ['trickling-headers', 'sends headers that never end, one by one', repeat('X: x\r\n', OK), LATE],
    ['trickling-body', 'sends a body that never ends, byte by byte', repeat('1\r\n \r\n', CHUNKED), LATE],
    [
      'processing',
      'announces a response for ever, with 102',
      repeat('HTTP/1.1 102 Processing\r\n\r\n'),
      LATE,
    ],
    ['no-http', 'speaks another protocol', sayAndClose((text) => `SSH-2.0 ${text}`), error(/Parse Error/)],
  ),
  ...onBothLegs('An error, before anything is sent (RFC 6749, section 10.9).', [
    'untrusted',
    'has a certificate that is not trusted',
    'untrusted',
    error(/self-signed certificate/),
  ]),
  ...onBothLegs(
    ONCE,
    [
      'reset-early',
      'resets the connection before a response',
      (socket) => socket.resetAndDestroy(),
      NO_RESPONSE,
    ],
    ['closed-early', 'closes the connection before a response', (socket) => socket.end(), NO_RESPONSE],
    [
      'reset-in-headers',
      'resets the connection in the middle of the headers',
      sayAndReset((text) => `${OK}X-Echo: ${encodeURI(text)}`),
      IN_THE_MIDDLE,
    ],
    [
      'reset-in-body',
      'resets the connection in the middle of the body',
      sayAndReset((text) => response(text, { length: 10_000 })),
      IN_THE_MIDDLE,
    ],
  ),
  ...onBothLegs(
    INCOMPLETE,
    [
      'closed-in-body',
      'closes the connection in the middle of a body of known length',
      sayAndClose((text) => response(text, { length: 10_000 })),
      IN_THE_MIDDLE,
    ],
    [
      'closed-in-chunk',
      'closes the connection in the middle of a chunk',
      sayAndClose((text) => `${CHUNKED}fff\r\n${text}`),
      IN_THE_MIDDLE,
    ],
  ),
  ...onBothLegs('An error: the message is malformed (RFC 9112, section 7.1).', [
    'broken-chunk',
    'sends a chunk without a length',
    sayAndClose((text) => `${CHUNKED}xyz\r\n${text}`),
    error(/(in the middle of its|malformed) response/),
  ]),
  ...onBothLegs('An error: the two are how responses are smuggled (RFC 9112, section 6.3).', [
    'two-lengths',
    'sends two lengths for one body',
    sayAndClose((text) => `${head('Content-Length: 1', 'Content-Length: 2')}${text}`),
    error(/Parse Error/),
  ]),
  ...onBothLegs('An error once, or the login once: never both (jaredhanson/passport-google-oauth2#87).', [
    'nonsense-after',
    'sends a whole response and nonsense right after it',
    say((text) => Buffer.concat([response('{"id":1}'), Buffer.from(text)])),
    error(/Parse Error/),
  ]),
  ...onBothLegs(
    'An error once it is more than any response needs: it is not kept in memory (RFC 9110, section 15.2; RFC 9112, section 7.1.1).',
    [
      'endless-informational',
      'sends as many informational responses as it can, without end',
      flood(`HTTP/1.1 102 Processing\r\nX: ${'x'.repeat(1000)}\r\n\r\n`),
      error(/8388608 bytes/),
    ],
    [
      'endless-extensions',
      'sends a body of little in chunks with long extensions, without end',
      flood(`1;a=${'x'.repeat(10_000)}\r\n \r\n`, CHUNKED),
      error(/8388608 bytes/),
    ],
    [
      'endless-headers',
      'sends more headers than any server needs',
      (socket, { text }) => {
        socket.write(`${OK}X-Echo: ${encodeURI(text)}\r\n`);
        for (let i = 0; i < 1000; i++) socket.write(`X-${String(i)}: ${'x'.repeat(100)}\r\n`);
      },
      error(/overflow/i),
    ],
    [
      'endless-body',
      'sends as much of a body as it can, without end',
      flood('x', head('Content-Type: application/json')),
      error(/1048576 bytes/),
    ],
  ),
  ...onBothLegs('An error: nobody asked for it (RFC 9110, section 7.8), and Node emits none.', [
    'upgrade',
    'upgrades the connection to another protocol',
    say((text) => `HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n${text}`),
    NO_RESPONSE,
  ]),
];

const NETWORK = BROKEN.map((fault) => (fault.arrange.address ? fault : { ...fault, closes: true as const }));

/** The same machine under another name. */
const elsewhere = ({ host = '' }: Received['headers']): string => host.replace('127.0.0.1', 'localhost');
export const ELSEWHERE = '/elsewhere';

/** Redirects are not followed: a request with secrets goes to the host that it is meant for. */
const REDIRECTS = onBothLegs(
  'An error, and nothing goes to the other host: the request holds the client secret or the token (RFC 9700, section 4.11).',
  ...['302 Found', '307 Temporary Redirect'].map((status): OnLeg => {
    const number = status.slice(0, 3);
    return [
      `redirect-${number}`,
      `redirects to another host, with ${number}`,
      (socket, { text, headers }) => {
        const location = `Location: http://${elsewhere(headers)}${ELSEWHERE}`;
        return socket.write(response(text, { status, headers: [location] }));
      },
      error(new RegExp(number)),
    ];
  }),
);

const RESPONSES = [
  ...onBothLegs(
    NO_FALLING_FOR_IT,
    ['401-page', 'sends a page with 401', page('401 Unauthorized'), error(/401/)],
    ['500-page', 'sends a page with 500', page('500 Internal Server Error'), error(/500.*try again/)],
    ['504-page', 'sends a page with 504', page('504 Gateway Timeout'), error(/504.*try again/, 504)],
    ['999-page', 'sends a page with a status that does not exist', page('999 '), error(/999/)],
    ['204', 'sends no content', say(() => 'HTTP/1.1 204 No Content\r\n\r\n'), error(/204/)],
    ...(
      [
        ['empty', 'an empty body', ''],
        ['page', 'a page', '<!doctype html><p>Sign in</p>'],
        ['null', 'null', 'null'],
        ['number', 'a number', '42'],
        ['string', 'a string', '"the-access-token"'],
        ['list', 'a list', '[{"access_token":"a","id":1}]'],
        ['object', 'an empty object', '{}'],
        ['truncated', 'half an object', '{"access_token":"a","id":1'],
        ['two', 'two objects', '{"access_token":"a","id":1}{"access_token":"a","id":1}'],
        ['form', 'a form', 'access_token=a&id=1'],
        ['proto', 'what only __proto__ holds', '{"__proto__":{"access_token":"a","id":1}}'],
        [
          'latin1',
          'text that is not UTF-8',
          Buffer.from('{"access_token":"a","id":1,"name":"Zo\xeb"}', 'latin1'),
          /not UTF-8/,
        ],
        ['gzip', 'bytes that look like gzip', Buffer.of(0x1f, 0x8b, 8, 0, 0xff, 0xfe, 0xc3)],
        ['utf16', 'UTF-16', Buffer.from('{"access_token":"a","id":1}', 'utf16le')],
        ['error', 'an error object', '{"error":"invalid_grant","message":"Bad credentials."}'],
      ] satisfies [string, string, string | Buffer, RegExp?][]
    ).map(([id, what, content, says]): OnLeg => [
      `200-${id}`,
      `sends ${what} with 200`,
      body(content),
      { outcome: 'error', ...(says && { says }) },
    ]),
  ),
  ...onBothLegs('An error that an app passes on as 503: it will work again later (RFC 6585, section 4).', [
    '429-page',
    'sends a page with 429',
    page('429 Too Many Requests'),
    error(/try again/, 503),
  ]),
  ...onBothLegs(
    'An error without a secret in it: errors go into logs (RFC 9700, section 4.2).',
    ...['200 OK', '400 Bad Request', '422 Unprocessable', '500 Internal Server Error'].map(
      (status): OnLeg => [
        `echo-${status.slice(0, 3)}`,
        `sends an error object that repeats the request, with ${status.slice(0, 3)}`,
        echo(status),
        { outcome: 'error' },
      ],
    ),
  ),
];

/** Sends what is right in a response of its own. */
const right =
  (before: string, headers: string[] = [], status = '200 OK'): OnLeg[2] =>
  (socket, _request, leg) =>
    socket.write(response(before + JSON.stringify(RIGHT[leg]), { headers, status }));

const UNUSUAL = [
  ...onBothLegs('The person is signed in under the right name (ciaranj/node-oauth#118: garbled).', [
    'split-characters',
    'sends each byte in a chunk of its own',
    (socket, _request, leg) => {
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
    SIGNED_IN,
  ]),
  ...onBothLegs(
    SAME_LOGIN,
    ['no-type', 'leaves out the content type', right(''), SIGNED_IN],
    [
      'page-type',
      'calls its JSON a page',
      right('', ['Content-Type: text/html; charset=iso-8859-1']),
      SIGNED_IN,
    ],
    ['bom', 'begins with a byte order mark', right('\ufeff'), SIGNED_IN],
    ['created', 'responds with 201', right('', [], '201 Created'), SIGNED_IN],
  ),
  ...onBothLegs('The person is signed in: RFC 9112, section 6.3, allows it.', [
    'until-close',
    'ends its response by closing the connection',
    (socket, _request, leg) => {
      socket.write(head('Connection: close'));
      socket.end(JSON.stringify(RIGHT[leg]));
    },
    SIGNED_IN,
  ]),
  ...onBothLegs('The person is signed in: RFC 9110, section 15.2, has clients wait for the final one.', [
    'early-hints',
    'sends interim responses first',
    (socket, _request, leg) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n');
      socket.write(json(RIGHT[leg]));
    },
    SIGNED_IN,
  ]),
  ...onBothLegs(
    'The person is signed in, over a new connection (RFC 9112, section 9.3.1; ciaranj/node-oauth#368).',
    ...(['closed', 'reset'] as const).map((how): OnLeg => [
      `stale-${how}`,
      `has ${how} the connection that an earlier login left open`,
      (socket, request, leg) => {
        if (!request.isReused) return PROVIDER[leg](socket, request);
        return how === 'closed' ? socket.end() : socket.resetAndDestroy();
      },
      SIGNED_IN,
      1,
    ]),
  ),
  ...onBothLegs(
    'The person is signed in, over a new connection: the server waited for a request, and gave up before it came (RFC 9110, section 15.5.9).',
    [
      'stale-408',
      'sends 408 when it closes the connection that an earlier login left open',
      (socket, request, leg) =>
        request.isReused
          ? socket.end(response('', { status: '408 Request Timeout', headers: ['Connection: close'] }))
          : PROVIDER[leg](socket, request),
      SIGNED_IN,
      1,
    ],
  ),
  ...onBothLegs(
    'One error: a code is sent again once, and not for ever (RFC 6749, section 4.1.2, has it used once).',
    [
      'stale-and-down',
      'has closed the connection that an earlier login left open, and closes the next one too',
      (socket, request, leg) => (request.earlier === 0 ? PROVIDER[leg](socket, request) : socket.end()),
      error(),
      1,
    ],
  ),
];

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
const SAID_AT_DRIBBBLE =
  'An error that says what to do, or a failed login; the provider is asked for nothing (RFC 6749, section 4.1.2.1).';
const REFUSED: Expected = { outcome: 'refused' };
const FORBIDDEN: Expected = { outcome: 'refused', status: 403 };
const DENIED: Expected = { outcome: 'failed login', status: 401 };
const BEGINS: Expected = { outcome: 'login begins' };

type Callback = [id: string, happens: string, brings: string | Arrangement];
/** What the browser brings back, where the same is right: as a query, or arranged otherwise. */
const callbacks = (right: string, expected: Expected, ...rows: Callback[]): Fault[] =>
  rows.map(([id, happens, brings]) => ({
    id: `callback/${id}`,
    happens,
    right,
    arrange: typeof brings === 'string' ? { callback: { query: brings } } : brings,
    expected,
  }));

const CALLBACKS: Fault[] = [
  ...callbacks(
    CSRF,
    FORBIDDEN,
    ['no-state', 'the callback has a code and no state', code],
    ['empty-state', 'the state is empty', `${code}&state=`],
    ['forged-state', 'the state is made up', `${code}&state=forged`],
    ['long-state', 'the state has one character more', `${code}&state=STATEx`],
    ['constructor', 'the state is called as every object has a member', `${code}&state=constructor`],
    ['foreign-state', 'the state is of another person’s login', `${code}&state=SOMEBODY`],
  ),
  ...callbacks(
    'Refused, and the provider is asked for nothing: a state is for one login (RFC 9700, section 4.7.1).',
    FORBIDDEN,
    [
      'replayed',
      'the callback is opened twice',
      { usesBefore: 1, callback: { query: `${code}&state=STATE` } },
    ],
  ),
  ...callbacks(
    POLLUTION,
    FORBIDDEN,
    ['state-twice', 'the state comes twice', `${code}&state=STATE&state=STATE`],
    ['two-states', 'the state comes with a forged one', `${code}&state=STATE&state=forged`],
    ['nested-state', 'the state is nested', `${code}&state[a]=STATE`],
    ['state-in-list', 'the state is in a list', `${code}&state[]=STATE`],
    ['code-twice', 'the code comes twice', `${code}&${code}&state=STATE`],
    ['nested-code', 'the code is nested', `code[a]=c&state=STATE`],
    ['code-in-list', 'the code is in a list', `code[]=c&state=STATE`],
    ['empty-code', 'the code is empty', 'code=&state=STATE'],
    ['error-twice', 'the error comes twice', 'error=access_denied&error=access_denied&state=STATE'],
    ['errors-and-code', 'the error comes twice, with a code', `error=a&error=b&${code}&state=STATE`],
    ['empty-error', 'the error is empty, and there is a code', `error=&${code}&state=STATE`],
    ['nested-error', 'the error is nested', 'error[a]=access_denied&state=STATE'],
  ),
  ...callbacks(
    POLLUTION,
    REFUSED,
    [
      'description-twice',
      'the description of an error comes twice, with a code',
      `${code}&state=STATE&error_description=a&error_description=b`,
    ],
    ['error-and-code', 'there is an error and a code', `error=server_error&${code}&state=STATE`],
    [
      'query-and-form-code',
      'the query has a code and a form says code=d',
      { callback: { query: `${code}&state=STATE`, form: 'code=d' } },
    ],
    [
      'query-and-form-error',
      'the query has a code and a form says error=access_denied',
      { callback: { query: `${code}&state=STATE`, form: 'error=access_denied' } },
    ],
  ),
  ...callbacks(
    'A failed login, not an error: it is for the person to decide (RFC 6749, section 4.1.2.1).',
    DENIED,
    ['denied', 'the person said no', 'error=access_denied&state=STATE'],
    [
      'denied-in-words',
      'the person said no, and Dribbble says so in words',
      'error=access_denied&error_description=No&state=STATE',
    ],
  ),
  ...(
    [
      [
        'error-described',
        'error=redirect_uri_mismatch&error_description=It+differs',
        500,
        /It differs.*callbackURL/,
      ],
      ['error-bare', 'error=temporarily_unavailable', 503, /try again later/],
      ['error-unknown', 'error=x', 500, /RFC 6749/],
    ] as const
  ).flatMap(([id, query, status, says]) =>
    callbacks(SAID_AT_DRIBBBLE, { ...REFUSED, status, says }, [
      id,
      `Dribbble redirects with ${query}`,
      `${query}&state=STATE`,
    ]),
  ),
  ...callbacks(
    'Nobody is signed in: it is no response of RFC 6749, section 4.1.2.',
    { outcome: 'not signed in' },
    ['state-alone', 'there is a state and neither code nor error', 'state=STATE'],
  ),
  ...callbacks(
    'The person is signed in: each login has a state of its own, and nobody can end one that is not theirs.',
    SIGNED_IN,
    ['two-tabs', 'the person has begun two more logins in other tabs', { begunLater: 2 }],
    [
      'forged-before',
      'a callback with a forged state comes first, such as an image of another site asks for',
      { callbackBefore: 'code=forged&state=forged' },
    ],
  ),
  ...callbacks(
    'A login begins: the address is where passport-oauth2 begins one, and other parameters are the app’s.',
    BEGINS,
    ['nothing', 'the callback is opened without a parameter', ''],
    ['other-parameters', 'the callback is opened with a parameter of the app’s', 'page=2'],
  ),
];

const THROWN = 'The error handler gets it, as with any handler of Express: the process goes on.';
const FIRST = 'The first outcome counts, and the process goes on.';
type AppRow = [id: string, happens: string, arrange: Arrangement, expected: Expected];
/** What an app does, where the same is right. */
const apps = (right: string, ...rows: AppRow[]): Fault[] =>
  rows.map(([id, happens, arrange, expected]) => ({
    id: `app/${id}`,
    happens,
    right,
    arrange,
    expected,
    ...((arrange.verify ?? arrange.before) && { only: 'Passport' }),
  }));
const thrown = (): never => {
  throw new Error('it threw');
};
const THREW = error(/^it threw$/, 500);
const regenerates = (regenerate: unknown): Pick<Arrangement, 'before'> => ({
  before: ({ session }) => Object.defineProperty(session, 'regenerate', { value: regenerate }),
});
/** A verify function that calls done with the user, and then does more. */
const doneThen = (more: (done: Done, user: object) => unknown): Arrangement => ({
  verify: (_accessToken, _refreshToken, profile, done) => {
    done(null, userOf(profile));
    return more(done, userOf(profile));
  },
});

const APPS: Fault[] = [
  ...apps('The person is signed in.', ['nothing', 'nothing goes wrong', {}, SIGNED_IN]),
  ...apps(
    THROWN,
    ['verify-throws', 'verify throws', { verify: thrown }, THREW],
    [
      'verify-rejects',
      'verify returns a promise that rejects',
      // eslint-disable-next-line @typescript-eslint/require-await -- as most are written
      { verify: async (_accessToken, _refreshToken, _profile, _done) => thrown() },
      THREW,
    ],
    [
      'verify-rejects-late',
      'verify returns a promise that rejects after a turn',
      {
        verify: async (_accessToken, _refreshToken, _profile, _done) => {
          await new Promise(setImmediate);
          thrown();
        },
      },
      THREW,
    ],
    ['regenerate-throws', 'the session throws when Passport renews it', regenerates(thrown), THREW],
  ),
  ...apps('An Error: next(undefined) would let the request through.', [
    'verify-rejects-with-nothing',
    'verify returns a promise that rejects with nothing',
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what is tested
    { verify: (_accessToken, _refreshToken, _profile, _done) => Promise.reject() },
    error(/undefined/, 500),
  ]),
  ...apps(
    FIRST,
    [
      'done-twice',
      'verify calls done twice',
      doneThen((done, user) => {
        done(null, user);
      }),
      SIGNED_IN,
    ],
    ['done-then-throws', 'verify calls done, then throws', doneThen(thrown), SIGNED_IN],
  ),
  ...apps('The error handler gets what Passport throws then (jaredhanson/passport#907).', [
    'no-regenerate',
    'the session has no regenerate method',
    {
      ...regenerates(undefined),
      // As from a database: after a while.
      verify: (_accessToken, _refreshToken, profile, done) => setImmediate(done, null, userOf(profile)),
    },
    error(/regenerate is not a function/, 500),
  ]),
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
