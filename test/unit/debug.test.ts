import util = require('node:util');
import { expect } from 'chai';
import type { DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { authenticate, login } from '../support/authenticate';
import { CODE, FakeDribbble, TOKEN } from '../support/fake-dribbble';
import { loadAgain } from '../support/process';

describe('NODE_DEBUG=passport-dribbble-oauth2', () => {
  const { debuglog } = util;
  const callbackURL = 'http://localhost:3000/callback';
  let dribbble: FakeDribbble;
  /** What is printed. */
  let lines: string[];
  let lib: ReturnType<typeof loadAgain>;
  beforeEach(async () => {
    dribbble = await FakeDribbble.start();
    lines = [];
    // Node reads the variable once, as it starts.
    util.debuglog = (section: string) =>
      Object.assign((...line: unknown[]) => lines.push(`${section}: ${util.format(...line)}`), {
        enabled: true,
      });
    lib = loadAgain();
    util.debuglog = debuglog;
  });
  afterEach(() => dribbble.stop());

  const strategy = (options: Partial<DribbbleStrategyOptions> = {}, user: unknown = {}) =>
    new lib.DribbbleStrategy(
      { clientID: 'the-id', clientSecret: 'the-client-secret', ...dribbble.endpoints, ...options },
      () => user,
    );
  /** The steps that were printed since the last call, without what differs from run to run. */
  const steps = (): string[] =>
    lines
      .splice(0)
      .map((line) => line.replace(/^passport-dribbble-oauth2: /, '').replace(/ \d{1,4} ms/, ' N ms'))
      .map((line) => line.replaceAll(dribbble.host, 'HOST'));

  it('prints one line for each step of a login, with no secret in it', async () => {
    const session = {};
    const ours = strategy({ callbackURL });
    const begun = await authenticate(ours, { session });
    const state = begun.kind === 'redirect' ? begun.url.searchParams.get('state') : null;
    await authenticate(ours, { session, query: { code: CODE, state } });
    await authenticate(ours, { session, query: { code: CODE, state } });
    const { code_verifier } = dribbble.tokenForm;
    for (const secret of [state, CODE, TOKEN.access_token, code_verifier, 'the-client-secret'])
      expect(lines.join('\n')).not.to.include(String(secret));
    expect(steps()).to.deep.equal([
      `login begun: redirect_uri ${callbackURL}`,
      'callback: the state is right',
      'HOST: 200 after N ms',
      'HOST: 200 after N ms',
      'signed in',
      'failed login: state_used',
    ]);
  });

  it('prints how a login went wrong', async () => {
    await login(strategy({}, false));
    expect(steps()[0]).to.equal('login begun: redirect_uri left out');
    dribbble.token = { status: 400, json: { error: 'invalid_grant' } };
    await login(strategy());
    expect(steps().slice(2)).to.deep.equal(['HOST: 400 after N ms', 'error: TokenError invalid_grant']);
    dribbble.token = (socket) => socket.destroy();
    await login(strategy());
    expect(steps().slice(2)).to.deep.equal(['HOST: no response after N ms', 'error: InternalOAuthError ']);
    await login(strategy(), { query: { error: 'access_denied' } });
    expect(steps().slice(2)).to.deep.equal(['failed login: access_denied']);
  });

  it('ends the login in the error that an error throws when it is printed', async () => {
    const thrown = new Error('It can not be printed.');
    const toString = (): never => {
      throw thrown;
    };
    const failure = Object.assign(new Error('The database is down.'), { code: { toString } });
    const verify = (): Promise<never> => Promise.reject(failure);
    const credentials = { clientID: 'the-id', clientSecret: 'the-client-secret' };
    const outcome = await login(new lib.DribbbleStrategy({ ...credentials, ...dribbble.endpoints }, verify));
    expect(outcome).to.deep.equal({ kind: 'error', error: thrown });
  });

  it('prints that a hook passed the request on', async () => {
    const ours = strategy();
    ours.userProfile = function (this: { pass?: () => void }): void {
      this.pass?.();
    };
    expect(await login(ours)).to.deep.equal({ kind: 'pass' });
    expect(steps().at(-1)).to.equal('passed on');
  });

  it('prints that verify found nobody', async () => {
    await login(strategy({}, null));
    expect(steps().at(-1)).to.equal('failed login: verify found no user');
  });
});
