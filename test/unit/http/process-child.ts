import dns = require('node:dns');
import http = require('node:http');
import https = require('node:https');
import { preconnect } from '../../../lib/http/agent';
import { request } from '../../../lib/http/request';

export interface Task {
  /** What is true of this process before. */
  given?: keyof typeof GIVEN;
  /** Where to open a connection ahead. */
  preconnect?: string;
  /** Where to send a request then. */
  request?: string;
}

/** What came of the request: the response's body, or the error's message. */
export interface Reply {
  body?: string;
  error?: string;
}

const GIVEN = {
  "the environment's proxy, by http.setGlobalProxyFromEnv()": () => {
    (http as unknown as { setGlobalProxyFromEnv(): void }).setGlobalProxyFromEnv();
  },
  'a name server that is silent': () => {
    dns.setServers([String(process.env['NAME_SERVER'])]);
    // As long as it takes in Linux.
    dns.lookup = (() => setTimeout(() => undefined, 10_000)) as unknown as typeof dns.lookup;
  },
  'two addresses for every host, the first of which is wrong': () => {
    dns.lookup = ((
      _name: string,
      _options: object,
      callback: (error: null, all: dns.LookupAddress[]) => void,
    ) => {
      callback(
        null,
        ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 })),
      );
    }) as typeof dns.lookup;
  },
};

async function perform(task: Task): Promise<Reply> {
  if (task.given) GIVEN[task.given]();
  if (task.preconnect) preconnect(task.preconnect);
  if (!task.request) return {};
  const { hostname, port, host } = new URL(task.request);
  const options = { host: hostname, port, path: '/', method: 'POST', headers: { Host: host } };
  return request(https, options, 'x', 30_000).then(
    ({ body }) => ({ body }),
    (error: unknown) => ({ error: (error as Error).message }),
  );
}

process.on('message', () => undefined); // alive until told
void perform(JSON.parse(String(process.argv[2])) as Task).then((reply) => process.send?.(reply));
