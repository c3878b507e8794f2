import cookie from '@fastify/cookie';
import { Authenticator } from '@fastify/passport';
import secureSession from '@fastify/secure-session';
import fastifySession from '@fastify/session';
import Router from '@koa/router';
import { expect } from 'chai';
import cookieSession from 'cookie-session';
import express, { type RequestHandler } from 'express';
import session from 'express-session';
import fastify from 'fastify';
import Koa from 'koa';
import { KoaPassport } from 'koa-passport';
import koaSession from 'koa-session';
import { CookieStateStore, DribbbleStrategy } from 'passport-dribbble-oauth2';
import type { Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { Browser } from '../support/browser';
import { MAYA, startDribbble } from './support/dribbble';
import { makeApp, serve } from './support/express';
import type { Running } from './support/recipe';

const SECRET = 'a secret of the app that only its instances know';

/** What the callback of these apps responds with: what Passport said of the login, and who is signed in. */
interface Outcome {
  user: unknown;
  info: { code?: string; state?: unknown };
  signedIn?: unknown;
}

/**
 * An app whose sign-in carries `?tab=` as its state.
 * @param logIn how whoever came back is signed in; left out, as with `session: false`, they are not
 */
async function inExpress(
  strategy: DribbbleStrategy,
  sessions: RequestHandler,
  logIn?: { keepSessionInfo: boolean },
): Promise<Running> {
  const { app, passport } = makeApp(express, false);
  passport.use(strategy);
  app.use(sessions);
  if (logIn) app.use(passport.session());
  app.get('/login', (req, res, next) => {
    const state = String(req.query['tab']);
    (passport.authenticate('dribbble', { state }) as RequestHandler)(req, res, next);
  });
  app.get('/callback', (req, res, next) => {
    const respond = (error: unknown, user: unknown, info: unknown) => {
      if (error) next(error);
      else if (!logIn || !user) res.json({ user, info, signedIn: req.user });
      else {
        req.logIn(user, { session: true, ...logIn }, (failure: unknown) => {
          if (failure) next(failure);
          else res.json({ user, info, signedIn: req.user });
        });
      }
    };
    (passport.authenticate('dribbble', { session: false }, respond) as RequestHandler)(req, res, next);
  });
  return serve(app);
}

const inMemory = (): RequestHandler => session({ secret: SECRET, resave: false, saveUninitialized: false });

async function inFastify(strategy: DribbbleStrategy, isSecureSession: boolean): Promise<Running> {
  const passport = new Authenticator();
  passport.use(strategy);
  const app = fastify();
  if (isSecureSession) app.register(secureSession, { secret: SECRET, salt: 'sixteen letters.' });
  else app.register(cookie).register(fastifySession, { secret: SECRET, cookie: { secure: 'auto' } });
  app.register(passport.initialize());
  app.get('/login', {
    preValidation: function (request, reply) {
      const { tab } = request.query as { tab: string };
      return passport.authenticate('dribbble', { state: tab }).call(this, request, reply);
    },
    handler: () => undefined,
  });
  app.get('/callback', {
    preValidation: passport.authenticate(
      'dribbble',
      { session: false },
      async (_request, reply, error, user, info) => {
        if (error) throw error;
        return reply.send({ user, info });
      },
    ),
    handler: () => undefined,
  });
  return { url: await app.listen(), stop: () => app.close() };
}

async function inKoa(strategy: DribbbleStrategy): Promise<Running> {
  const passport = new KoaPassport();
  passport.use(strategy);
  const router = new Router();
  router.get('/login', (ctx, next) =>
    passport.authenticate('dribbble', { state: String(ctx.query['tab']) })(ctx, next),
  );
  router.get('/callback', (ctx, next) =>
    passport.authenticate('dribbble', { session: false }, (error: unknown, user: unknown, info: unknown) => {
      if (error) throw error;
      ctx.body = { user, info };
    })(ctx, next),
  );
  const app = new Koa();
  app.keys = [SECRET];
  app
    .use((ctx, next) =>
      next().catch((error: Error) => {
        ctx.status = 500;
        ctx.body = error.message;
      }),
    )
    .use(koaSession({ sameSite: 'lax' }, app))
    .use(passport.initialize())
    .use(router.routes());
  return serve(app);
}

const SESSIONS = {
  'express-session in memory': (strategy) => inExpress(strategy, inMemory()),
  'express-session with keepSessionInfo': (strategy) =>
    inExpress(strategy, inMemory(), { keepSessionInfo: true }),
  'cookie-session': (strategy) => inExpress(strategy, cookieSession({ keys: [SECRET] })),
  '@fastify/session': (strategy) => inFastify(strategy, false),
  '@fastify/secure-session': (strategy) => inFastify(strategy, true),
  'koa-session': inKoa,
} satisfies Record<string, (strategy: DribbbleStrategy) => Promise<Running>>;

describe('A login', () => {
  let dribbble: Sandbox;
  let app: Running;
  let browser: Browser;

  beforeEach(async () => {
    dribbble = await startDribbble();
    browser = new Browser();
  });
  afterEach(async () => {
    await app.stop();
    await dribbble.close();
  });

  const strategy = (options: { store?: CookieStateStore } = {}) =>
    new DribbbleStrategy(
      { ...dribbble.options, callbackURL: '/callback', ...options },
      (_accessToken, _refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
    );

  /** Opens a tab, as far as Dribbble's page. */
  const begin = async (tab: string) => (await browser.get(`${app.url}/login?tab=${tab}`)).location ?? '';

  /** Follows an address to the app's callback. */
  async function finish(url: string): Promise<Outcome> {
    const { status, body } = await browser.open(url);
    expect(status, body).to.equal(200);
    return JSON.parse(body) as Outcome;
  }

  for (const [sessions, start] of Object.entries(SESSIONS)) {
    describe(`among the tabs of one browser, with ${sessions},`, () => {
      beforeEach(async () => {
        app = await start(strategy());
      });

      it('finishes, with its own state, when the one begun after it finishes first', async () => {
        const tabs = [await begin('first'), await begin('second')];
        const outcomes = [];
        for (const tab of tabs.reverse()) outcomes.push(await finish(tab));
        expect(outcomes.map(({ user, info }) => ({ user, state: info.state }))).to.deep.equal([
          { user: MAYA, state: 'second' },
          { user: MAYA, state: 'first' },
        ]);
      });

      it('is not ended by a forged callback', async () => {
        const tab = await begin('mine');
        for (const query of [`code=x&state=${'A'.repeat(32)}`, 'code=x', 'error=x&state=forged']) {
          const { user } = await finish(`${app.url}/callback?${query}`);
          expect(user, query).to.equal(false);
        }
        const { user, info } = await finish(tab);
        expect(user).to.deep.equal(MAYA);
        expect(info.state).to.equal('mine');
      });
    });
  }

  it('fails with state_unknown where Passport made a new session, and leaves the person signed in', async () => {
    app = await inExpress(strategy(), inMemory(), { keepSessionInfo: false });
    const tabs = [await begin('first'), await begin('second')];
    expect((await finish(tabs[1] ?? '')).signedIn).to.deep.equal(MAYA);
    const { user, info, signedIn } = await finish(tabs[0] ?? '');
    expect(user).to.equal(false);
    expect(info.code).to.equal('state_unknown');
    expect(signedIn).to.deep.equal(MAYA);
  });

  for (const [framework, sessions] of [
    ['Koa', 'koa-session'],
    ['Fastify', '@fastify/secure-session'],
  ] as const) {
    it(`ends in ${framework} with an error that says what CookieStateStore lacks, and what to do`, async () => {
      const store = new CookieStateStore({ secret: 'a secret for states, of 32 or more characters' });
      app = await SESSIONS[sessions](strategy({ store }));
      const { status, body } = await browser.get(`${app.url}/login?tab=one`);
      expect(status).to.equal(500);
      expect(body).to.match(/needs Node's response as req\.res.*keep the state in a session/);
      expect(dribbble.requests).to.be.empty;
    });
  }
});
