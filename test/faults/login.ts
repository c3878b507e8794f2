import dns = require('node:dns');
import * as net from 'node:net';
import * as tls from 'node:tls';
import { Visitor } from '../support/app';
import { CODE, FakeDribbble } from '../support/fake-dribbble';
import { TLS } from '../support/tls-host';
import { close, freePort, hostOf, listen, response } from '../support/servers';
import type { Page } from '../support/browser';
import { ELSEWHERE, PERSON, PROVIDER, type Fault, type Leg } from './table';

/** Where a request can go in place of the provider. */
export type Address = 'refused' | 'unknown' | 'unresolved' | 'untrusted' | 'plain';

/** What came of a login, as the visitor and the provider saw it. */
export interface Seen {
  kind: 'signed in' | 'error' | 'failed login' | 'login begins' | 'hangs' | 'breaks off';
  page?: Page;
  /** Requests that the provider got because of the callback. */
  asked: number;
  /** Requests that went where a redirect led. */
  strayed: number;
}

/** The provider of one login that goes wrong, and what is there in its place. */
export class Provider {
  private constructor(
    readonly dribbble: FakeDribbble,
    private readonly untrusted: net.Server,
    private readonly plain: net.Server,
    private readonly refused: string,
  ) {}

  /** @param port of the provider, any that is free unless given */
  static async start(port?: number): Promise<Provider> {
    const untrusted = tls.createServer(TLS);
    untrusted.on('tlsClientError', () => undefined);
    const plain = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume().end(response('plain http'));
    });
    return new Provider(
      await FakeDribbble.start(port),
      await listen(untrusted),
      await listen(plain),
      `127.0.0.1:${String(await freePort())}`,
    );
  }

  /** Does what the fault says from now on, and gives where that is. */
  arrange({ arrange: { token, user, address = {} } }: Fault): FakeDribbble['endpoints'] {
    Object.assign(this.dribbble, PROVIDER, token && { token }, user && { user });
    const { tokenURL, userProfileURL, authorizationURL } = this.dribbble.endpoints;
    const at = (url: string, leg: Leg): string => {
      const host = address[leg] && this.host(address[leg]);
      return host === undefined ? url : host + new URL(url).pathname;
    };
    return {
      authorizationURL,
      tokenURL: at(tokenURL, 'token'),
      userProfileURL: at(userProfileURL, 'user'),
    };
  }

  /** Does not end while a client keeps a connection open. */
  async stop(): Promise<void> {
    await Promise.all([this.dribbble.stop(), close(this.untrusted), close(this.plain)]);
  }

  private host(address: Address): string {
    return {
      refused: `http://${this.refused}`,
      unknown: 'https://unknown.invalid',
      unresolved: 'https://unresolved.invalid',
      untrusted: `https://${hostOf(this.untrusted)}`,
      plain: `https://${hostOf(this.plain)}`,
    }[address];
  }
}

/** Lets `unknown.invalid` be unknown, and nobody answer for `unresolved.invalid`; gives how to undo it. */
export function fakeNames(): () => void {
  const { lookup } = dns;
  dns.lookup = ((hostname: string, ...rest: unknown[]): void => {
    if (hostname === 'unresolved.invalid') return;
    if (hostname !== 'unknown.invalid') {
      Reflect.apply(lookup, dns, [hostname, ...rest]);
      return;
    }
    const error = new Error(`getaddrinfo ENOTFOUND ${hostname}`);
    setImmediate(
      rest.at(-1) as (error: Error) => void,
      Object.assign(error, { code: dns.NOTFOUND, hostname }),
    );
  }) as typeof lookup;
  return () => {
    dns.lookup = lookup;
  };
}

/**
 * Goes through the login of a fault, at an app that the provider is arranged for.
 *
 * @param signIn the address of the app's button
 * @param patience milliseconds to wait for each page
 */
export async function logIn(
  { arrange: { callback, loginsBefore = 0, usesBefore = 0, begunLater = 0, callbackBefore } }: Fault,
  signIn: string,
  { dribbble }: Provider,
  patience: number,
): Promise<Seen> {
  const { authorizationURL } = dribbble.endpoints;
  const newVisitor = (): Visitor => new Visitor(signIn, authorizationURL, patience);
  const visitor = newVisitor();
  const { query = `code=${encodeURIComponent(CODE)}&state=STATE`, form } = callback ?? {};
  for (let login = 0; login < loginsBefore; login++) {
    // Of others, so that whoever is signed in at the end is so by the login that counts.
    const other = newVisitor();
    await other.follow(await other.callback(`code=${encodeURIComponent(CODE)}&state=${await other.begin()}`));
  }
  const somebody = await newVisitor().begin();
  const state = await visitor.begin();
  const fill = (text: string): string => text.replaceAll('STATE', state).replaceAll('SOMEBODY', somebody);
  for (let tab = 0; tab < begunLater; tab++) await visitor.begin();
  if (callbackBefore !== undefined) await visitor.callback(callbackBefore);
  for (let use = 0; use < usesBefore; use++)
    await visitor.follow(await visitor.callback(fill(query), form && fill(form)));

  const before = dribbble.received.length;
  const seen = await visit();
  const received = dribbble.received.slice(before);
  const strayed = received.filter(({ path }) => path === ELSEWHERE).length;
  return { ...seen, asked: received.length, strayed };

  async function visit(): Promise<Pick<Seen, 'kind' | 'page'>> {
    try {
      const page = await visitor.callback(fill(query), form && fill(form));
      if (visitor.isSentAway(page)) return { kind: 'login begins', page };
      const last = await visitor.follow(page);
      // A person who is shown without a request to the provider has been signed in before.
      const isSignedIn = last.body.includes(PERSON.name) && dribbble.received.length > before;
      if (isSignedIn) return { kind: 'signed in', page: last };
      return { kind: last.status >= 500 ? 'error' : 'failed login', page: last };
    } catch (error) {
      return { kind: (error as Error).name === 'AbortError' ? 'hangs' : 'breaks off' };
    }
  }
}

/**
 * Why what was seen is not what is right, or undefined where it is. How an app says that nobody is signed in is its own
 * matter: a status, a page that it redirects to, another login.
 */
export function judge({ expected: { outcome } }: Fault, { kind, asked, strayed }: Seen): string | undefined {
  if (strayed > 0) return 'followed the redirect';
  const fits: Partial<Record<typeof outcome, string[]>> = {
    error: ['error', 'failed login'],
    refused: ['failed login', 'error'],
    'login begins': ['failed login', 'error', 'login begins'],
    'not signed in': ['failed login', 'error', 'login begins'],
  };
  if (!(fits[outcome] ?? [outcome]).includes(kind)) return kind;
  const asksNothing = ['refused', 'login begins', 'not signed in'].includes(outcome);
  return asksNothing && asked > 0 ? 'asked the provider' : undefined;
}
