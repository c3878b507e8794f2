import https = require('node:https');
import { expect } from 'chai';
import { originOf } from '../../../lib/http/origin';

describe('originOf', () => {
  for (const [url, protocol, host, port, servername] of [
    ['https://dribbble.com/oauth/token?a=b', 'https:', 'dribbble.com', 443, 'dribbble.com'],
    ['https://user@DRIBBBLE.com:8443/', 'https:', 'dribbble.com', 8443, 'dribbble.com'],
    ['http://localhost/', 'http:', 'localhost', 80, 'localhost'],
    // Addresses are no server names (RFC 6066, section 3), and Node wants IPv6 without brackets.
    ['https://127.0.0.1:8443/', 'https:', '127.0.0.1', 8443, ''],
    ['https://[::1]/', 'https:', '::1', 443, ''],
  ] as const)
    it(`reads ${url}`, () => {
      const name = `${host}:${String(port)}:`;
      const { name: agents, ...origin } = originOf(url) ?? {};
      expect(origin).to.deep.equal({ protocol, host, port, servername });
      expect(agents?.slice(0, name.length)).to.equal(name);
    });

  for (const url of ['/v2/user', '', 'https://', 'https://[::1', 'https://localhost:99999'])
    it(`is undefined for ${JSON.stringify(url)}`, () => {
      expect(originOf(url)).to.equal(undefined);
      expect(originOf(url)).to.equal(undefined);
    });

  it("does not ask Node's default agent, which an app may replace by one without getName", () => {
    const { globalAgent } = https;
    https.globalAgent = { addRequest: () => undefined } as unknown as https.Agent;
    try {
      expect(originOf('https://localhost/replaced')).to.include({ host: 'localhost' });
    } finally {
      https.globalAgent = globalAgent;
    }
  });

  it('remembers the URLs that a process keeps using, and forgets them after a hundred others', () => {
    const first = originOf('https://localhost/first');
    const second = originOf('https://localhost/second');
    expect(originOf('https://localhost/first')).to.equal(first);
    expect(originOf('https://localhost/second')).to.equal(second);
    for (let other = 0; other < 100; other++) originOf(`https://localhost/${String(other)}`);
    expect(originOf('https://localhost/first')).to.not.equal(first);
  });
});
