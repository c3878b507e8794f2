import type { RequestHandler } from 'express';
import session from 'express-session';

export function sessions(
  baseURL: string,
  secret: string,
  store: session.Store = new session.MemoryStore(),
): RequestHandler {
  const open = session({
    name: 'courtside.session',
    secret,
    store,
    resave: false,
    saveUninitialized: false,
    cookie: {
      httpOnly: true,
      sameSite: 'lax',
      secure: baseURL.startsWith('https:') || 'auto',
      maxAge: 7 * 24 * 60 * 60 * 1000,
    },
  });
  return (req, res, next) => {
    void open(req, res, (cause?: unknown) => {
      next(cause && Object.assign(new Error('The session store failed', { cause }), { status: 503 }));
    });
  };
}

export interface SharedSessions {
  store: session.Store;
  close(): Promise<void>;
}

/** Sessions that outlive the app, and that several instances of it share. */
export async function redisSessions(url: string, log: (error: unknown) => void): Promise<SharedSessions> {
  // Loaded here, because an app without Redis should not wait for them to load.
  const [{ RedisStore }, { createClient }] = await Promise.all([import('connect-redis'), import('redis')]);
  let connected = false;
  const client = createClient({
    url,
    // Without Redis, respond with an error page at once. Do not wait until it is back.
    disableOfflineQueue: true,
    // Where it can't be reached at all the address is wrong; where it is lost it comes back.
    socket: { reconnectStrategy: (retries) => connected && Math.min(retries * 100, 2000) },
  });
  client.on('error', (error: unknown) => {
    if (connected) log(error);
  });
  await client.connect();
  connected = true;
  return {
    store: new RedisStore({ client, prefix: 'courtside:' }),
    close: () => client.close(),
  };
}
