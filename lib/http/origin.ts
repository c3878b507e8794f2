import https = require('node:https');
import { isIP } from 'node:net';

/** Where the URL of a request leads, in the terms of Node's agents. */
export interface Origin {
  protocol: string;
  host: string;
  port: number;
  servername: string;
  /** The name under which an https agent keeps connections to it. */
  name: string;
}

/** By URL. A login needs the same two each time, and parsing them takes longer than all else that is done with them. */
const known = new Map<string, Origin | undefined>();
const LIMIT = 100;

/** The origin of a URL, or undefined if the URL is not a valid absolute URL. */
export function originOf(url: string): Origin | undefined {
  if (known.has(url)) return known.get(url);
  if (known.size >= LIMIT) known.clear();
  const origin = URL.canParse(url) ? parse(new URL(url)) : undefined;
  known.set(url, origin);
  return origin;
}

function parse({ protocol, hostname, port: given }: URL): Origin {
  const host = hostname.replace(/^\[|\]$/g, '');
  const port = Number(given || (protocol === 'https:' ? 443 : 80));
  const servername = isIP(host) ? '' : host; // RFC 6066, section 3
  // Not by the app's default agent: those of tunnel and of agent-base 6 can't tell.
  const name = https.Agent.prototype.getName({ host, port, servername });
  return { protocol, host, port, servername, name };
}
