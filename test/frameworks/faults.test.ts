import { join } from 'node:path';
import type { RequestHandler } from 'express';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { goesThroughFaults, LONGEST, type ProviderSettings } from '../faults/any-app';
import { EXPRESS, makeApp, serve } from './support/express';
import { start, type Running } from './support/recipe';

/** The repository's folder, seen from where this file is compiled to. */
const ROOT = join(__dirname, '../../../../..');

const recipe = (name: string) => (options: ProviderSettings) => start(name, { options }, {}, { quiet: true });
const APPS: [what: string, start: (options: ProviderSettings) => Promise<Running>][] = [
  ...EXPRESS.map(([version, express]): (typeof APPS)[number] => [
    version,
    (options) => {
      const { app, passport } = makeApp(express);
      const strategy = new DribbbleStrategy(
        { ...options, callbackURL: '/auth/dribbble/callback' },
        (_accessToken, _refreshToken, { id, displayName }) => ({ id, name: displayName }),
      );
      passport.use(strategy);
      const signIn = passport.authenticate('dribbble', { successRedirect: '/' }) as RequestHandler;
      app.set('env', 'test'); // in which Express prints no errors
      app.get(['/auth/dribbble', '/auth/dribbble/callback'], signIn);
      app.get('/', (req, res) => {
        res.json(req.user ?? {});
      });
      return serve(app);
    },
  ]),
  ['NestJS', recipe('nestjs')],
  ['Fastify', recipe('fastify')],
  ['Koa', recipe('koa')],
];

describe('The table of faults', function () {
  this.timeout(LONGEST);

  for (const [what, startApp] of APPS) {
    it(`is got through by an app with ${what}`, () => goesThroughFaults(ROOT, startApp));
  }
});
