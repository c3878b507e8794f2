import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import express, { type ErrorRequestHandler } from 'express';
import helmet from 'helmet';
import { designers } from './designers';
import { words } from './doorkeeper';
import { consentPage, refusalPage } from './pages';
import { createProvider } from './provider';

export interface SandboxOptions {
  /** Where to listen, on the loopback interface; 0 takes a free port. */
  port: number;
  /** The one callback URL registered with the application. */
  callbackURL: string;
  applicationName?: string;
  clientID?: string;
  clientSecret?: string;
}

export interface Sandbox {
  url: string;
  /** The options that make DribbbleStrategy sign in here. */
  dribbble: Record<'clientID' | 'clientSecret' | 'authorizationURL' | 'tokenURL' | 'userProfileURL', string>;
  close(): Promise<void>;
}

/**
 * A stand-in for Dribbble: its endpoints, its answers, its errors, and a few people to sign in as. Anybody may
 * sign in as anybody, so it listens on the loopback interface and nowhere else.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const {
    port,
    callbackURL,
    applicationName: name = 'An application',
    clientID = randomBytes(32).toString('hex'),
    clientSecret = randomBytes(32).toString('hex'),
  } = options;

  const app = express();
  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

  const people = designers(url);
  const provider = await createProvider(url, { clientID, clientSecret, callbackURL });
  const oauth = provider.callback();

  app.disable('x-powered-by');
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'"],
          // The consent form is answered with a redirect to the application.
          formAction: ["'self'", new URL(callbackURL).origin],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
      // The application's pages show the avatars.
      crossOriginResourcePolicy: { policy: 'cross-origin' },
    }),
  );
  app.use(express.static(path.join(__dirname, '../public')));

  app.get(['/oauth/authorize', '/oauth/authorize/:uid'], oauth);
  app.post('/oauth/token', oauth);

  app.get('/sandbox/consent/:uid', async (req, res) => {
    const { params } = await provider.interactionDetails(req, res);
    res.send(consentPage(name, String(params['scope']).split(' '), people));
  });
  app.post('/sandbox/consent/:uid', express.urlencoded({ extended: false }), async (req, res) => {
    const { decision, designer } = (req.body ?? {}) as Record<string, unknown>;
    const person = people.find(({ login }) => login === designer);
    const result =
      decision === 'authorize' && person
        ? { login: { accountId: String(person.id), remember: false } }
        : { error: 'access_denied', error_description: words['access_denied'] };
    await provider.interactionFinished(req, res, result);
  });

  app.get('/v2/user', async (req, res) => {
    const token = /^Bearer (\S+)$/i.exec(req.get('authorization') ?? '')?.[1];
    const owner = token && (await provider.AccessToken.find(token))?.accountId;
    const person = people.find(({ id }) => String(id) === owner);
    if (person) res.json(person);
    else res.status(401).json({ message: 'Bad credentials.' });
  });

  app.use((_req, res) => {
    res.status(404).json({ message: 'Not found.' });
  });
  app.use(((error: { status?: number }, _req, res, next) => {
    if (error.status === 400) res.status(400).send(refusalPage('This request has expired.'));
    else next(error);
  }) satisfies ErrorRequestHandler);

  return {
    url,
    dribbble: {
      clientID,
      clientSecret,
      authorizationURL: `${url}/oauth/authorize`,
      tokenURL: `${url}/oauth/token`,
      userProfileURL: `${url}/v2/user`,
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
