import express from 'express';

/** A mistake of whoever starts the app, told in one line. */
export class SetupError extends Error {}

interface Application {
  clientID: string;
  clientSecret: string;
  /** The three endpoints, where they are not Dribbble's: those of a sandbox that runs by itself. */
  authorizationURL: string | undefined;
  tokenURL: string | undefined;
  userProfileURL: string | undefined;
}

export interface Settings {
  host: string;
  port: number;
  /** Undefined: the one after the app's, or any free one. */
  sandboxPort: number | undefined;
  baseURL: string | undefined;
  trustProxy: number | string | boolean;
  sessionSecret: string | undefined;
  redisURL: string | undefined;
  /** The application registered with Dribbble; undefined means the sandbox. */
  application: Application | undefined;
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  // In a .env file a name with nothing after it is not set.
  const set = (name: string) => (env[name]?.trim() ? env[name].trim() : undefined);

  const application = readApplication(set);
  const host = set('HOST') ?? '127.0.0.1';
  if (!application && !['localhost', '127.0.0.1', '::1'].includes(host)) {
    throw new SetupError(
      `The sandbox lets anybody sign in as anybody, so it stays on this machine: HOST=${host} goes with DRIBBBLE_CLIENT_ID and DRIBBBLE_CLIENT_SECRET only.`,
    );
  }
  const baseURL = set('BASE_URL');
  if (baseURL !== undefined && !isOrigin(baseURL)) {
    throw new SetupError(`BASE_URL must be like https://app.example, without a path, and not "${baseURL}".`);
  }
  return {
    host,
    port: readPort('PORT', set('PORT')) ?? 3000,
    sandboxPort: readPort('SANDBOX_PORT', set('SANDBOX_PORT')),
    baseURL,
    // https ends at a proxy, since the app itself speaks http.
    trustProxy: readTrustProxy(set('TRUST_PROXY')) ?? (baseURL?.startsWith('https:') ? 1 : false),
    sessionSecret: set('SESSION_SECRET'),
    redisURL: set('REDIS_URL'),
    application,
  };
}

function readApplication(set: (name: string) => string | undefined): Application | undefined {
  const clientID = set('DRIBBBLE_CLIENT_ID');
  const clientSecret = set('DRIBBBLE_CLIENT_SECRET');
  if (clientID && clientSecret) {
    return {
      clientID,
      clientSecret,
      authorizationURL: set('DRIBBBLE_AUTHORIZATION_URL'),
      tokenURL: set('DRIBBBLE_TOKEN_URL'),
      userProfileURL: set('DRIBBBLE_USER_PROFILE_URL'),
    };
  }
  if (!clientID && !clientSecret) return undefined;
  const missing = clientID ? 'DRIBBBLE_CLIENT_SECRET' : 'DRIBBBLE_CLIENT_ID';
  throw new SetupError(`${missing} is missing. Set both to sign in at Dribbble, or neither for the sandbox.`);
}

function readPort(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) < 65536) return Number(value);
  throw new SetupError(`${name} must be a number from 0 to 65535, and not "${value}".`);
}

function isOrigin(address: string): boolean {
  return (
    /^https?:/.test(address) &&
    URL.canParse(address) &&
    new URL(address).href === `${new URL(address).origin}/`
  );
}

/** A number of proxies, or the addresses to believe, as Express takes them. */
function readTrustProxy(value: string | undefined): number | string | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  try {
    express().set('trust proxy', value);
  } catch {
    throw new SetupError(
      `TRUST_PROXY must be how many proxies stand in front, or their addresses, such as 1 or 10.0.0.0/8, and not "${value}".`,
    );
  }
  return value;
}

/** A port to advise in place of one that is taken: none that the sample itself uses. */
export function anotherPort(taken: number, used: number[]): number {
  let port = taken;
  do port = port > 60_000 ? 8000 : port + 10;
  while (used.some((first) => port >= first && port < first + 4));
  return port;
}
