import * as http from 'node:http';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import express from 'express';
import * as fc from 'fast-check';
import { DribbbleStrategy, type DribbbleProfile } from 'passport-dribbble-oauth2';
import { authenticate, expectKind, login, type Outcome } from '../support/authenticate';
import { TOKEN, USER } from '../support/fake-dribbble';
import { response } from '../support/servers';

/**
 * An agent whose connections lead to a function, for tests that make thousands of them: Node's own HTTP client
 * runs on them as on sockets. Each takes one request, and ends after the bytes of the response.
 */
class InProcessAgent extends http.Agent {
  readonly sent: string[] = [];

  constructor(private readonly respond: (request: string) => Uint8Array) {
    super({ keepAlive: false });
  }

  override createConnection(): Duplex {
    // Node's client writes a request's head and body at once.
    const take = (request: string, taken: () => void): void => {
      this.sent.push(request);
      taken();
      setImmediate(() => {
        connection.push(this.respond(request));
        connection.push(null);
      });
    };
    const connection = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, taken) => {
        take(chunk.toString(), taken);
      },
      writev: (chunks, taken) => {
        take(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)).toString(), taken);
      },
    });
    return connection;
  }
}

// The same run each time, so that a change fails by its own fault; FC_RUNS makes it longer, and each such run another.
// FC_SEED repeats one.
const RUNS = Number(process.env['FC_RUNS'] ?? 12_000);
const SEED = Number(process.env['FC_SEED'] ?? (process.env['FC_RUNS'] ? Date.now() % 2 ** 31 : 20_261_124));

/** Every login here is answered at once: where this deadline is met, something hangs. */
const TIMEOUT = 5000;

interface Bytes {
  token?: Uint8Array;
  user?: Uint8Array;
}

function arrange({ token, user }: Bytes = {}): { agent: InProcessAgent; strategy: DribbbleStrategy } {
  const agent = new InProcessAgent((request) =>
    request.startsWith('POST ')
      ? (token ?? response(JSON.stringify(TOKEN)))
      : (user ?? response(JSON.stringify(USER))),
  );
  const strategy = new DribbbleStrategy(
    {
      clientID: 'the-client-id',
      clientSecret: 'the-client-secret',
      authorizationURL: 'http://localhost/authorize',
      tokenURL: 'http://localhost/token',
      userProfileURL: 'http://localhost/user',
      timeout: TIMEOUT,
      agent,
    },
    (accessToken, _refreshToken, profile) => ({ accessToken, profile }),
  );
  return { agent, strategy };
}

/** Who was signed in, or undefined where it ended in an error for the app's handler; anything else is a failure. */
function signedIn(outcome: Outcome): { accessToken: string; profile: DribbbleProfile } | undefined {
  if (outcome.kind === 'success') return outcome.user as { accessToken: string; profile: DribbbleProfile };
  const { error } = expectKind(outcome, 'error');
  expect(error.name).to.be.oneOf(['InternalOAuthError', 'TokenError', 'DribbbleAPIError']);
  expect(error['status'], 'a hang').not.to.equal(504);
  expect(error.message).to.contain('localhost');
  return undefined;
}

/** Values in the neighbourhood of the right ones, where a mistake would hide. */
const near = (...right: unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...right) },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 2 ** 53, 1e308, '', ' ', '\0', 'null', [], {}, [[]]),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.jsonValue({ maxDepth: 2 }),
  );

const json = (members: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<string> => {
  const record = fc.record(members, { requiredKeys: [] }).map((value) => JSON.stringify(value));
  return fc.oneof({ weight: 4, arbitrary: record }, fc.json());
};

const tokenAnswer = json({
  access_token: near('the-access-token'),
  token_type: near('bearer', 'Bearer', 'mac'),
  error: near(undefined, 'invalid_grant'),
  error_description: near('Expired.'),
  refresh_token: near('the-refresh-token'),
});

const status = fc.oneof(
  { weight: 4, arbitrary: fc.constant('200 OK') },
  fc.constantFrom('201 Created', '302 Found', '401 No', '429 Slow', '500 Oh'),
);

/** Bytes in place of an answer: of a body, with a body's start or end missing, or of anything at all. */
const bytes = (text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> => {
  const anything = fc.uint8Array({ maxLength: 200 });
  const body = fc.oneof({ weight: 4, arbitrary: text.map((each) => Buffer.from(each)) }, anything);
  const whole = fc.tuple(body, status).map(([each, line]) => response(Buffer.from(each), { status: line }));
  return fc.oneof(
    { weight: 6, arbitrary: whole },
    { weight: 2, arbitrary: fc.tuple(whole, fc.nat(300)).map(([full, cut]) => full.subarray(0, cut)) },
    { weight: 1, arbitrary: fc.tuple(whole, anything).map((parts) => Buffer.concat(parts)) },
    { weight: 1, arbitrary: anything },
  );
};

/** What a whole answer's body says, or undefined where it is no JSON object. What follows the body is none of it. */
function content(wire: Uint8Array): Record<string, unknown> | undefined {
  const all = Buffer.from(wire);
  const start = all.indexOf('\r\n\r\n') + 4;
  const length = /^content-length: (\d+)/im.exec(all.toString('latin1', 0, start))?.[1];
  try {
    const value: unknown = JSON.parse(
      all.toString('utf8', start, length === undefined ? undefined : start + Number(length)),
    );
    return Object(value) === value ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function holds<T extends unknown[]>(property: fc.IAsyncProperty<T>): Promise<void> {
  return fc.assert(property, { seed: SEED, numRuns: Math.ceil(RUNS / 3) });
}

describe('DribbbleStrategy', () => {
  before(() => {
    console.log(`    FC_SEED=${String(SEED)} FC_RUNS=${String(RUNS)}`);
  });

  it('calls back once, whatever the token response, and signs in with that very token only', async () => {
    await holds(
      fc.asyncProperty(bytes(tokenAnswer), async (token) => {
        const { agent, strategy } = arrange({ token });
        const user = signedIn(await login(strategy));
        expect(agent.sent).to.have.length(user ? 2 : 1);
        if (!user) return;
        expect(user.accessToken).to.match(/^[!-~]+$/);
        expect(agent.sent[1]).to.contain(`Authorization: Bearer ${user.accessToken}\r\n`);
        expect(content(token)?.['access_token']).to.equal(user.accessToken);
      }),
    );
  }).timeout(600_000);

  it('calls back once, whatever the user response, and signs in that very user only', async () => {
    const answers = json({
      id: near(1, 7, '1', 'maya'),
      login: near('maya'),
      name: near('Maya'),
      html_url: near('https://dribbble.com/maya', 'javascript:alert(1)'),
    });
    await holds(
      fc.asyncProperty(bytes(answers), async (user) => {
        const { strategy } = arrange({ user });
        const profile = signedIn(await login(strategy))?.profile;
        if (!profile) return;
        const id = content(user)?.['id'];
        expect(profile.id).to.equal(String(id)).and.match(/\S/);
        expect(typeof id === 'string' || Number.isSafeInteger(id)).to.equal(true);
        expect(profile.profileUrl ?? 'https://').to.match(/^https?:/);
      }),
    );
  }).timeout(600_000);

  it("calls back once, whatever the callback's query, and signs in with the right state only", async () => {
    const name = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('code', 'state') },
      fc.constantFrom('code[]', 'code[a]', 'state[]', 'state[a][b]', 'error', 'error[]', 'error_description'),
      fc.constantFrom('__proto__', 'constructor', 'hasOwnProperty', 'error_uri', 'x'),
    );
    const value = fc.oneof(
      { weight: 3, arbitrary: fc.constant('STATE') },
      fc.constantFrom('', 'access_denied', 'null', '[object Object]'),
      fc.string({ unit: 'binary', maxLength: 8 }),
    );
    const callback = fc.record({
      pairs: fc.array(fc.tuple(name, value, fc.boolean()), { maxLength: 5 }),
      parser: fc.constantFrom('simple', 'extended'),
    });
    await holds(
      fc.asyncProperty(callback, async ({ pairs, parser }) => {
        const { agent, strategy } = arrange();
        const session = {};
        const { url } = expectKind(await authenticate(strategy, { session }), 'redirect');
        const state = url.searchParams.get('state') ?? '';
        const filled = pairs.map(
          ([key, text, inForm]) => [key, text.replace('STATE', state), inForm] as const,
        );
        const parse = express().set('query parser', parser).get('query parser fn') as (
          text: string,
        ) => Record<string, unknown>;
        const parsed = (wanted: boolean): Record<string, unknown> =>
          parse(
            filled
              .filter(([, , inForm]) => inForm === wanted)
              .map(([key, text]) => `${encodeURIComponent(key)}=${encodeURIComponent(text)}`)
              .join('&'),
          );
        const outcome = await authenticate(strategy, { session, query: parsed(false), body: parsed(true) });
        const values = (wanted: string): string[] =>
          filled.filter(([key]) => key === wanted).map(([, text]) => text);
        const isRight =
          values('code').length === 1 &&
          values('code')[0] !== '' &&
          values('state').length === 1 &&
          values('state')[0] === state &&
          values('error').length === 0;
        if (outcome.kind === 'success' || agent.sent.length > 0) expect(isRight).to.equal(true);
        if (outcome.kind === 'success') expect(agent.sent).to.have.length(2);
        if (outcome.kind === 'error') expect(outcome.error.name).to.equal('AuthorizationError');
      }),
    );
  }).timeout(600_000);
});
