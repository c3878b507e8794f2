import { expect } from 'chai';
import { lookupAhead } from '../../../lib/http/lookup';
import { NameServer } from './support';

describe('lookupAhead', () => {
  let nameServer: NameServer;
  beforeEach(async () => {
    nameServer = await NameServer.start((callback) => {
      callback(null, '192.0.2.1');
    });
  });
  afterEach(() => {
    nameServer.stop();
  });

  const resolved = (isNeeded: boolean): Promise<string> =>
    new Promise((resolve) => {
      lookupAhead(() => isNeeded)('dribbble.test', {}, (error, address) => {
        resolve(error ? String(error.code) : (address as string));
      });
    });

  it('looks the name up, as Node does, when the name server knows it', async () => {
    nameServer.socket.on('message', (query, { port }) => {
      nameServer.socket.send(answer(query), port);
    });
    expect(await resolved(false)).to.equal('192.0.2.1');
    expect(nameServer.lookups).to.deep.equal(['dribbble.test']);
  });

  it('looks no name up, and gives up within a second, when the name server is silent', async () => {
    const begun = performance.now();
    expect(await resolved(false)).to.equal('ECANCELLED');
    expect(performance.now() - begun).to.be.below(1000);
    expect(nameServer.lookups).to.deep.equal([]);
  });

  it('looks the name up all the same when the connection is needed by then', async () => {
    expect(await resolved(true)).to.equal('192.0.2.1');
  });
});

/** The response to a query: its own question, and one A record (RFC 1035, section 4.1). */
function answer(query: Buffer): Buffer {
  const response = Buffer.from(query.subarray(0, query.indexOf(0, 12) + 5));
  response.writeUInt16BE(0x8180, 2); // a response, without error
  response.writeUInt16BE(1, 6); // answers
  response.writeUInt32BE(0, 8); // no other records
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 2];
  return Buffer.concat([response, Buffer.from(record)]);
}
