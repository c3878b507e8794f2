import { AsyncLocalStorage } from 'node:async_hooks';
import * as https from 'node:https';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { authenticate } from './authenticate';
import type { Setup } from './app-process';
import type { OAuth2 } from 'oauth';
import dns = require('node:dns');
import tls = require('node:tls');
import { HttpsProxyAgent } from 'https-proxy-agent';

export type Task = { do: 'setUp'; setup: Setup } | { do: 'redirect' | 'callback'; visitor: string };

export interface Reply {
  id: number;
  /** How the strategy answered. */
  kind?: string;
  error?: string;
  user?: unknown;
  /** Sockets that the strategy has opened so far. */
  opened: number;
}

const visitors = new AsyncLocalStorage<string>();
const connect = tls.connect;
const lookup = dns.lookup;
let strategy: DribbbleStrategy;
let sockets: tls.TLSSocket[] = [];

// Node's agents call it as a method, so that every connection is seen here.
tls.connect = ((...args: Parameters<typeof connect>) => {
  const socket = connect(...args);
  const mine = sockets;
  const report = (): void => {
    // The test may hang up at any time.
    if (mine === sockets) process.send?.({ open: open().length }, undefined, undefined, () => undefined);
  };
  mine.push(socket);
  socket.on('close', report);
  report();
  return socket;
}) as typeof connect;

function open(): tls.TLSSocket[] {
  return sockets.filter((socket) => !socket.destroyed);
}

function setUp({ options, agent, proxy, addresses }: Setup): void {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  const own = proxy === undefined ? new https.Agent() : new HttpsProxyAgent(proxy);
  strategy = new DribbbleStrategy(
    {
      clientID: 'the-client-id',
      clientSecret: 'the-client-secret',
      state: false,
      ...options,
      ...(agent === 'option' && { agent: own }),
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- a verify function that answers by its promise
    async (_accessToken, _refreshToken, _profile) => ({ visitor: visitors.getStore() }),
  );
  if (agent === 'setAgent') (strategy as unknown as { _oauth2: OAuth2 })._oauth2.setAgent(own);
  dns.lookup = (
    addresses
      ? (
          _name: string,
          _options: object,
          callback: (error: null, addresses: dns.LookupAddress[]) => void,
        ) => {
          callback(
            null,
            addresses.map((address) => ({ address, family: 4 })),
          );
        }
      : lookup
  ) as typeof lookup;
}

async function perform(task: Task): Promise<Partial<Reply>> {
  if (task.do === 'setUp') {
    setUp(task.setup);
    return {};
  }
  const query = task.do === 'callback' ? { code: 'the-code' } : {};
  const outcome = await visitors.run(task.visitor, () => authenticate(strategy, { query }));
  return {
    kind: outcome.kind,
    ...(outcome.kind === 'success' && { user: outcome.user }),
    ...(outcome.kind === 'error' && { error: outcome.error.message }),
  };
}

process.on('message', (task: Task & { id: number }) => {
  void perform(task).then((reply) => {
    process.send?.({ ...reply, id: task.id, opened: sockets.length });
  });
});
