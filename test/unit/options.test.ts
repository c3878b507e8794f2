import { Agent } from 'node:https';
import { expect } from 'chai';
import { CookieStateStore, DribbbleStrategy, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { attempt, authenticate, expectKind } from '../support/authenticate';
import { loadAgain } from '../support/process';

const REQUIRED = { clientID: 'the-client-id', clientSecret: 'the-client-secret' };
const verify = (): void => undefined;

function construct(options: unknown, verifyFunction: unknown = verify): DribbbleStrategy {
  return new DribbbleStrategy(options as DribbbleStrategyOptions, verifyFunction as typeof verify);
}

describe('DribbbleStrategyOptions', () => {
  const malformed: [option: keyof DribbbleStrategyOptions, what: string, value: unknown][] = [
    ['clientID', 'undefined, as from a variable that is not set', undefined],
    ['clientID', 'empty', ''],
    ['clientID', 'a number', 42],
    ['clientSecret', 'undefined', undefined],
    ['clientSecret', 'blank', ' '],
    ['callbackURL', 'malformed', 'http://'],
    ['callbackURL', 'without its scheme', 'localhost:3000/callback'],
    ['callbackURL', 'a script', 'javascript:alert(1)'],
    ['authorizationURL', 'not https', 'http://dribbble.com/oauth'],
    ['tokenURL', 'not https', 'http://dribbble.com/oauth'],
    ['userProfileURL', 'not https', 'http://dribbble.com/oauth'],
    // The three are checked by one function.
    ['tokenURL', 'http on a host whose name begins with localhost', 'http://localhost.example.com/'],
    ['tokenURL', 'http on a host whose name ends with localhost', 'http://notlocalhost/'],
    ['tokenURL', 'http on a host whose name begins with 127.0.0.1', 'http://127.0.0.1.example.com/'],
    ['tokenURL', 'http on a host of the local network', 'http://10.0.0.1/'],
    ['tokenURL', 'of another scheme', 'ftp://localhost/'],
    ['tokenURL', 'without a slash before the host', 'https:dribbble.com/oauth/token'],
    ['tokenURL', 'with one slash before the host', 'https:/dribbble.com/oauth/token'],
    ['tokenURL', 'with three slashes before the host', 'https:///dribbble.com/oauth/token'],
    ['tokenURL', 'a path', '/oauth/authorize'],
    ['tokenURL', 'a host', 'dribbble.com'],
    ['tokenURL', 'empty', ''],
    ['tokenURL', 'null', null],
    ['tokenURL', 'a URL object', new URL('https://dribbble.com/')],
    ['scope', 'a number', 1],
    ['scope', 'an array with a number', ['public', 1]],
    ['scopeSeparator', 'a number', 1],
    ['sessionKey', 'empty', ''],
    ['store', 'without a verify method', { store: verify }],
    ['store', 'without a store method', { verify }],
    ['store', 'false', false],
    ['store', 'a class with static methods', Object.assign(() => undefined, { store: verify, verify })],
    ['proxy', 'a string', 'false'],
    ['passReqToCallback', 'a string', 'true'],
    ['pkce', 'an unknown method', 'S512'],
    ['customHeaders', 'a string', 'User-Agent: x'],
    ['customHeaders', 'null', null],
    ['customHeaders', 'an object with an invalid name', { 'a b': 'x' }],
    ['customHeaders', 'an object with an invalid value', { a: 'x\r\ny' }],
    ['skipUserProfile', 'a string', 'yes'],
    ['timeout', 'zero', 0],
    ['timeout', 'negative', -1],
    ['timeout', 'not a number', Number.NaN],
    ['timeout', 'infinite', Number.POSITIVE_INFINITY],
    ['timeout', 'more than a timer takes', 2 ** 31],
    ['timeout', 'a string', '1000'],
    ['agent', 'a URL', 'http://proxy:3128'],
    ['agent', 'null', null],
  ];
  for (const [option, what, value] of malformed) {
    it(`throw a TypeError that names ${option}, and says what it must be, if it is ${what}`, () => {
      const says = new RegExp(`${option} option(?: must (?:not )?be \\w|:)`);
      expect(() => construct({ ...REQUIRED, [option]: value })).to.throw(TypeError, says);
    });
  }

  for (const [option, value] of [
    ['store', true],
    ['timeout', 2 ** 31 - 1],
    ['pkce', 'S256'],
    ['pkce', 'plain'],
    // Of an app's own scheme.
    ['callbackURL', 'myapp://signed-in'],
    ['callbackURL', 'com.example.app:/signed-in'],
    // Where passport-oauth2 takes them as left out.
    ['callbackURL', ''],
    ['callbackURL', null],
    ['scope', ''],
    ['scope', null],
    ['store', null],
    // The three endpoints are checked by one function.
    ['authorizationURL', 'https://dribbble.test/x'],
    ['tokenURL', 'http://localhost:4000/x'],
    ['tokenURL', 'http://dribbble.app.localhost/x'],
    ['tokenURL', 'http://127.8.9.10/x'],
    ['userProfileURL', 'http://[::1]:4/x'],
  ] as const) {
    it(`take ${option}: ${JSON.stringify(value)}`, () => {
      expect(() => construct({ ...REQUIRED, [option]: value })).not.to.throw();
    });
  }

  for (const [what, options, verifyFunction, says] of [
    ['they are undefined', undefined, verify, 'options'],
    ['they are null', null, verify, 'options'],
    ['the verify function is missing', REQUIRED, null, 'DribbbleStrategy requires a verify'],
    ['the store is false', { ...REQUIRED, store: false }, verify, 'state: false'],
  ] as const) {
    it(`throw a TypeError that says so if ${what}`, () => {
      expect(() => construct(options, verifyFunction)).to.throw(TypeError, says);
    });
  }

  it('throw a TypeError that names pkce if there is neither state nor a store to keep its verifier in', () => {
    const options = { ...REQUIRED, pkce: true, state: false };
    expect(() => construct(options)).to.throw(TypeError, 'pkce');
    construct({ ...options, store: new CookieStateStore({ secret: 'x'.repeat(32) }) });
  });

  for (const arity of [2, 3, 4]) {
    it(`throw a TypeError that names pkce if the store's store method takes ${String(arity)} parameters`, () => {
      const store = Object.defineProperty(() => undefined, 'length', { value: arity });
      const options = { ...REQUIRED, store: { store, verify } };
      expect(() => construct({ ...options, pkce: true })).to.throw(TypeError, 'pkce');
      expect(() => construct({ ...options, pkce: false })).not.to.throw();
    });
  }

  /** What the process is warned of while strategies are made with these options, and asked for a login with those. */
  function warningsOf(constructed: object[], authenticated: object[] = []): unknown[][] {
    const warnings: unknown[][] = [];
    const emitWarning = process.emitWarning.bind(process);
    process.emitWarning = (...warning: unknown[]) => void warnings.push(warning);
    try {
      const { DribbbleStrategy: Strategy } = loadAgain(); // it warns once a process
      for (const options of constructed) new Strategy({ ...REQUIRED, ...options }, verify);
      for (const options of authenticated)
        attempt(new Strategy({ ...REQUIRED, agent: new Agent() }, verify), {}, options, () => undefined);
    } finally {
      process.emitWarning = emitWarning;
    }
    return warnings;
  }

  it('warn once a process of a callback URL over http on a host that is not loopback', () => {
    const local = ['http://localhost:3000/', 'http://127.0.0.1/'];
    const right = ['/callback', 'https://app.test/', 'app.test:/', ...local];
    expect(warningsOf(right.map((callbackURL) => ({ callbackURL })))).to.be.empty;
    const wrong = ['http://app.test/callback', 'http://other.test/'].map((callbackURL) => ({ callbackURL }));
    for (const warnings of [warningsOf(wrong), warningsOf([], wrong)]) {
      expect(warnings).to.have.length(1);
      const [message, options] = warnings[0] ?? [];
      expect(message).to.match(/callbackURL is at http:\/\/app\.test.*Use https/);
      expect(options).to.deep.equal({ type: 'SecurityWarning', code: 'DRIBBBLE_PLAIN_HTTP' });
    }
  });

  it('warn once a process of a scope that Dribbble does not have, and name it', () => {
    const right = ['public', ' public  upload', ['public', 'upload'], ['upload '], '', null].map((scope) => ({
      scope,
    }));
    const separated = { scope: 'public,upload', scopeSeparator: ',' };
    expect(warningsOf([...right, separated], right)).to.be.empty;
    const wrong = [{ scope: 'public publik' }, { scope: ['write'] }];
    for (const warnings of [warningsOf(wrong), warningsOf([], wrong)]) {
      expect(warnings).to.have.length(1);
      expect(warnings[0]?.[0]).to.include('"publik"').and.include('public and upload');
    }
  });

  it('take undefined for everything that is optional', () => {
    const given = new Set(malformed.map(([option]) => option));
    const unset = Object.fromEntries([...given, 'state', 'proxy'].map((name) => [name, undefined]));
    construct({ ...unset, ...REQUIRED });
  });

  it('count as well where they are inherited', async () => {
    const callbackURL = 'https://app.example/cb';
    const strategy = construct(
      Object.create({ ...REQUIRED, scope: 'upload', callbackURL, agent: new Agent() }),
    );
    for (const [options, scope] of [
      [{}, 'upload'],
      [Object.create({ scope: 'public' }) as object, 'public'],
    ] as const) {
      const { url } = expectKind(await authenticate(strategy, {}, options), 'redirect');
      const sent = { client_id: REQUIRED.clientID, redirect_uri: callbackURL, scope };
      expect(Object.fromEntries(url.searchParams)).to.include(sent);
    }
  });

  it('are not changed', () => {
    const options = Object.freeze({
      ...REQUIRED,
      scope: Object.freeze(['public']),
      customHeaders: Object.freeze({ 'User-Agent': 'example' }),
    });
    const before = structuredClone(options);
    construct(options);
    expect(options).to.deep.equal(before);
  });
});
