import { Authenticator } from '@fastify/passport';
import session from '@fastify/secure-session';
import { expect } from 'chai';
import fastify from 'fastify';
import Koa from 'koa';
import { KoaPassport } from 'koa-passport';
import Router from '@koa/router';
import { CookieStateStore, DribbbleStrategy } from 'passport-dribbble-oauth2';
import type { Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { Browser, type Page } from '../support/browser';
import { startDribbble } from './support/dribbble';
import { serve } from './support/express';

describe('CookieStateStore', () => {
  let dribbble: Sandbox;

  beforeEach(async () => {
    dribbble = await startDribbble();
  });
  afterEach(() => dribbble.close());

  function strategy(): DribbbleStrategy {
    return new DribbbleStrategy(
      {
        ...dribbble.options,
        callbackURL: '/callback',
        store: new CookieStateStore({ secret: 'a secret for states, of 32 or more characters' }),
      },
      (_accessToken, _refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
    );
  }

  const expectClearError = ({ status, body }: Page): void => {
    expect(status).to.equal(500);
    expect(body).to.match(/CookieStateStore needs Node's response as req\.res.*keep the state in a session/);
    expect(dribbble.requests).to.be.empty;
  };

  it('says in Koa what it lacks, and what to do', async () => {
    const passport = new KoaPassport();
    passport.use(strategy());
    const router = new Router();
    router.get('/login', passport.authenticate('dribbble', { session: false }));
    const app = new Koa();
    app.use(async (ctx, next) => {
      try {
        await next();
      } catch (error) {
        ctx.status = 500;
        ctx.body = (error as Error).message;
      }
    });
    const running = await serve(app.use(passport.initialize()).use(router.routes()));
    try {
      expectClearError(await new Browser().open(`${running.url}/login`));
    } finally {
      await running.stop();
    }
  });

  it('says in Fastify what it lacks, and what to do', async () => {
    const passport = new Authenticator();
    passport.use(strategy());
    const app = fastify();
    app.register(session, { secret: 'x'.repeat(32), salt: 'sixteen letters.' });
    app.register(passport.initialize());
    app.register(passport.secureSession());
    app.get('/login', { preValidation: passport.authenticate('dribbble') }, () => undefined);
    try {
      expectClearError(await new Browser().open(`${await app.listen()}/login`));
    } finally {
      await app.close();
    }
  });
});
