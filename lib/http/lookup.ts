import type { LookupFunction } from 'node:net';

/** Milliseconds that the name server may take to respond. */
const LIMIT = 500;

/**
 * Looks up a name for a connection that may never be needed. `dns.lookup` can't be cancelled, and keeps the process
 * alive until it gives up: 10 s with a silent name server. So it is called only once the connection is needed, or after
 * the name server has responded to a query that can be cancelled.
 */
export function lookupAhead(isNeeded: () => boolean): LookupFunction {
  return (hostname, options, callback) => {
    // Loaded when it is needed, as node:net does: loading it takes longer than any file of ours.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would be asynchronous
    const dns = require('node:dns') as typeof import('node:dns');
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
