/**
 * The world of a program from the README, loaded before it: Dribbble answers (not the sandbox, as the program has
 * Dribbble's own addresses), the port is any that is free, and no
 * host has an address.
 */
import dns = require('node:dns');
import { Server, type AddressInfo } from 'node:net';
import nock = require('nock');
import { fixture } from './fixtures';

nock('https://dribbble.com').post('/oauth/token').reply(200, fixture('token'));
nock('https://api.dribbble.com').get('/v2/user').reply(200, fixture('user'));

// The strategy opens connections ahead, which nock does not see.
const { lookup } = dns;
dns.lookup = ((host: string, ...rest: unknown[]) => {
  if (host === '127.0.0.1') Reflect.apply(lookup, dns, [host, ...rest]);
  else (rest.at(-1) as (error: Error) => void)(new Error('There is no DNS here.'));
}) as typeof dns.lookup;

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on the server below
const listen = Server.prototype.listen as (
  this: Server,
  port: number,
  host: string,
  callback: () => void,
) => Server;
Server.prototype.listen = function (this: Server) {
  return listen.call(this, 0, '127.0.0.1', () => {
    process.send?.({ port: (this.address() as AddressInfo).port });
  });
} as typeof Server.prototype.listen;
