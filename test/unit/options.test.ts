import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { DribbbleStrategy, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { loadAgain } from '../support/load-again';

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
    ['tokenURL', 'of another scheme', 'ftp://dribbble.com/'],
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
    ['store', 'false', false],
    ['passReqToCallback', 'a string', 'true'],
    ['pkce', 'an unknown method', 'S512'],
    ['customHeaders', 'a string', 'User-Agent: x'],
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
    ['tokenURL', 'http://127.10.20.30:3000/token'],
    ['tokenURL', 'http://dribbble.app.localhost/token'],
  ] as const) {
    it(`take ${option}: ${String(value)}`, () => {
      expect(() => construct({ ...REQUIRED, [option]: value })).not.to.throw();
    });
  }

  it('throw a TypeError that names pkce if there is no state to keep its verifier in', () => {
    expect(() => construct({ ...REQUIRED, pkce: true, state: false })).to.throw(TypeError, 'pkce');
  });

  for (const options of [undefined, null]) {
    it(`throw a TypeError if they are ${String(options)}`, () => {
      expect(() => construct(options)).to.throw(TypeError, 'options');
    });
  }

  for (const arity of [2, 3, 4]) {
    it(`throw a TypeError that names pkce if the store's store method takes ${String(arity)} parameters`, () => {
      const store = Object.defineProperty(() => undefined, 'length', { value: arity });
      const options = { ...REQUIRED, store: { store, verify } };
      expect(() => construct({ ...options, pkce: true })).to.throw(TypeError, 'pkce');
      expect(() => construct({ ...options, pkce: false })).not.to.throw();
    });
  }

  it('warn once a process of a callback URL over http on a host that is not loopback', () => {
    const warnings: string[] = [];
    const emitWarning = process.emitWarning.bind(process);
    process.emitWarning = (warning: string | Error) => void warnings.push(String(warning));
    try {
      const { DribbbleStrategy: Strategy } = loadAgain();
      for (const callbackURL of [
        '/callback',
        'https://app.example.com/callback',
        'http://localhost:3000/callback',
        'http://127.0.0.1:3000/callback',
        'com.example.app:/callback',
      ]) {
        new Strategy({ ...REQUIRED, callbackURL }, verify);
      }
      expect(warnings).to.deep.equal([]);
      new Strategy({ ...REQUIRED, callbackURL: 'http://app.example.com/callback' }, verify);
      new Strategy({ ...REQUIRED, callbackURL: 'http://other.example.com/callback' }, verify);
    } finally {
      process.emitWarning = emitWarning;
    }
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/callbackURL is at http:\/\/app\.example\.com.*Use https/);
  });

  it('throw a TypeError that names state: false if the store is false', () => {
    expect(() => construct({ ...REQUIRED, store: false })).to.throw(TypeError, 'state: false');
  });

  it('take null and the empty string where passport-oauth2 takes them as left out', () => {
    construct({ ...REQUIRED, callbackURL: '', scope: '', store: null });
    construct({ ...REQUIRED, callbackURL: null, scope: null });
  });

  it("take a callback URL of an app's own scheme", () => {
    construct({ ...REQUIRED, callbackURL: 'myapp://signed-in' });
    construct({ ...REQUIRED, callbackURL: 'com.example.app:/signed-in' });
  });

  it('throw a TypeError if the verify function is missing', () => {
    expect(() => construct(REQUIRED, null)).to.throw(TypeError, 'verify');
  });

  for (const url of [
    'https://dribbble.example.com/x',
    'http://localhost:4000/x',
    'http://dribbble.localhost/x',
    'http://127.0.0.1:4000/x',
    'http://127.8.9.1/x',
    'http://[::1]:4000/x',
  ]) {
    it(`take endpoints at ${url}`, () => {
      construct({ ...REQUIRED, authorizationURL: url, tokenURL: url, userProfileURL: url });
    });
  }

  it('take undefined for everything that is optional', () => {
    const given = new Set(malformed.map(([option]) => option));
    const unset = Object.fromEntries([...given, 'state', 'proxy'].map((name) => [name, undefined]));
    construct({ ...unset, ...REQUIRED });
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

  describe('with a scope that Dribbble does not have', () => {
    /** The process warnings of a program that makes strategies with these scopes. In a new process: it warns once. */
    function warningsOf(...scopes: unknown[]): string[] {
      const program = `
        const { DribbbleStrategy } = require('passport-dribbble-oauth2');
        process.on('warning', ({ message }) => process.stdout.write(message + '\\n'));
        for (const scope of ${JSON.stringify(scopes)})
          new DribbbleStrategy({ clientID: 'id', clientSecret: 'secret', scope }, () => undefined);`;
      const register = require.resolve('../support/register.cjs');
      const { stdout } = spawnSync(
        process.execPath,
        ['--no-warnings', '--require', register, '-e', program],
        {
          cwd: `${__dirname}/../..`,
          encoding: 'utf8',
        },
      );
      return stdout.split('\n').filter((line) => line !== '');
    }

    it('warn once, and name it', () => {
      expect(warningsOf('public publik', ['write'])).to.deep.equal([
        'Dribbble has no scope "publik": its scopes are public and upload.',
      ]);
    });

    it('do not warn of the scopes that it has', () => {
      expect(warningsOf('public', 'public upload', ['public', 'upload'], '', null)).to.be.empty;
    });
  });
});
