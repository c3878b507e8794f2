import { expect } from 'chai';
import { DribbbleStrategy, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';

const REQUIRED = { clientID: 'the-client-id', clientSecret: 'the-client-secret' };
const verify = (): void => undefined;

function construct(options: unknown, verifyFunction: unknown = verify): DribbbleStrategy {
  return new DribbbleStrategy(options as DribbbleStrategyOptions, verifyFunction as typeof verify);
}

describe('The options', () => {
  describe('are refused with a TypeError that names the one that is wrong:', () => {
    const cases: [option: string, what: string, options: unknown][] = [
      ['options', 'no options', undefined],
      ['options', 'null', null],
      ['clientID', 'no clientID', { clientSecret: 'x' }],
      ['clientID', 'an undefined clientID, as from an unset variable', { ...REQUIRED, clientID: undefined }],
      ['clientID', 'an empty clientID', { ...REQUIRED, clientID: '' }],
      ['clientID', 'a clientID that is no string', { ...REQUIRED, clientID: 42 }],
      ['clientSecret', 'no clientSecret', { clientID: 'x' }],
      ['clientSecret', 'an empty clientSecret', { ...REQUIRED, clientSecret: ' ' }],
      ['callbackURL', 'an empty callbackURL', { ...REQUIRED, callbackURL: '' }],
      ['callbackURL', 'a malformed callbackURL', { ...REQUIRED, callbackURL: 'http://' }],
      [
        'callbackURL',
        'a callbackURL without its scheme',
        { ...REQUIRED, callbackURL: 'localhost:3000/callback' },
      ],
      ['callbackURL', 'a callbackURL of another scheme', { ...REQUIRED, callbackURL: 'javascript:alert(1)' }],
      ['scope', 'a scope that is a number', { ...REQUIRED, scope: 1 }],
      ['scope', 'a scope with a number in it', { ...REQUIRED, scope: ['public', 1] }],
      ['scopeSeparator', 'a scopeSeparator that is no string', { ...REQUIRED, scopeSeparator: 1 }],
      ['sessionKey', 'an empty sessionKey', { ...REQUIRED, sessionKey: '' }],
      ['store', 'a store without a verify method', { ...REQUIRED, store: { store: verify } }],
      ['store', 'a store that is null', { ...REQUIRED, store: null }],
      ['pkce', 'an unknown pkce method', { ...REQUIRED, pkce: 'S512' }],
      ['pkce', 'pkce without a state to keep its verifier in', { ...REQUIRED, pkce: true, state: false }],
      ['customHeaders', 'customHeaders that are no object', { ...REQUIRED, customHeaders: 'User-Agent: x' }],
      ['customHeaders', 'customHeaders with an invalid name', { ...REQUIRED, customHeaders: { 'a b': 'x' } }],
      [
        'customHeaders',
        'customHeaders with an invalid value',
        { ...REQUIRED, customHeaders: { a: 'x\r\ny' } },
      ],
      ['skipUserProfile', 'a skipUserProfile that is a string', { ...REQUIRED, skipUserProfile: 'yes' }],
      ['timeout', 'a timeout of zero', { ...REQUIRED, timeout: 0 }],
      ['timeout', 'a negative timeout', { ...REQUIRED, timeout: -1 }],
      ['timeout', 'a timeout that is NaN', { ...REQUIRED, timeout: Number.NaN }],
      ['timeout', 'an endless timeout', { ...REQUIRED, timeout: Number.POSITIVE_INFINITY }],
      ['timeout', 'a timeout that is a string', { ...REQUIRED, timeout: '1000' }],
      ['agent', 'an agent that is a URL', { ...REQUIRED, agent: 'http://proxy:3128' }],
      ['agent', 'an agent that is null', { ...REQUIRED, agent: null }],
    ];
    for (const [option, what, options] of cases) {
      it(what, () => {
        expect(() => construct(options)).to.throw(TypeError, option);
      });
    }

    for (const endpoint of ['authorizationURL', 'tokenURL', 'userProfileURL']) {
      for (const url of [
        'http://dribbble.com/oauth',
        'http://localhost.example.com/',
        'http://127.0.0.1.example.com/',
        'http://10.0.0.1/',
        'ftp://dribbble.com/',
        '/oauth/authorize',
        'dribbble.com',
        '',
        null,
        new URL('https://dribbble.com/'),
      ]) {
        it(`${endpoint}: ${String(url)}${url === null || typeof url === 'string' ? '' : ' as an object'}`, () => {
          expect(() => construct({ ...REQUIRED, [endpoint]: url })).to.throw(TypeError, endpoint);
        });
      }
    }

    it('a missing verify function', () => {
      expect(() => construct(REQUIRED, null)).to.throw(TypeError, 'verify');
    });
  });

  describe('are taken:', () => {
    for (const url of [
      'https://dribbble.example.com/x',
      'http://localhost:4000/x',
      'http://dribbble.localhost/x',
      'http://127.0.0.1:4000/x',
      'http://127.8.9.1/x',
      'http://[::1]:4000/x',
    ]) {
      it(`endpoints at ${url}`, () => {
        expect(
          construct({ ...REQUIRED, authorizationURL: url, tokenURL: url, userProfileURL: url }),
        ).to.be.an('object');
      });
    }

    it('undefined for everything that is optional', () => {
      const names = [
        'callbackURL',
        'scope',
        'state',
        'store',
        'pkce',
        'timeout',
        'agent',
        'customHeaders',
        'tokenURL',
      ];
      const unset = Object.fromEntries(names.map((name) => [name, undefined]));
      expect(construct({ ...REQUIRED, ...unset })).to.be.an('object');
    });

    it('frozen, as they are never changed', () => {
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
});
