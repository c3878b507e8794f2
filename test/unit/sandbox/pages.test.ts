import { expect } from 'chai';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { authorizationURL, authorize, CALLBACK, redirectOf, requestUser } from './support';

describe('The pages of the sandbox', () => {
  let dribbble: Sandbox;
  before(async () => {
    dribbble = await startSandbox({ log: () => undefined });
  });
  afterEach(() => dribbble.reset());
  after(() => dribbble.close());

  const post = (url: string, form: Record<string, string>) =>
    fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
  const page = async (url: string) => (await fetch(url)).text();

  it('load nothing from elsewhere, run no script, and say that they are not Dribbble', async () => {
    for (const url of [
      dribbble.url,
      authorizationURL(dribbble),
      authorizationURL(dribbble, { client_id: 'x' }),
    ]) {
      const response = await fetch(url);
      expect(response.headers.get('content-type')).to.equal('text/html; charset=utf-8');
      expect(response.headers.get('content-security-policy')).to.match(
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'( http:\/\/localhost:3000 http:\/\/localhost:\* http:\/\/127\.0\.0\.1:\*)?$/,
      );
      const body = await response.text();
      expect(body)
        .to.contain('This is not Dribbble')
        .and.not.match(/<script|https?:\/\/(?!127\.0\.0\.1)|url\(/);
    }
  });

  it('ask in the name of the host of the application, for what it wants', async () => {
    const body = await page(authorizationURL(dribbble, { scope: 'public upload' }));
    expect(body).to.contain('Let localhost:3000 sign you in?');
    expect(body).to.contain('<code>public</code>').and.contain('<code>upload</code>');
  });

  it('ask for the scope public where the scope is empty', async () => {
    expect(await page(authorizationURL(dribbble, { scope: '' }))).to.contain('<code>public</code>');
  });

  it('escape what a person wrote', async () => {
    for (const url of [dribbble.url, authorizationURL(dribbble)]) {
      expect(await page(url))
        .to.contain(
          'Bobby &#60;b&#62;Tags&#60;/b&#62; &#60;img src=x onerror=&#34;window.__pwned=1&#34;&#62;',
        )
        .and.not.match(/<b>|<img src=x|javascript:/);
    }
  });

  it('escape what a request says', async () => {
    await authorize(dribbble, { state: '</pre><script>1</script>', scope: '<script>2</script>' });
    expect(await page(dribbble.url))
      .to.contain('&#60;script&#62;1')
      .and.not.contain('<script');
  });

  it('send whoever authorizes back as the person chosen', async () => {
    const response = await post(authorizationURL(dribbble), { login: 'rookie', decision: 'authorize' });
    const { to, params } = redirectOf(response);
    expect(to).to.equal(CALLBACK);
    expect(params).to.have.all.keys('code', 'state');
  });

  it('send whoever cancels back with access_denied', async () => {
    const response = await post(authorizationURL(dribbble), { login: 'rookie', decision: 'cancel' });
    expect(redirectOf(response).params).to.include({ error: 'access_denied' }).and.not.have.property('code');
  });

  it('send nobody on as a person that there is not', async () => {
    const response = await post(authorizationURL(dribbble), { login: 'nobody', decision: 'authorize' });
    expect(response.status).to.equal(400);
    expect(await response.text()).to.contain('There is no nobody');
  });

  it('send nobody on whose request Dribbble would refuse', async () => {
    const form = { login: 'rookie', decision: 'authorize' };
    expect((await post(authorizationURL(dribbble, { client_id: 'x' }), form)).status).to.equal(401);
  });

  it('show the people, the last requests and the dial', async () => {
    await requestUser(dribbble, 'x');
    dribbble.fail('token', 'hangs');
    const body = await page(dribbble.url);
    for (const { login } of dribbble.people) expect(body).to.contain(`@${login}<`);
    expect(body).to.contain('user 401: its access token is wrong or revoked');
    expect(body).to.contain('<code>authorize</code>works').and.contain('<code>token</code>&#34;hangs&#34;');
  });

  it('draw a picture that an application may show', async () => {
    const response = await fetch(dribbble.people[0]?.avatar_url ?? '');
    expect(response.headers.get('content-type')).to.equal('image/svg+xml');
    expect(response.headers.get('cross-origin-resource-policy')).to.equal('cross-origin');
    expect(await response.text()).to.match(/^<svg .*<\/svg>$/s);
  });
});
