import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  CookieStateStore,
  DribbbleStrategy,
  type DribbbleStrategyOptions,
  type DribbbleVerifyFunctionWithParams,
} from 'passport-dribbble-oauth2';
import { App } from '../support/app';
import { fakeNames, judge, logIn, Provider, type Seen } from './login';
import { FAULTS, LATE, PERSON, SECRETS, userOf, type Fault } from './table';

/** Milliseconds that a request may take where the timeout ends it, and where it must not. */
const TIMEOUT = 150;
const NEVER = 8000;
/** Bytes of a body without end that may be on their way: the limit, and what the two sockets' buffers hold. */
const MOST_SENT = 16 * 1024 * 1024;

const WORDS = {
  'signed in': 'signs the person in',
  error: 'calls back with one error',
  'failed login': 'fails the login',
  refused: 'refuses the callback',
  'login begins': 'begins a login',
  'not signed in': 'signs nobody in',
};

const byDefault: DribbbleVerifyFunctionWithParams = (_accessToken, _refreshToken, params, profile, done) => {
  done(null, { ...userOf(profile), note: params['note'] });
};

describe('DribbbleStrategy', () => {
  let provider: Provider;
  let app: App | undefined;
  let undo: () => void;
  beforeEach(async () => {
    undo = fakeNames();
    provider = await Provider.start();
  });
  afterEach(async () => {
    await app?.stop();
    await provider.stop();
    undo();
  });

  async function run(fault: Fault, options?: Partial<DribbbleStrategyOptions>, parser?: 'simple') {
    const { verify, before } = fault.arrange;
    const strategy = new DribbbleStrategy(
      {
        ...provider.arrange(fault),
        clientID: 'the-client-id',
        clientSecret: SECRETS.clientSecret,
        timeout: fault.expected === LATE ? TIMEOUT : NEVER,
        ...options,
      },
      (verify ?? byDefault) as () => void,
    );
    app = await App.start(strategy, {
      ...(parser && { parser }),
      before: (req, _res, next) => {
        before?.(req);
        next();
      },
    });
    return logIn(fault, app.login, provider, NEVER);
  }

  function check(fault: Fault, seen: Seen): void {
    const { outcome, says, status } = fault.expected;
    expect(judge(fault, seen), inspect(seen)).to.equal(undefined);
    if (outcome === 'error' || outcome === 'login begins') expect(seen.kind).to.equal(outcome);
    if (status !== undefined) expect(seen.page?.status).to.equal(status);
    if (says) expect(seen.page?.body).to.match(says);
    const outcomes = app?.outcomes ?? [];
    if (seen.kind === 'error') checkError(app?.error, fault);
    const isOutcome = seen.kind === 'error' || seen.kind === 'signed in';
    expect(outcomes).to.have.length(
      isOutcome ? 1 + (fault.arrange.loginsBefore ?? 0) : (fault.arrange.usesBefore ?? 0),
    );
  }

  /** It is fit for a log and for an app's error handler. */
  function checkError(error: App['error'], fault: Fault): void {
    expect(error).to.be.an.instanceOf(Error);
    if (!error) return;
    expect(error.stack).to.contain(error.message);
    expectNoSecret(error, Object.values(SECRETS));
    const leg = fault.id.split('/')[0];
    if (leg !== 'token' && leg !== 'user') return;
    const { tokenURL, userProfileURL } = provider.arrange(fault);
    const { host, pathname } = new URL(leg === 'token' ? tokenURL : userProfileURL);
    expect(error.message).to.contain(host);
    // Sent again once, where the connection was open before.
    const sends = provider.dribbble.received.filter(({ path }) => path === pathname).length;
    const isFirst = leg === 'token' && fault.arrange.loginsBefore === undefined;
    expect(sends - (fault.arrange.loginsBefore ?? 0)).to.be.at.most(isFirst ? 1 : 2);
  }

  for (const fault of FAULTS) {
    const { id, happens, expected, arrange } = fault;

    it(`${WORDS[expected.outcome]} if ${happens} (${id})`, async () => {
      const seen = await run(fault);

      check(fault, seen);
      if (fault.closes) await provider.dribbble.closed();
      if (seen.kind === 'signed in' && !arrange.verify)
        expect(JSON.parse(seen.page?.body ?? '')).to.deep.equal({
          id: '7',
          name: PERSON.name,
          note: PERSON.name,
        });
      const sent = [...provider.dribbble.connections].map(
        (socket) => socket.bytesWritten - socket.writableLength,
      );
      expect(Math.max(0, ...sent)).to.be.below(MOST_SENT);
    });

    if (!arrange.callback || arrange.callback.form) continue;
    it(`${WORDS[expected.outcome]} by CookieStateStore, a form and Express's simple parser if ${happens}`, async () => {
      const form = arrange.callback?.query ?? '';
      const inForm = { ...fault, arrange: { ...arrange, callback: { query: '', form } } };
      const store = new CookieStateStore({ secret: 'a'.repeat(32) });

      check(fault, await run(inForm, { store }, 'simple'));
    });
  }
});

/** Fails where a logger, an error page or a debugger would show a secret of the login, plain or form-encoded. */
function expectNoSecret(error: Error & Record<string, unknown>, secrets: string[]): void {
  const shown = [
    error.message,
    error.stack,
    String(error),
    JSON.stringify(error),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity }),
    // Of a buffer, inspect shows the first bytes only.
    ...Object.values({ ...(error.cause as object | undefined) }).map((value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : '',
    ),
  ].join('\n');
  for (const secret of secrets) {
    expect(shown).not.to.contain(secret);
    expect(shown).not.to.contain(encodeURIComponent(secret));
    expect(shown).not.to.contain(new URLSearchParams([['', secret]]).toString().slice(1));
  }
}
