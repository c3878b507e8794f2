import { expect } from 'chai';
import type { Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { Browser } from '../support/browser';
import { callbackOf, endpointsOf, lastRequest, MAYA, startDribbble } from './support/dribbble';
import { start, type Running } from './support/recipe';

/** Recipes of docs/ that keep a session, and say at / who is signed in. */
const RECIPES = [
  ['NestJS', 'nestjs'],
  ['NestJS with callbackArity', 'nestjs-params.variant'],
  ['Fastify with @fastify/session', 'fastify'],
  ['Fastify with @fastify/secure-session', 'fastify-secure-session.variant'],
  ['Koa', 'koa'],
  ['Express with cookie-session', 'cookie-session'],
  ['An app written for passport-dribbble', 'from-passport-dribbble'],
] as const;

for (const [what, recipe] of RECIPES) {
  describe(what, () => {
    let dribbble: Sandbox;
    let app: Running;
    let browser: Browser;

    before(async () => {
      dribbble = await startDribbble();
      app = await start(recipe, dribbble, { SESSION_SALT: 'sixteen letters.' });
    });
    after(async () => {
      await app.stop();
      await dribbble.close();
    });
    beforeEach(async () => {
      browser = new Browser();
      await dribbble.reset();
      dribbble.signInAs('maya');
    });

    it('signs somebody in, and knows them afterwards', async () => {
      expect((await browser.open(app.url)).body).to.equal('{}');

      const { status, url, body } = await browser.open(`${app.url}/auth/dribbble`);
      expect(status, body).to.equal(200);
      expect(url).to.equal(`${app.url}/`);
      const user = JSON.parse(body) as object;
      expect(user).to.include({ name: MAYA.name });
      expect(Object.values(user)).to.include(MAYA.id);
      expect((await browser.open(app.url)).body).to.equal(body);

      const redirectURI = `${app.url}/auth/dribbble/callback`;
      expect(lastRequest(dribbble, 'authorize')['redirect_uri']).to.equal(redirectURI);
      expect(lastRequest(dribbble, 'token')['redirect_uri']).to.equal(redirectURI);
    });

    it('signs in again somebody who is signed in', async () => {
      await browser.open(`${app.url}/auth/dribbble`);
      const { body } = await browser.open(`${app.url}/auth/dribbble`);
      expect(body).to.include(MAYA.name);
    });

    it("refuses another browser's state, and sends Dribbble nothing", async () => {
      const attacker = await new Browser().get(`${app.url}/auth/dribbble`);
      const callback = await callbackOf(attacker);
      expect(callback.searchParams.get('state')).to.have.length.above(20);
      await browser.get(`${app.url}/auth/dribbble`);

      await browser.open(callback.href);
      expect((await browser.open(app.url)).body).to.equal('{}');
      expect(endpointsOf(dribbble)).to.deep.equal(['authorize']);
    });
  });
}
