import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import express5 from 'express';
import express4 from 'express4';
import session from 'express-session';
import { Passport } from 'passport';
import type { Running } from './recipe';

/** Both kept releases; their types differ in nothing that is used here. */
export const EXPRESS = [
  ['Express 5', express5],
  ['Express 4', express4 as unknown as typeof express5],
] as const;

export interface TestApp {
  app: Express;
  passport: InstanceType<typeof Passport>;
}

/** An app with a passport of its own, and with sessions unless told otherwise. */
export function makeApp(express: typeof express5, withSessions = true): TestApp {
  const passport = new Passport();
  passport.serializeUser((user, done) => {
    done(null, user);
  });
  passport.deserializeUser((user: Express.User, done) => {
    done(null, user);
  });
  const app = express();
  if (withSessions) {
    app.use(session({ secret: 'for a test', resave: false, saveUninitialized: false }));
    app.use(passport.session());
  }
  return { app, passport };
}

/** Any app with Node's `listen`, Koa's too. */
export async function serve(app: { listen(port: number, host: string): Server }): Promise<Running> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://localhost:${String((server.address() as AddressInfo).port)}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
