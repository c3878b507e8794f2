import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port that is free, with two free ones behind it, as the sandbox needs them: below those that the system gives to
 * connections, of which one could take it before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const first = randomInt(10_000, 30_000);
    const servers = [first, first + 1, first + 2].map((port) => createServer().listen(port, '127.0.0.1'));
    const listening = await Promise.allSettled(servers.map((server) => once(server, 'listening')));
    for (const server of servers) server.close();
    if (listening.every(({ status }) => status === 'fulfilled')) return first;
  }
}
