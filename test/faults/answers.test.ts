import { expect } from 'chai';
import { FaultyLogin, LEGS, type Leg } from '../support/faulty-login';
import { FakeDribbble } from '../support/fake-dribbble';
import { answer } from '../support/raw-server';

// Whole answers, well sent, that a login can't use. Each repeats what the request brought, as a debug page may.

/** What an app should answer, by what a leg's own host answered in HTML. */
const STATUSES: [answered: string, status: number, advice: Record<Leg, RegExp>][] = [
  ['204 No Content', 502, { token: /Check the tokenURL option/, profile: /Check the userProfileURL option/ }],
  [
    '400 Bad Request',
    502,
    { token: /Check the tokenURL option/, profile: /Check the userProfileURL option/ },
  ],
  ['401 Unauthorized', 502, { token: /Check the tokenURL option/, profile: /sign in again/ }],
  ['403 Forbidden', 502, { token: /Check the tokenURL option/, profile: /check the scope option/ }],
  ['404 Not Found', 502, { token: /Check the tokenURL option/, profile: /Check the userProfileURL option/ }],
  ['429 Too Many Requests', 503, { token: /try again later/, profile: /try again in a minute/ }],
  ['500 Internal Server Error', 502, { token: /try again later/, profile: /try again later/ }],
  ['502 Bad Gateway', 502, { token: /try again later/, profile: /try again later/ }],
  ['503 Service Unavailable', 502, { token: /try again later/, profile: /try again later/ }],
  ['504 Gateway Timeout', 504, { token: /try again later/, profile: /try again later/ }],
  ['999 ', 502, { token: /try again later/, profile: /try again later/ }],
];

/** Bodies under a status of success without what any leg needs. */
const BODIES: Record<string, string | Buffer> = {
  'an empty body': '',
  'a page': '<!doctype html><p>Sign in</p>',
  null: 'null',
  true: 'true',
  'a number': '42',
  'a string': '"the-access-token"',
  'a list': '[{"access_token":"a","id":1}]',
  'an empty list': '[]',
  'an empty object': '{}',
  'an object cut short': '{"access_token":"a","id":1',
  'two objects': '{"access_token":"a","id":1}{"access_token":"a","id":1}',
  'a form': 'access_token=a&id=1',
  'what only __proto__ holds': '{"__proto__":{"access_token":"a","id":1}}',
  'bytes that are no UTF-8': Buffer.from('{"access_token":"a","id":1,"name":"Zo\xeb"}', 'latin1'),
  'bytes that claim to be gzip': Buffer.of(0x1f, 0x8b, 8, 0, 0xff, 0xfe, 0xc3),
  'UTF-16': Buffer.from('{"access_token":"a","id":1}', 'utf16le'),
};

const TOKENS: Record<string, object> = {
  null: { access_token: null },
  'a number': { access_token: 42 },
  'an object': { access_token: { toString: 'a' } },
  'a list': { access_token: ['a'] },
  true: { access_token: true },
  'an empty string': { access_token: '' },
  'a blank': { access_token: ' ' },
  'two lines, the second a header': { access_token: 'a\r\nX-Admin: 1' },
  'text beyond ASCII': { access_token: 'tökén' },
  'of another type': { access_token: 'a', token_type: 'mac' },
  'of a type that is no string': { access_token: 'a', token_type: ['bearer'] },
};

/** Apps keep accounts by this id: one that several people share would sign them into each other's account. */
const IDS: Record<string, string> = {
  null: 'null',
  true: 'true',
  false: 'false',
  'an object': '{"toString":"1"}',
  'a list': '[1]',
  'an empty string': '""',
  'a blank string': '" \\t\\n\\u00a0"',
  'a fraction': '1.5',
  negative: '-1',
  'not a number': 'NaN',
  'too large to be told from the next': '9007199254740993',
  'beyond all numbers': '1e400',
};

for (const leg of Object.keys(LEGS) as Leg[]) {
  const { path, option } = LEGS[leg];

  describe(`an answer on the ${leg} leg`, () => {
    let faulty: FaultyLogin;
    beforeEach(async () => (faulty = await FaultyLogin.start(leg)));
    afterEach(() => faulty.stop());

    for (const [answered, status, advice] of STATUSES) {
      it(`ends in an error with status ${String(status)} where it is ${answered} in HTML`, async () => {
        faulty.raw.behave = (socket, request) =>
          socket.write(
            answer(answered.startsWith('204') ? '' : `<pre>${request}</pre>`, { status: answered }),
          );

        const error = await faulty.fails();

        expect(error.message).to.contain(`${faulty.raw.host} answered ${answered.slice(0, 3)}`);
        expect(error.message).to.match(advice[leg]);
        expect(error).to.have.property('status', status);
      });
    }

    for (const status of ['301 Moved', '302 Found', '303 See Other', '307 Temporary', '308 Permanent']) {
      it(`ends in an error, and goes nowhere else, where it is ${status}`, async () => {
        const elsewhere = await FakeDribbble.start();
        const { tokenURL, userProfileURL } = elsewhere.endpoints;
        const location = leg === 'token' ? tokenURL : userProfileURL;
        faulty.raw.behave = (socket, request) =>
          socket.write(answer(request, { status, headers: [`Location: ${location}`] }));

        const error = await faulty.fails();
        await elsewhere.stop();

        expect(error.message)
          .to.contain(`${faulty.raw.host} answered ${status.slice(0, 3)}`)
          .and.contain(`Check the ${option} option`);
        expect(error).to.have.property('status', 502);
        expect(elsewhere.received).to.be.empty;
        expect(faulty.raw.requests).to.have.length(1);
      });
    }

    for (const [what, body] of Object.entries(BODIES)) {
      it(`ends in an error where it is ${what}`, async () => {
        faulty.raw.behave = (socket) => socket.write(answer(body));

        const error = await faulty.fails();

        expect(error.message).to.contain(faulty.raw.host).and.contain('answered 200 with ');
        expect(error).to.include({ name: 'InternalOAuthError', status: 502 });
      });
    }

    for (const status of ['200 OK', '400 Bad Request', '422 Unprocessable', '500 Internal Server Error']) {
      it(`ends in an error that hides what it repeats, where it is an error object under ${status}`, async () => {
        faulty.raw.behave = (socket, request) => {
          // Messages are cut: the end of a request is where the secrets are.
          const end = request.slice(-120);
          const echo = `${end} ${decodeURIComponent(end)}`;
          socket.write(
            answer(JSON.stringify({ error: echo, error_description: echo, error_uri: echo, message: echo }), {
              status,
            }),
          );
        };

        const error = await faulty.fails();

        expect(error.message).to.contain(`${faulty.raw.host} answered `);
        // The answer is quoted, but for an object that is neither an error nor a user.
        if (leg === 'token' || !status.startsWith('200')) expect(error.message).to.contain('[hidden]');
      });
    }

    it('is asked for in a URL without secrets', async () => {
      faulty.raw.behave = (socket) => socket.write(answer(JSON.stringify(LEGS[leg].right)));

      await faulty.succeeds();

      expect(faulty.raw.requests[0]).to.match(new RegExp(`^\\w+ ${path} HTTP/1\\.1\\r\\n`));
    });
  });
}

describe('an answer of the token endpoint', () => {
  for (const [what, token] of Object.entries(TOKENS)) {
    it(`ends in an error where its token is ${what}`, async () => {
      const faulty = await FaultyLogin.start('token');
      faulty.raw.behave = (socket) => socket.write(answer(JSON.stringify(token)));

      const error = await faulty.fails();
      await faulty.stop();

      expect(error.message).to.contain('not with an access token that can be used');
      expect(error).to.have.property('status', 502);
      expect(faulty.dribbble.received, 'requests for a profile').to.be.empty;
    });
  }
});

describe('a user', () => {
  for (const [what, id] of Object.entries(IDS)) {
    it(`is an error where the id is ${what}`, async () => {
      const faulty = await FaultyLogin.start('profile');
      faulty.raw.behave = (socket) => socket.write(answer(`{"login":"maya","id":${id}}`));

      const error = await faulty.fails();
      await faulty.stop();

      expect(error.message).to.contain('not with a user with an id');
      expect(error).to.have.property('status', 502);
    });
  }
});
