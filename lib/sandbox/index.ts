import { once } from 'node:events';
import * as http from 'node:http';
import { text } from 'node:stream/consumers';
import type { DribbbleUser } from '../profile';
import { completePeople, Dribbble, isWebURL, type Params, type SandboxPerson } from './dribbble';
import { ENDPOINTS, FAILURES, send, substitute } from './failures';
import type { How, Reply, SandboxEndpoint, SandboxFailure, SandboxResponse } from './failures';
import { portrait, rootPage } from './pages';

export type { SandboxEndpoint, SandboxFailure, SandboxPerson, SandboxResponse };

/** Options of a sandbox; a TypeError names the one that is malformed. */
export interface SandboxOptions {
  /** The port of its page; the token endpoint and the API take the next two. Default: free ports. */
  port?: number | undefined;
  /** The one registered: a `redirect_uri` must equal it. Default: none, and any on a loopback host is accepted. */
  callbackURL?: string | undefined;
  /** Who can sign in. Default: six people, `maya` first. */ people?: readonly SandboxPerson[] | undefined;
  /** @default 'sandbox-client-id' */ clientID?: string | undefined;
  /** @default 'sandbox-client-secret' */ clientSecret?: string | undefined;
  /** Called with one line for each request. Default: `console.warn`, for requests that Dribbble would refuse. */
  log?: ((line: string) => void) | undefined;
}

/** A request to an endpoint. In place of a secret stands its name, such as `[code]` or `Bearer [authorization]`. */
export interface SandboxRequest {
  endpoint: SandboxEndpoint;
  /** The query of an authorization request, the form of a token request. */ params: Record<string, string>;
  headers: Record<string, string>;
  /** The status of the response; 0 if there was none. */ status: number;
  /** Why Dribbble would refuse it, in words. */ refused: string | undefined;
}

/** A Dribbble on this machine, for development and tests. It listens on 127.0.0.1 only. */
export interface Sandbox {
  /** The address of its page. */ url: string;
  /** For a strategy that signs in here: `new DribbbleStrategy({ ...dribbble.options, callbackURL }, verify)`. */
  options: Record<'clientID' | 'clientSecret' | 'authorizationURL' | 'tokenURL' | 'userProfileURL', string>;
  people: readonly DribbbleUser[];
  /** What came, oldest first: the last thousand requests. */ requests: readonly SandboxRequest[];
  /** From now on, this person says yes at once. Throws a TypeError if nobody has the login. */
  signInAs(login: string): void;
  /** From now on, the person says no at once. */ deny(): void;
  /** From now on, a page asks who signs in, as at the start. */ ask(): void;
  /** The person revokes their tokens. Throws as `signInAs` does. */ revoke(login: string): void;
  /** An endpoint fails until `reset()`, or for the next request only. Throws a TypeError if it can't fail so. */
  fail(endpoint: SandboxEndpoint, how: SandboxFailure | SandboxResponse, options?: { once?: boolean }): void;
  /** As at the start: nothing fails, a page asks, no requests, codes and tokens are void. */ reset(): Promise<void>;
  /** Stops listening and closes every connection. */ close(): Promise<void>;
}

const ROUTES = ['GET /oauth/authorize', 'POST /oauth/token', 'GET /v2/user'];
const SECRETS = ['client_secret', 'code', 'code_verifier', 'access_token', 'authorization', 'cookie'];
const paramsOf = (form: string): Params => Object.fromEntries(new URLSearchParams(form));
const NOT_FOUND = { status: 404, body: { message: 'Not found.' }, why: 'there is no such endpoint' };
const FOREIGN = { status: 403, body: 'Only for this machine, and for forms of the sandbox itself.\n' };

/** Starts a Dribbble on this machine. Rejects if a port is in use. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, callbackURL, log } = options;
  const { clientID = 'sandbox-client-id', clientSecret = 'sandbox-client-secret' } = options;
  const check = (name: string, isRight: unknown, expected: string): void => {
    if (!isRight) throw new TypeError(`startSandbox: the ${name} option must be ${expected}`);
  };
  check('port', Number.isInteger(port) && port >= 0 && port < 65_534, 'a whole number from 0 to 65533');
  check('callbackURL', isWebURL(callbackURL ?? 'http://localhost'), 'an http(s) URL without a fragment');
  check('clientID', typeof clientID === 'string' && clientID, 'a string that is not empty');
  check('clientSecret', typeof clientSecret === 'string' && clientSecret, 'a string that is not empty');
  check('host', !('host' in options), 'left out: it listens on 127.0.0.1 only, as nobody has a password');
  completePeople(options.people, '');
  const dial = new Map<SandboxEndpoint | undefined, { how: How; once: boolean }>();
  const ports = [port, port && port + 1, port && port + 2];
  const serve: http.RequestListener = (req, res) =>
    void handle(req, res).catch((error: unknown) => send(res, { status: 400, body: String(error) }));
  const servers = ports.map(() => http.createServer(serve));
  async function listen(): Promise<void> {
    for (const [index, server] of servers.entries()) {
      if (server.listening || dial.get(ENDPOINTS[index])?.how === 'refuses') continue;
      await once(server.listen(ports[index], '127.0.0.1'), 'listening');
      ports[index] = (server.address() as { port: number }).port;
    }
  }
  const shut = async (...some: http.Server[]): Promise<void> => {
    for (const server of some) server.closeAllConnections();
    await Promise.all(some.map((server) => new Promise((closed) => server.close(closed))));
  };
  await listen().catch((error: unknown) => shut(...servers).then(() => Promise.reject(error as Error)));
  const [url = '', tokenServer = '', api = ''] = ports.map((at) => `http://127.0.0.1:${String(at)}`);
  const addresses = { authorizationURL: `${url}/oauth/authorize`, tokenURL: `${tokenServer}/oauth/token` };
  const connection = { clientID, clientSecret, ...addresses, userProfileURL: `${api}/v2/user` };
  const people = completePeople(options.people, url);
  const requests: SandboxRequest[] = [];
  const app = { id: clientID, secret: clientSecret, callbackURL };
  let dribbble = new Dribbble(app);

  async function handle(req: http.IncomingMessage, res: http.ServerResponse): Promise<void> {
    const { headers, method = '', url: target = '' } = req;
    const { host = '', origin = `http://${host}`, 'content-type': type = '' } = headers;
    const [path = '', query = ''] = target.split('?', 2);
    const route = `${method} ${path}`;
    const endpoint = ENDPOINTS[ROUTES.indexOf(route)];
    const form = paramsOf(type.startsWith('application/x-www-form-urlencoded') ? await text(req) : '');
    const params = endpoint === 'token' ? form : paramsOf(query);
    const { how, once: isLast } = dial.get(endpoint) ?? {};
    if (isLast) dial.delete(endpoint);
    // A page elsewhere may send a form here, or let a name of its own point to this machine (DNS rebinding).
    const isOwn = isWebURL(`http://${host}`, true) && (endpoint ?? origin === `http://${host}`);
    const own = isOwn ? substitute(how) : FOREIGN;
    const reply: Reply = own ?? respond(route, params, form, headers.authorization, how);
    const { status = 200, why } = reply;
    const refused = how === undefined ? why : undefined;
    if (endpoint) requests.push({ endpoint, params: hide(params), headers: hide(headers), status, refused });
    if (requests.length > 1000) requests.shift();
    const line = `${route} ${String(status || 'no response')}${refused ? `: refused, as ${refused}` : ''}`;
    if (log) log(line);
    else if (refused) console.warn(`dribbble-sandbox: ${line}`);
    await send(res, reply, how);
  }

  function respond(route: string, params: Params, form: Params, token?: string, how?: How): Reply {
    const { login = '', decision: pressed } = form;
    const portraitOf = /^GET \/avatars\/([\w-]+)\.svg$/.exec(route)?.[1];
    if (route === 'GET /oauth/authorize')
      return dribbble.authorize(params, people, how === 'application_suspended' ? how : undefined);
    if (route === 'POST /oauth/authorize')
      return dribbble.authorize(params, people, pressed === 'authorize' ? known(login) : 'access_denied');
    if (route === 'POST /oauth/token')
      return dribbble.token(how === 'invalid_client' ? { ...params, client_secret: '' } : params);
    if (route === 'GET /v2/user') return dribbble.user(how === 'unauthorized' ? '' : token);
    if (route === 'GET /') return rootPage(people, dial, requests.slice(-20).reverse());
    return portraitOf ? portrait(portraitOf) : NOT_FOUND;
  }

  function known(login: string): DribbbleUser {
    const person = people.find((one) => one.login === login);
    if (person) return person;
    throw new TypeError(`There is no ${login}, but ${people.map((one) => one.login).join(', ')}`);
  }

  function fail(endpoint: SandboxEndpoint, how: How, { once = false } = {}): void {
    const names: readonly unknown[] = ENDPOINTS.includes(endpoint) ? FAILURES[endpoint] : [];
    const told = (): string => `${endpoint} can't fail as ${JSON.stringify(how)}`;
    if (names.length === 0 || (Object(how) !== how && !names.includes(how)))
      throw new TypeError(`The endpoint ${told()}, but as ${names.join(', ') || 'none'}`);
    if (how === 'refuses' && once) throw new TypeError('"refuses" lasts until reset(): it sees no request');
    dial.set(endpoint, { how, once });
    if (how === 'refuses') void shut(...servers.slice(ENDPOINTS.indexOf(endpoint)).slice(0, 1));
    else listen().catch(console.warn);
  }

  return {
    ...{ url, options: connection, people, requests, fail },
    signInAs: (login) => void (dribbble.decision = known(login)),
    deny: () => void (dribbble.decision = 'access_denied'),
    ask: () => void (dribbble.decision = undefined),
    revoke: (login) => {
      const who = known(login);
      for (const [key, { person }] of dribbble.tokens) if (person === who) dribbble.tokens.delete(key);
    },
    reset: () => {
      requests.length = 0;
      dial.clear();
      dribbble = new Dribbble(app);
      return listen();
    },
    close: () => shut(...servers.splice(0)), // none is left to listen again
  };
}

function hide(values: object): Params {
  const all = Object.fromEntries(new URLSearchParams({ ...values }));
  for (const name of SECRETS) all[name] &&= all[name].replace(/(Bearer |Basic )?.*/is, `$1[${name}]`);
  return all;
}
