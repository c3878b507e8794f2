import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { startSandbox, type Sandbox } from '../../example/sandbox';
import { Browser, type Page } from '../support/browser';
import { authorize } from '../support/example';

const callbackURL = 'http://localhost:3000/auth/dribbble/callback';

describe("The sandbox, Dribbble's stand-in", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox({ port: 0, callbackURL, applicationName: 'Fan <club>' });
  });
  after(() => sandbox.close());

  /** Where the sandbox sends the browser, with what. */
  async function ask(parameters: Record<string, string>, press?: 'authorize' | 'cancel'): Promise<URL> {
    const browser = new Browser();
    const query = new URLSearchParams({
      client_id: sandbox.dribbble.clientID,
      response_type: 'code',
      ...parameters,
    });
    const first = await browser.get(`${sandbox.dribbble.authorizationURL}?${query.toString()}`);
    if (press === undefined) return new URL(first.location ?? '');
    const consent = await browser.follow(first);
    const pressed =
      press === 'authorize'
        ? await authorize(browser, consent, 'rookie')
        : await browser.post(consent.url, { decision: press });
    return new URL((await browser.get(pressed.location ?? '')).location ?? '');
  }

  const codeFor = async (parameters: Record<string, string> = {}) =>
    (await ask(parameters, 'authorize')).searchParams.get('code') ?? '';

  function exchange(form: Record<string, string>): Promise<Page> {
    const { clientID, clientSecret, tokenURL } = sandbox.dribbble;
    return new Browser().post(tokenURL, {
      client_id: clientID,
      client_secret: clientSecret,
      grant_type: 'authorization_code',
      ...form,
    });
  }

  const tokenFor = async () =>
    (JSON.parse((await exchange({ code: await codeFor() })).body) as { access_token: string }).access_token;

  describe('at the authorization endpoint', () => {
    it('comes back with a code and the very state it was given', async () => {
      const back = await ask({ redirect_uri: callbackURL, state: 'a state & more' }, 'authorize');
      expect(back.origin + back.pathname).to.equal(callbackURL);
      expect([...back.searchParams.keys()].sort()).to.deep.equal(['code', 'state']);
      expect(back.searchParams.get('state')).to.equal('a state & more');
    });

    it('uses the registered callback URL where none is given', async () => {
      const back = await ask({}, 'authorize');
      expect(back.href).to.match(/^http:\/\/localhost:3000\/auth\/dribbble\/callback\?code=[^&]+$/);
    });

    it('says access_denied when the person cancels', async () => {
      const back = await ask({ state: 'x' }, 'cancel');
      expect(Object.fromEntries(back.searchParams)).to.deep.equal({
        error: 'access_denied',
        error_description: 'The resource owner or authorization server denied the request.',
        state: 'x',
      });
    });

    it('says redirect_uri_mismatch, at the registered URL and nowhere else', async () => {
      const back = await ask({ redirect_uri: 'http://localhost:3000/elsewhere', state: 'x' });
      expect(back.href).to.match(
        /^http:\/\/localhost:3000\/auth\/dribbble\/callback\?error=redirect_uri_mismatch&/,
      );
      expect(back.searchParams.get('state')).to.equal('x');
    });

    it('says invalid_scope where a scope is none of Dribbble’s', async () => {
      const back = await ask({ scope: 'public write', state: 'x' });
      expect(back.searchParams.get('error')).to.equal('invalid_scope');
    });

    it('sends nobody anywhere for an application it does not know', async () => {
      const page = await new Browser().get(
        `${sandbox.dribbble.authorizationURL}?client_id=x&response_type=code&redirect_uri=http://evil.example`,
      );
      expect(page.status).to.equal(400);
      expect(page.location).to.equal(undefined);
      expect(page.body).to.contain('This is not Dribbble');
    });

    it('says on the consent page what it is, who asks, and for what', async () => {
      const { clientID, authorizationURL } = sandbox.dribbble;
      const { body } = await new Browser().open(
        `${authorizationURL}?client_id=${clientID}&response_type=code&scope=public%20upload`,
      );
      expect(body).to.contain('This is not Dribbble').and.contain('Fan &#60;club&#62;');
      expect(body).to.contain('<code>public</code>').and.contain('<code>upload</code>');
    });

    it('takes no answer to a consent page that another browser opened', async () => {
      const { clientID, authorizationURL } = sandbox.dribbble;
      const consent = await new Browser().open(
        `${authorizationURL}?client_id=${clientID}&response_type=code`,
      );
      expect((await authorize(new Browser(), consent, 'rookie')).status).to.equal(400);
    });
  });

  describe('at the token endpoint', () => {
    it('answers exactly as Dribbble does', async () => {
      const { status, headers, body } = await exchange({ code: await codeFor({ scope: 'public upload' }) });
      const answer = JSON.parse(body) as Record<string, unknown>;
      expect(status).to.equal(200);
      expect(headers.get('content-type')).to.contain('application/json');
      expect(Object.keys(answer)).to.deep.equal(['access_token', 'token_type', 'scope', 'created_at']);
      expect(answer).to.include({ token_type: 'bearer', scope: 'public upload' });
      expect(answer['created_at']).to.be.closeTo(Date.now() / 1000, 5);
    });

    it('grants public where no scope is asked for', async () => {
      const { body } = await exchange({ code: await codeFor() });
      expect(JSON.parse(body)).to.include({ scope: 'public' });
    });

    it('takes PKCE where the application uses it', async () => {
      const verifier = 'v'.repeat(43);
      const code_challenge = createHash('sha256').update(verifier).digest('base64url');
      const code = () => codeFor({ code_challenge, code_challenge_method: 'S256' });
      expect((await exchange({ code: await code(), code_verifier: verifier })).status).to.equal(200);
      expect((await exchange({ code: await code(), code_verifier: 'w'.repeat(43) })).status).to.equal(400);
    });

    const failures: [
      what: string,
      form: Record<string, string>,
      status: number,
      error: string,
      words: RegExp,
    ][] = [
      ['a wrong secret', { client_secret: 'x' }, 401, 'invalid_client', /^Client authentication failed/],
      ['a wrong client ID', { client_id: 'x' }, 401, 'invalid_client', /^Client authentication failed/],
      ['a code it never gave', { code: 'x' }, 400, 'invalid_grant', /^The provided authorization grant/],
      ['no code', {}, 400, 'invalid_request', /^Missing required parameter: code\.$/],
      ['another grant', { grant_type: 'x' }, 400, 'unsupported_grant_type', /^The authorization grant type/],
    ];
    for (const [what, form, expected, error, words] of failures) {
      it(`answers ${String(expected)} ${error} to ${what}`, async () => {
        const { status, body } = await exchange(form);
        const answer = JSON.parse(body) as Record<string, string>;
        expect(status).to.equal(expected);
        expect(Object.keys(answer)).to.deep.equal(['error', 'error_description']);
        expect(answer['error']).to.equal(error);
        expect(answer['error_description']).to.match(words);
      });
    }

    it('takes a code once', async () => {
      const code = await codeFor();
      expect((await exchange({ code })).status).to.equal(200);
      const again = await exchange({ code });
      expect(again.status).to.equal(400);
      expect(again.body).to.contain('"invalid_grant"');
    });

    it('takes a code only with the redirect_uri it was given for', async () => {
      const code = await codeFor({ redirect_uri: callbackURL });
      const { status, body } = await exchange({ code, redirect_uri: 'http://localhost:3000/elsewhere' });
      expect(status).to.equal(400);
      expect(body).to.contain('"invalid_grant"');
    });
  });

  describe('at the API', () => {
    const user = (url: string, headers: Record<string, string> = {}) => new Browser().get(url, headers);

    it('describes the person the token belongs to', async () => {
      const { status, body } = await user(sandbox.dribbble.userProfileURL, {
        authorization: `Bearer ${await tokenFor()}`,
      });
      expect(status).to.equal(200);
      expect(JSON.parse(body)).to.include({ id: 102, login: 'rookie', name: null, avatar_url: null });
    });

    it('takes the token from the header only', async () => {
      const { status, body } = await user(
        `${sandbox.dribbble.userProfileURL}?access_token=${await tokenFor()}`,
      );
      expect(status).to.equal(401);
      expect(JSON.parse(body)).to.deep.equal({ message: 'Bad credentials.' });
    });

    it('knows no other token', async () => {
      const { status } = await user(sandbox.dribbble.userProfileURL, { authorization: 'Bearer x' });
      expect(status).to.equal(401);
    });

    it('answers 404 where there is nothing', async () => {
      const { status, body } = await user(`${sandbox.url}/v2/shots`);
      expect(status).to.equal(404);
      expect(JSON.parse(body)).to.deep.equal({ message: 'Not found.' });
    });
  });
});
