import http from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Passport } from 'passport';
import {
  DribbbleStrategy,
  type DribbbleStrategyOptions,
  type VerifyCallback,
} from 'passport-dribbble-oauth2';
import { FakeDribbble } from './fake-dribbble';

// Run in a process of its own by test/faults/crash.test.ts: where today's strategies take the process down, or
// would. Prints, as JSON, what the app answered in each case; a crash prints nothing.

interface Case {
  verify?: (
    accessToken: string,
    refreshToken: string | undefined,
    profile: object,
    done: VerifyCallback,
  ) => unknown;
  options?: Partial<DribbbleStrategyOptions>;
  /** What the app's session middleware, or another before passport, puts on the request. */
  request?: (req: express.Request) => void;
  dribbble?: (fake: FakeDribbble) => void;
}

const later = (action: () => void): void => {
  setImmediate(action);
};
const user = { id: 'maya' };
const destroyed = (_req: http.IncomingMessage, res: http.ServerResponse): void => {
  res.writeHead(200, { 'Content-Length': 1000 });
  res.write('{');
  later(() => res.destroy());
};
const upgraded = (_req: http.IncomingMessage, res: http.ServerResponse): void => {
  res.writeHead(101, { Connection: 'Upgrade', Upgrade: 'x' });
  res.end();
};

const CASES: Record<string, Case> = {
  'the token answer is null': { dribbble: (fake) => (fake.token = { json: null }) },
  'the user is null': { dribbble: (fake) => (fake.user = { json: null }) },
  'the token answer is cut off': { dribbble: (fake) => (fake.token = destroyed) },
  'the user is cut off': { dribbble: (fake) => (fake.user = destroyed) },
  'the token request is upgraded': { dribbble: (fake) => (fake.token = upgraded) },
  'the user request is upgraded': { dribbble: (fake) => (fake.user = upgraded) },
  'the agent throws': {
    options: {
      agent: Object.assign(new http.Agent(), {
        addRequest: () => {
          throw new Error('the agent threw');
        },
      }),
    },
  },
  'skipUserProfile throws': {
    options: {
      skipUserProfile: () => {
        throw new Error('skipUserProfile threw');
      },
    },
  },
  'verify throws': {
    verify: () => {
      throw new Error('verify threw');
    },
  },
  'verify throws null': {
    verify: () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw null;
    },
  },
  'verify rejects': { verify: () => Promise.reject(new Error('verify rejected')) },
  'verify rejects with nothing': {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    verify: () => Promise.reject(),
  },
  'verify rejects late, having declared done': {
    verify: async (_accessToken, _refreshToken, _profile, _done) => {
      await new Promise(setImmediate);
      throw new Error('verify rejected late');
    },
  },
  'verify calls done twice': {
    verify: (_accessToken, _refreshToken, _profile, done) => {
      done(null, user);
      done(new Error('a second answer'));
      later(() => {
        done(null, false);
      });
    },
  },
  'verify calls done and then throws': {
    verify: (_accessToken, _refreshToken, _profile, done) => {
      done(null, user);
      throw new Error('verify threw after its answer');
    },
  },
  'verify calls done and then rejects': {
    // eslint-disable-next-line @typescript-eslint/require-await
    verify: async (_accessToken, _refreshToken, _profile, done) => {
      done(null, user);
      throw new Error('verify rejected after its answer');
    },
  },
  'the session has no regenerate': {
    verify: (_accessToken, _refreshToken, _profile, done) => {
      later(() => {
        done(null, user);
      });
    },
    request: (req) => Object.assign(req, { session: {} }),
  },
  'the session throws when it is left': {
    request: (req) =>
      Object.assign(req, {
        session: {
          regenerate: () => {
            throw new Error('regenerate threw');
          },
        },
      }),
  },
};

async function run({ verify, options, request, dribbble }: Case): Promise<string> {
  const fake = await FakeDribbble.start();
  dribbble?.(fake);
  const passport = new Passport();
  passport.use(
    new DribbbleStrategy(
      { ...fake.endpoints, clientID: 'id', clientSecret: 'secret', state: false, timeout: 500, ...options },
      verify ?? (() => user),
    ),
  );
  passport.serializeUser((_user, done) => {
    done(null, 'maya');
  });
  const app = express();
  app.use((req, _res, next) => {
    request?.(req);
    next();
  });
  // Only where the case is about the session.
  const authenticate = passport.authenticate('dribbble', { session: !!request }) as express.RequestHandler;
  app.use(authenticate, (_req, res) => {
    res.send('signed in');
  });
  // Express tells an error handler by its four parameters.
  app.use(((error: Error, _req, res, _next) => {
    res.status(500).send(error.message);
  }) as express.ErrorRequestHandler);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/?code=c`;
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  const text = `${String(response.status)} ${await response.text()}`;
  server.close();
  server.closeAllConnections();
  await fake.stop();
  return text;
}

async function main(): Promise<void> {
  const answers: Record<string, string> = {};
  for (const [name, each] of Object.entries(CASES)) answers[name] = await run(each);
  console.log(JSON.stringify(answers));
}

void main();
