import { expect } from 'chai';
import type { RequestHandler } from 'express';
import {
  DribbbleStrategy,
  type DribbbleProfile,
  type DribbbleVerifyFunction,
  type DribbbleVerifyFunctionWithParams,
} from 'passport-dribbble-oauth2';
import refresh from 'passport-oauth2-refresh';
import type { Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { Browser } from '../support/browser';
import { endpointsOf, lastRequest, startDribbble } from './support/dribbble';
import { EXPRESS, makeApp, serve, type TestApp } from './support/express';
import type { Running } from './support/recipe';

const byId: DribbbleVerifyFunction = (_accessToken, _refreshToken, profile) => ({ id: profile.id });

for (const [version, express] of EXPRESS) {
  describe(version, () => {
    let dribbble: Sandbox;
    let running: Running | undefined;
    let browser: Browser;

    beforeEach(async () => {
      dribbble = await startDribbble();
      browser = new Browser();
    });
    afterEach(async () => {
      await running?.stop();
      running = undefined;
      await dribbble.close();
    });

    function options<T extends object>(more: T) {
      return { ...dribbble.options, callbackURL: '/callback', ...more };
    }

    /** Serves both legs, and gives the page at the end of a login: what the last handler made of the request. */
    async function login(
      { app, passport }: TestApp,
      strategy: DribbbleStrategy,
      {
        authenticate = {},
        answer = (req) => req.user,
      }: { authenticate?: object; answer?: (req: Parameters<RequestHandler>[0]) => unknown } = {},
    ) {
      passport.use(strategy);
      app.get('/login', passport.authenticate('dribbble', authenticate) as RequestHandler);
      app.get('/callback', passport.authenticate('dribbble', authenticate) as RequestHandler, (req, res) => {
        res.json(answer(req) ?? null);
      });
      app.get('/me', (req, res) => {
        res.json(req.user ?? null);
      });
      running = await serve(app);
      const { status, body } = await browser.open(`${running.url}/login`);
      expect(status, body).to.equal(200);
      return JSON.parse(body) as unknown;
    }
    const me = async () => JSON.parse((await browser.get(`${running?.url ?? ''}/me`)).body) as unknown;

    it('signs somebody in with a verify function that returns a promise, and knows them afterwards', async () => {
      const strategy = new DribbbleStrategy(options({}), async (_accessToken, _refreshToken, profile) => {
        await Promise.resolve();
        return { id: profile.id };
      });
      expect(await login(makeApp(express), strategy)).to.deep.equal({ id: '1' });
      expect(await me()).to.deep.equal({ id: '1' });
    });

    it('signs somebody in with a verify function that calls done', async () => {
      const strategy = new DribbbleStrategy(options({}), (_accessToken, _refreshToken, profile, done) => {
        done(null, { id: profile.id });
      });
      expect(await login(makeApp(express), strategy)).to.deep.equal({ id: '1' });
    });

    it("gives verify the token endpoint's answer", async () => {
      const verify: DribbbleVerifyFunctionWithParams = (
        _accessToken,
        _refreshToken,
        params,
        profile,
        done,
      ) => {
        done(null, { id: profile.id, scope: params.scope, type: params.token_type });
      };
      const strategy = new DribbbleStrategy(options({ scope: ['public', 'upload'] }), verify);
      const user = { id: '1', scope: 'public upload', type: 'Bearer' };
      expect(await login(makeApp(express), strategy)).to.deep.equal(user);
      expect(lastRequest(dribbble, 'authorize')['scope']).to.equal('public upload');
    });

    it('gives verify the request', async () => {
      const strategy = new DribbbleStrategy(
        options({ passReqToCallback: true as const }),
        (req, _accessToken, _refreshToken, profile, done) => {
          done(null, { id: profile.id, path: req.path });
        },
      );
      expect(await login(makeApp(express), strategy)).to.deep.equal({ id: '1', path: '/callback' });
    });

    it('does without the profile', async () => {
      const strategy = new DribbbleStrategy(
        options({ skipUserProfile: true }),
        async (accessToken, _refreshToken, profile: DribbbleProfile | undefined) => ({
          hasToken: accessToken !== '',
          hasProfile: profile !== undefined,
        }),
      );
      const user = { hasToken: true, hasProfile: false };
      expect(await login(makeApp(express), strategy)).to.deep.equal(user);
      expect(endpointsOf(dribbble)).to.deep.equal(['authorize', 'token']);
    });

    it('does without a login session', async () => {
      const strategy = new DribbbleStrategy(options({}), byId);
      const authenticate = { session: false };
      expect(await login(makeApp(express), strategy, { authenticate })).to.deep.equal({ id: '1' });
      expect(await me()).to.equal(null);
    });

    it('does without any session where state is turned off by hand', async () => {
      const strategy = new DribbbleStrategy(options({ state: false }), byId);
      const authenticate = { session: false };
      expect(await login(makeApp(express, false), strategy, { authenticate })).to.deep.equal({ id: '1' });
      expect(lastRequest(dribbble, 'authorize')).not.to.have.property('state');
    });

    it('carries the state of the app through', async () => {
      const strategy = new DribbbleStrategy(options({}), byId);
      const carried = await login(makeApp(express), strategy, {
        authenticate: { state: { returnTo: '/shots' } },
        answer: (req) => req.authInfo,
      });
      expect(carried).to.deep.equal({ state: { returnTo: '/shots' } });
      expect(JSON.stringify(lastRequest(dribbble, 'authorize'))).not.to.include('shots');
    });

    it('holds several strategies under names of their own', async () => {
      const { app, passport } = makeApp(express);
      const other = await startDribbble();
      for (const [name, scope, at] of [
        ['reader', 'public', dribbble],
        ['publisher', 'upload', other],
      ] as const) {
        passport.use(
          name,
          new DribbbleStrategy(
            options({ ...at.options, callbackURL: `/${name}/callback`, scope, sessionKey: name }),
            (_accessToken, _refreshToken, profile) => ({ id: profile.id, through: name }),
          ),
        );
        // Signing in begins a new session, without the state of the other login: here nobody is signed in.
        const authenticate = passport.authenticate(name, { session: false }) as RequestHandler;
        app.get(`/${name}`, authenticate);
        app.get(`/${name}/callback`, authenticate, (req, res) => {
          res.json(req.user);
        });
      }
      running = await serve(app);
      // Both begun, then both ended.
      const begun = [];
      for (const [name, at] of [
        ['reader', dribbble],
        ['publisher', other],
      ] as const) {
        const { location = '' } = await browser.get(`${running.url}/${name}`);
        expect(new URL(location).origin).to.equal(at.url);
        begun.push({ name, at, location });
      }
      for (const { name, at, location } of begun) {
        expect(JSON.parse((await browser.open(location)).body)).to.deep.equal({ id: '1', through: name });
        expect(endpointsOf(at)).to.deep.equal(['authorize', 'token', 'user']);
      }
      await other.close();
    });

    it('lets passport-oauth2-refresh ask for a token', async () => {
      // Dribbble has no refresh tokens: as another server responds, which does.
      dribbble.fail('token', { body: { access_token: 'the-access-token', token_type: 'Bearer' } });
      const strategy = new DribbbleStrategy(options({}), (accessToken) => ({ accessToken }));
      refresh.use(version, strategy);
      const accessToken = await new Promise((resolve, reject) => {
        refresh.requestNewAccessToken(version, 'the-refresh-token', (error, token) => {
          if (error) reject(new Error(JSON.stringify(error)));
          else resolve(token);
        });
      });
      expect(accessToken).to.equal('the-access-token');
      expect(lastRequest(dribbble, 'token')).to.deep.equal({
        grant_type: 'refresh_token',
        refresh_token: 'the-refresh-token',
        client_id: dribbble.options.clientID,
        client_secret: '[client_secret]',
      });
    });
  });
}
