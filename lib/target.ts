import { Agent } from 'node:https';
import { isIP } from 'node:net';

/** Where a URL leads, in the terms of Node's http. */
export interface Target {
  protocol: string;
  /** The host's name or address, an IPv6 address without its brackets. */
  hostname: string;
  port: string | number;
  path: string;
  /** What TLS takes for the host's name: addresses are none (RFC 6066, section 3). */
  servername: string;
  /** By what Node's https agents tell connections to this host from others. */
  name: string;
  /** For messages: the host, with the port where the URL has one, and the path alone. */
  host: string;
  pathname: string;
}

/** URLs remembered: a login needs two, and an app may ask the API for more. */
const LIMIT = 100;
const known = new Map<string, Target>();

/** Takes a URL to pieces, once for all logins. */
export function targetOf(url: string): Target {
  const found = known.get(url);
  if (found) return found;
  const { protocol, host, hostname: written, port: given, pathname, search } = new URL(url);
  const hostname = written.replace(/^\[|\]$/g, '');
  const port = given || (protocol === 'https:' ? 443 : 80);
  const servername = isIP(hostname) ? '' : hostname;
  const name = new Agent().getName({ host: hostname, port, servername });
  const target = { protocol, hostname, port, path: pathname + search, servername, name, host, pathname };
  if (known.size >= LIMIT) known.clear();
  known.set(url, target);
  return target;
}
