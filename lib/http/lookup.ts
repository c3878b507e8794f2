import dns = require('node:dns');
import type { LookupFunction } from 'node:net';

/** Milliseconds that the name server may take to respond. */
const LIMIT = 500;

/**
 * Looks a name up for a connection that may never be needed. `dns.lookup` keeps the process alive until it gives up,
 * 10 s with a silent name server, and can't be cancelled. So it is called only if the name server responds to a query that
 * can be, or if the connection is needed by then.
 */
export function lookupAhead(isNeeded: () => boolean): LookupFunction {
  return (hostname, options, callback) => {
    const resolver = new dns.Resolver();
    const limit = setTimeout(() => {
      resolver.cancel();
    }, LIMIT);
    resolver.setServers(dns.getServers());
    resolver.resolve4(hostname, (error) => {
      clearTimeout(limit);
      if (error && !isNeeded()) callback(error, '');
      else dns.lookup(hostname, options, callback);
    });
  };
}
