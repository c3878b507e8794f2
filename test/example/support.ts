import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { callbackURL, createApp, type AppOptions } from '../../example/app';
import type { Browser, Page } from '../support/browser';
import { close, hostOf, listen } from '../support/servers';

export interface Example {
  url: string;
  sandbox: Sandbox;
  /** What the app wrote to its log. */
  log: unknown[];
  close(): Promise<void>;
}

type Options = Partial<Omit<AppOptions, 'dribbble'>> & { dribbble?: Partial<AppOptions['dribbble']> };

/** The example app beside its sandbox, each on a free port; `options` are in place of the usual ones. */
export async function startExample(options: Options = {}): Promise<Example> {
  // The pictures of the README show the usual port.
  const server = await listen(createServer(), process.env['SCREENSHOTS'] ? 3000 : 0);
  const url = `http://${hostOf(server).replace('127.0.0.1', 'localhost')}`;
  const sandbox = await startSandbox({ callbackURL: callbackURL(url) });
  const log: unknown[] = [];
  server.on(
    'request',
    createApp({
      baseURL: url,
      sessionSecret: 'a secret of the tests',
      sandbox: true,
      log: (error) => log.push(error),
      ...options,
      dribbble: { ...sandbox.options, ...options.dribbble },
    }),
  );
  return {
    url,
    sandbox,
    log,
    close: async () => {
      server.closeAllConnections();
      await Promise.all([close(server), sandbox.close()]);
    },
  };
}

/** Starts example/server.ts in a folder, with nothing of the environment but what is given. */
export function spawnExample(cwd: string, env: Record<string, string>) {
  const script = path.join(__dirname, '../../example/server.ts');
  const child = spawn(process.execPath, ['--require', require.resolve('../support/register.cjs'), script], {
    cwd,
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close') as Promise<[code: number | null, signal: string | null]>;
  const said = { out: '', err: '' };
  child.stderr.on('data', (text: Buffer) => (said.err += text.toString()));
  /** Its address. */
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text: Buffer) => {
      said.out += text.toString();
      const [, url] = /ready: (\S+)\n[^]*\n/.exec(said.out) ?? [];
      if (url) resolve(url);
    });
    void ended.then(() => {
      reject(new Error(`It ended before it was ready: ${said.err}`));
    });
  });
  ready.catch(() => undefined);
  return { child, ended, said, ready };
}

/** Presses Authorize on a consent page, as one of the sandbox's people; the response leads back to the app. */
export function authorize(browser: Browser, consent: Page, login: string): Promise<Page> {
  return browser.post(consent.url, { login, decision: 'authorize' });
}

/** Signs in from the first page to the last. */
export async function signIn(browser: Browser, url: string, login: string, returnTo?: string): Promise<Page> {
  const query = returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`;
  const consent = await browser.open(`${url}/auth/dribbble${query}`);
  return browser.follow(authorize(browser, consent, login));
}
