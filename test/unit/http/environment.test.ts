import http = require('node:http');
import https = require('node:https');
import net = require('node:net');
import { expect } from 'chai';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { isDefaultAgentSetUp, isMocked } from '../../../lib/http/environment';
import { TLS } from '../../support/tls-host';

describe('isDefaultAgentSetUp', () => {
  const { globalAgent } = https;
  beforeEach(() => {
    // As Node makes it.
    https.globalAgent = new https.Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5000 });
  });
  afterEach(() => {
    https.globalAgent = globalAgent;
  });

  it('is false as long as nobody has set it up', () => {
    expect(isDefaultAgentSetUp()).to.equal(false);
    https.globalAgent = globalAgent;
    expect(isDefaultAgentSetUp()).to.equal(false);
  });

  const { options } = new https.Agent();
  const SET_UPS: Record<string, () => unknown> = {
    'is replaced': () => (https.globalAgent = new https.Agent({ keepAlive: true })),
    'is replaced by one with fewer options': () =>
      (https.globalAgent = Object.assign(new https.Agent(), { options })),
    "is replaced by one of the app's own class": () =>
      (https.globalAgent = new (class extends https.Agent {})(https.globalAgent.options)),
    'is replaced by one that uses a proxy': () =>
      (https.globalAgent = new HttpsProxyAgent('http://127.0.0.1:9') as unknown as https.Agent),
    'is given a way to connect': () =>
      (https.globalAgent.createConnection = https.globalAgent.createConnection.bind(globalAgent)),
    'is given a CA': () => (https.globalAgent.options.ca = TLS.cert),
    'is told to trust everybody': () => (https.globalAgent.options.rejectUnauthorized = false),
    'is given a client certificate': () => Object.assign(https.globalAgent.options, TLS),
    'is given a lookup function': () => (https.globalAgent.options.lookup = () => undefined),
  };
  for (const [what, setUp] of Object.entries(SET_UPS)) {
    it(`is true when https.globalAgent ${what}`, () => {
      setUp();
      expect(isDefaultAgentSetUp()).to.equal(true);
    });
  }
});

describe('isMocked', () => {
  it('is false where nothing replaces Node', () => {
    expect(isMocked()).to.equal(false);
  });

  // By what nock 13 and 14 and msw 2 and 3 do.
  for (const [what, target, name, replace] of [
    ['https.request is wrapped in a proxy', https, 'request', (request) => new Proxy(request, {})],
    ['http.ClientRequest is replaced', http, 'ClientRequest', () => http.Agent],
    ['Socket.prototype.connect is replaced', net.Socket.prototype, 'connect', () => () => undefined],
  ] as [string, object, string, (original: object) => object][]) {
    it(`is true while ${what}`, () => {
      const original = Reflect.get(target, name) as object;
      Reflect.set(target, name, replace(original));
      try {
        expect(isMocked()).to.equal(true);
      } finally {
        Reflect.set(target, name, original);
      }
      expect(isMocked()).to.equal(false);
    });
  }
});
