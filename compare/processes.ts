// What load.ts and soak.ts share: an app and a provider that speaks https, each in a process of its own.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import https from 'node:https';
import { DribbbleStrategy, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import { TOKEN, USER } from '../test/support/fake-dribbble';
import { CERTIFICATE_FILE, TLS } from '../test/support/tls-host';
import { hostOf } from '../test/support/servers';

/** What the provider does in place of its response. */
export type Fault = (res: ServerResponse) => unknown;

interface Parts {
  /** What the app does, given the provider's address. */
  app: (provider: string) => Promise<void>;
  /** What goes wrong with the next request, if anything. */
  fault: (path: string) => Fault | undefined;
  /** Node's, of the app's process. */
  flags?: string[];
}

/** Runs the file that calls it three times: to start the app, as the app, and as its provider. */
export async function run({ app, fault, flags = [] }: Parts): Promise<void> {
  if (process.env['PART'] === 'provider') await provide(fault);
  else if (process.env['PART'] === 'app') {
    const [url] = (await once(start('provider'), 'message')) as [string];
    await app(url);
    process.exit();
  } else {
    const [code] = (await once(start('app', ['--expose-gc', ...flags]), 'exit')) as [number | null];
    process.exitCode = code ?? 1;
  }
}

function start(part: string, execArgv: string[] = []): ChildProcess {
  return fork(String(process.argv[1]), process.argv.slice(2), {
    execArgv: ['--require', require.resolve('../test/support/register.cjs'), ...execArgv],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE, PART: part },
  });
}

async function provide(fault: Parts['fault']): Promise<void> {
  const server = https.createServer(TLS, (req, res) => {
    req.resume().on('end', () => {
      const goWrong = fault(String(req.url));
      if (goWrong) goWrong(res);
      else res.end(JSON.stringify(req.method === 'POST' ? TOKEN : USER));
    });
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 2000 });
  await once(server, 'listening');
  process.on('disconnect', () => process.exit()); // whatever the app ends by
  process.send?.(`https://${hostOf(server)}`);
}

export function strategyAt(url: string, options: Partial<DribbbleStrategyOptions> = {}): DribbbleStrategy {
  return new DribbbleStrategy(
    {
      clientID: 'the-client-id',
      clientSecret: 'the-client-secret',
      authorizationURL: `${url}/authorize`,
      tokenURL: `${url}/token`,
      userProfileURL: `${url}/user`,
      ...options,
    },
    (_accessToken, _refreshToken, profile) => profile,
  );
}

/** MiB of heap in use after a collection. */
export function heapInUse(): number {
  (globalThis as unknown as { gc: () => void }).gc();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

export const conditions = (): string => `Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
