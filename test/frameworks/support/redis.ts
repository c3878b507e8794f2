import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../support/servers';

/** Debian's redis-server, on a port that is free, keeping nothing. */
export async function startRedis(): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit');
  await new Promise<void>((resolve, reject) => {
    server.once('error', () => {
      reject(new Error('Install redis-server: this test runs it.'));
    });
    let log = '';
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('Ready to accept connections')) resolve();
    });
  });
  return {
    url: `redis://127.0.0.1:${String(port)}`,
    stop: async () => {
      server.kill();
      await exited;
    },
  };
}
