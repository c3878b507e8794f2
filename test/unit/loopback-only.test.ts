import * as dns from 'node:dns';
import * as net from 'node:net';
import { expect } from 'chai';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { authenticate } from '../support/authenticate';

describe('A test', () => {
  /** The exception that would fail the test. */
  async function uncaught(during: () => unknown): Promise<Error> {
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    try {
      return await new Promise((resolve) => {
        process.on('uncaughtException', resolve);
        try {
          during();
        } catch {
          // The code under test may do the same.
        }
      });
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  }

  for (const [what, reach] of Object.entries({
    'that looks up the name of another machine': () => {
      dns.lookup('dribbble.com', () => undefined);
    },
    'that connects to the address of another machine': () => net.connect(443, '192.0.2.1'),
    'whose strategy preconnects to Dribbble': () =>
      authenticate(new DribbbleStrategy({ clientID: 'id', clientSecret: 'secret' }, () => undefined)),
  }))
    it(`${what} fails`, async () => {
      expect((await uncaught(reach)).message).to.match(/^A test reaches for .*this machine only/);
    });
});
