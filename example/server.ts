import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { callbackURL, createApp } from './app';
import { redisSessions } from './sessions';
import { anotherPort, readSettings, SetupError, type Settings } from './settings';
import { stop } from './stop';

async function main(): Promise<void> {
  loadEnvFile();
  const settings = readSettings(process.env);

  const server = createServer();
  await listen(server, settings);
  const { port } = server.address() as AddressInfo;
  const baseURL = settings.baseURL ?? `http://localhost:${String(port)}`;

  const assembling = assemble(settings, baseURL, port);
  // Whoever comes early waits for the rest.
  server.on('request', (req, res) => {
    void assembling.then(({ app }) => {
      app(req, res);
    });
  });
  const { close, sandbox } = await assembling;

  const quit = async () => {
    await stop(server);
    await close();
    process.exit(0);
  };
  process.once('SIGTERM', () => void quit());
  process.once('SIGINT', () => void quit());

  console.log(`The example app is ready: ${baseURL}`);
  if (sandbox) {
    console.log(`It signs in at a sandbox on this machine, not at Dribbble: ${sandbox.url}`);
    console.log('To use the real Dribbble, put DRIBBBLE_CLIENT_ID and DRIBBBLE_CLIENT_SECRET into .env');
  } else {
    console.log(`It signs in at Dribbble, which must know this callback URL: ${callbackURL(baseURL)}`);
    if (settings.sessionSecret === undefined) {
      console.log('SESSION_SECRET is not set: everybody is signed out when the app stops');
    }
  }
}

/** The app with what it needs around it. */
async function assemble(settings: Settings, baseURL: string, port: number) {
  const { application, redisURL, sessionSecret, trustProxy } = settings;
  const sessions = redisURL === undefined ? undefined : await openSessions(redisURL);
  let sandbox: Sandbox | undefined;
  let dribbble = application;
  if (!dribbble) {
    sandbox = await openSandbox(settings, callbackURL(baseURL), port);
    dribbble = sandbox.options;
  }
  const app = createApp({
    baseURL,
    dribbble,
    sandbox: sandbox !== undefined,
    sessionSecret: sessionSecret ?? randomBytes(32).toString('hex'),
    sessionStore: sessions?.store,
    trustProxy,
  });
  const close = () => Promise.allSettled([sandbox?.close(), sessions?.close()]);
  return { app, close, sandbox };
}

function loadEnvFile(): void {
  try {
    process.loadEnvFile();
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

async function listen(server: Server, { host, port, sandboxPort = port }: Settings): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (hasCode(error, 'ENOTFOUND') || hasCode(error, 'EADDRNOTAVAIL')) {
      throw new SetupError(`HOST must be an address of this machine, such as 127.0.0.1, and not "${host}".`);
    }
    throw portError(error, 'PORT', port, [port, sandboxPort]);
  }
}

async function openSandbox({ sandboxPort }: Settings, callback: string, appPort: number): Promise<Sandbox> {
  const start = (port: number) => startSandbox({ port, callbackURL: callback });
  if (sandboxPort !== undefined) {
    return start(sandboxPort).catch((error: unknown) => {
      const isTaken = error instanceof Error && error.message.includes('in use');
      const cause = isTaken ? Object.assign(error, { code: 'EADDRINUSE' }) : error;
      throw portError(cause, 'SANDBOX_PORT', sandboxPort, [appPort, sandboxPort]);
    });
  }
  // The next port is easy to remember, but any will do.
  return start(appPort + 1).catch(() => start(0));
}

async function openSessions(url: string) {
  try {
    return await redisSessions(url, console.error);
  } catch (error) {
    throw new SetupError(`There is no Redis at REDIS_URL: ${(error as Error).message}`);
  }
}

function portError(error: unknown, name: string, port: number, used: number[]): unknown {
  if (hasCode(error, 'EADDRINUSE')) {
    return new SetupError(
      `Port ${String(port)} is taken. Stop what uses it, or choose another one: ${name}=${String(anotherPort(port, used))} npm start`,
    );
  }
  if (hasCode(error, 'EACCES')) {
    return new SetupError(`Port ${String(port)} needs more rights. Choose one from 1024 on with ${name}.`);
  }
  return error;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

main().catch((error: unknown) => {
  console.error(error instanceof SetupError ? error.message : error);
  process.exit(1);
});
