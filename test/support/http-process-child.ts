import dns = require('node:dns');
import http = require('node:http');
import https = require('node:https');
import tls = require('node:tls');
import { preconnect } from '../../lib/http/agent';
import { request } from '../../lib/http/request';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { TLS } from './tls-host';

export type Task =
  | { do: 'preconnect'; urls: string[]; breaking?: boolean }
  | { do: 'request'; url: string; timeout?: number }
  | { do: 'setUp'; as: keyof typeof SET_UPS };

export interface Reply {
  id: number;
  /** The response's body, or the error's message. */
  body?: string;
  error?: string;
  /** Connections that the process has opened so far, and the timeouts of those that are still open. */
  opened: number;
  timeouts: (number | undefined)[];
  /** Names that it looked up. */
  lookups: string[];
  /** Codes of what Node warned of. */
  warnings: (string | undefined)[];
}

const sockets: tls.TLSSocket[] = [];
const lookups: string[] = [];
const warnings: Reply['warnings'] = [];
process.on('warning', (warning: Error & { code?: string }) => warnings.push(warning.code));

// Node's agents call both as methods, so that every connection is seen here.
const { connect } = tls;
tls.connect = ((...args: Parameters<typeof connect>) => {
  const socket = connect(...args);
  sockets.push(socket);
  socket.on('close', report);
  report();
  return socket;
}) as typeof connect;
const { lookup } = dns;
dns.lookup = ((name: string, ...args: unknown[]) => {
  lookups.push(name);
  (lookup as (...all: unknown[]) => void)(name, ...args);
}) as typeof lookup;

function open(): tls.TLSSocket[] {
  return sockets.filter((socket) => !socket.destroyed);
}

function report(): void {
  // The test may hang up at any time.
  process.send?.({ open: open().length }, undefined, undefined, () => undefined);
}

/** What an app, or who runs it, does with Node's default agent. */
const SET_UPS = {
  'is replaced': () => (https.globalAgent = new https.Agent({ keepAlive: true })),
  "is replaced by one that uses the app's proxy": () =>
    (https.globalAgent = new HttpsProxyAgent(String(process.env['APP_PROXY'])) as unknown as https.Agent),
  "is replaced by one of the app's own class": () =>
    (https.globalAgent = new (class extends https.Agent {})()),
  'is given a way to connect': () => {
    const { globalAgent } = https;
    globalAgent.createConnection = globalAgent.createConnection.bind(globalAgent);
  },
  'is given a CA': () => (https.globalAgent.options.ca = TLS.cert),
  'is told to trust everybody': () => (https.globalAgent.options.rejectUnauthorized = false),
  'is given a client certificate': () => Object.assign(https.globalAgent.options, TLS),
  'is given a lookup function': () => (https.globalAgent.options.lookup = dns.lookup),
  "is given the environment's proxy": () => {
    (http as unknown as { setGlobalProxyFromEnv(): void }).setGlobalProxyFromEnv();
  },
  'has a name server that is silent': () => {
    dns.setServers([String(process.env['NAME_SERVER'])]);
    // As long as it takes in Linux.
    dns.lookup = (() => setTimeout(() => undefined, 10_000)) as unknown as typeof lookup;
  },
  'is under nock': () => {
    nockOf()(/localhost/)
      .post('/')
      .reply(200, 'mocked');
  },
  'is under nock no more': () => {
    nockOf().restore();
  },
  'finds every host at two addresses, the first of which is wrong': () => {
    dns.lookup = ((
      _name: string,
      _options: object,
      callback: (error: null, all: dns.LookupAddress[]) => void,
    ) => {
      callback(
        null,
        ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 })),
      );
    }) as typeof lookup;
  },
};

/** Importing it replaces Node's http. */
function nockOf(): typeof import('nock') {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('nock') as typeof import('nock');
}

async function perform(task: Task): Promise<Partial<Reply>> {
  if (task.do === 'setUp') SET_UPS[task.as]();
  if (task.do === 'preconnect') {
    if (task.breaking) for (const socket of sockets) socket.destroy();
    for (const url of task.urls) preconnect(url);
  }
  if (task.do !== 'request') return {};
  const { hostname, port, pathname, host } = new URL(task.url);
  const options = {
    host: hostname.replace(/[[\]]/g, ''),
    port,
    path: pathname,
    method: 'POST',
    headers: { Host: host },
  };
  return request(https, options, 'x', task.timeout ?? 5000).then(
    ({ body }) => ({ body }),
    (error: unknown) => ({ error: (error as Error).message }),
  );
}

process.on('message', (task: Task & { id: number }) => {
  void perform(task).then((reply) => {
    const timeouts = open().map((socket) => socket.timeout);
    process.send?.({ ...reply, id: task.id, opened: sockets.length, timeouts, lookups, warnings });
  });
});
