import { createHash } from 'node:crypto';
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
  /** The lines of a page's list. */
  const listOf = (body: string) =>
    (/<ul>\n(.*?)<\/ul>/s.exec(body)?.[1] ?? '').split('\n').map((line) => line.replace(/<.*?>/g, ''));

  it('load nothing from elsewhere, run no script, and say what they are, and that they are not Dribbble', async () => {
    const targets = ' http://localhost:3000 http://localhost:* http://127.0.0.1:*';
    for (const [url, title, mayLeadTo] of [
      [dribbble.url, 'What it is', ''],
      [authorizationURL(dribbble), 'Sign in to localhost:3000', targets],
      [authorizationURL(dribbble, { client_id: 'x' }), 'Refused', ''],
    ] as const) {
      const response = await fetch(url);
      expect(response.headers.get('content-type')).to.equal('text/html; charset=utf-8');
      // With no-referrer, a browser sends a form with the origin null.
      expect(response.headers.get('referrer-policy')).to.equal('same-origin');
      const body = await response.text();
      const [, style = ''] = /<style>(.*)<\/style>/s.exec(body) ?? [];
      const hash = createHash('sha256').update(style).digest('base64');
      expect(response.headers.get('content-security-policy')).to.equal(
        `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'${mayLeadTo}`,
      );
      expect(body)
        .to.contain('This is not Dribbble')
        .and.contain(`<title>${title} · Sandbox</title>`)
        // Nothing is shown in place of what there is not.
        .and.not.match(/undefined|false|<script|https?:\/\/(?!127\.0\.0\.1)|url\(/);
    }
  });

  const [read, publish] = [
    '✓ Read what is public in your profile public',
    '✓ Publish shots in your name upload',
  ];
  for (const [scope, asked] of [
    ['public upload', [read, publish]],
    [' upload ', [publish]],
    ['', [read]],
    [undefined, [read]],
  ] as const) {
    it(`ask in the name of the application's host, for what it wants: ${JSON.stringify(scope)}`, async () => {
      const body = await page(authorizationURL(dribbble, { scope }));
      expect(body).to.contain('Let localhost:3000 sign you in?');
      expect(listOf(body)).to.deep.equal(asked);
    });
  }

  it('offer every person, the first one chosen', async () => {
    const body = await page(authorizationURL(dribbble));
    const choices = [...body.matchAll(/<input type="radio" name="login" value="([^"]+)" (.*?)>/g)];
    expect(choices.map(([, login, checked]) => [login, checked])).to.deep.equal(
      dribbble.people.map(({ login }, index) => [login, index === 0 ? 'checked' : '']),
    );
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
    const people = [...body.matchAll(/@([\w-]+)<\/span><\/span>(?:<span class="pro">(Pro)<\/span>)?<\/li>/g)];
    expect(people.map(([, login, pro]) => [login, pro === 'Pro'])).to.deep.equal(
      dribbble.people.map(({ login, pro }) => [login, pro]),
    );
    expect(body).to.contain('user 401: its access token is wrong or revoked');
    expect(body).to.contain('<code>authorize</code>works').and.contain('<code>token</code>&#34;hangs&#34;');
  });

  it('show the last twenty requests, the newest one first', async () => {
    for (let count = 1; count <= 20; count += 1) await authorize(dribbble, { state: `no. ${String(count)}` });
    dribbble.fail('user', 'resets');
    await requestUser(dribbble).catch(() => undefined);
    const body = await page(dribbble.url);
    const [first, ...rest] = [...body.matchAll(/<summary>(.*)<\/summary>/g)].map(([, summary]) => summary);
    expect(first).to.equal('user no response');
    expect(rest).to.deep.equal(Array.from({ length: 19 }, () => 'authorize 200'));
    const states = [...body.matchAll(/no\. (\d+)/g)].map(([, count]) => Number(count));
    expect(states).to.deep.equal(Array.from({ length: 19 }, (_, index) => 20 - index));
  });

  it('draw a picture that an application may show', async () => {
    const response = await fetch(dribbble.people[0]?.avatar_url ?? '');
    expect(response.headers.get('content-type')).to.equal('image/svg+xml');
    expect(response.headers.get('cross-origin-resource-policy')).to.equal('cross-origin');
    expect(await response.text()).to.match(/^<svg .*>M<\/text><\/svg>$/s);
  });

  it('draw each person in a colour of their own', async () => {
    const urls = dribbble.people.map(({ login }) => `${dribbble.url}/avatars/${login}.svg`);
    const pictures = await Promise.all(urls.map(page));
    const hues = pictures.map((picture) => Number(/fill="hsl\((\d+) /.exec(picture)?.[1]));
    expect(new Set(hues)).to.have.property('size', 6);
    for (const hue of hues) expect(hue).to.be.within(0, 359);
  });
});
