import type { Server } from 'node:http';

/** Takes nothing new, lets the requests under way finish, and resolves when all is quiet: after `grace` at the latest. */
export async function stop(server: Server, grace = 10_000): Promise<void> {
  // A browser keeps its connection open after a response; Node would wait for it to time out.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  const patience = setTimeout(() => {
    server.closeAllConnections();
  }, grace);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(sweep);
  clearTimeout(patience);
}
