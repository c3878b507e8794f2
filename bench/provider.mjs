// Stands in for the provider, in a process of its own: two TLS hosts, and if asked a relay in front of each that
// makes them as far away as the given round trip time. Not the sandbox, which has no TLS and is never far away. Sends
// the settings for a client to the parent process.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect, createServer as createRelay } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers';
import { URL } from 'node:url';

const roundTrip = Number(process.argv[2] ?? 0);
const file = (name) => readFileSync(new URL(`../test/fixtures/${name}`, import.meta.url));
const token = JSON.stringify(JSON.parse(file('token.json')));
// Each strategy finds what it needs: Google's calls the id `sub`.
const user = JSON.stringify({ ...JSON.parse(file('user.json')), sub: '1' });

const urls = [];
for (const path of ['/oauth/token', '/v2/userinfo']) {
  const host = createServer(
    { cert: file('tls/certificate.pem'), key: file('tls/key.pem'), keepAliveTimeout: 75_000 },
    (req, res) => {
      req.resume().on('end', () => {
        res.setHeader('Content-Type', 'application/json');
        res.end(req.method === 'POST' ? token : user);
      });
    },
  );
  const port = await listen(host);
  const front = roundTrip > 0 ? await listen(createRelay((near) => relay(near, port))) : port;
  urls.push(`https://localhost:${String(front)}${path}`);
}
process.send({
  clientID: 'the-client-id',
  clientSecret: 'the-client-secret',
  authorizationURL: 'http://localhost:1/oauth/authorize',
  tokenURL: urls[0],
  userProfileURL: urls[1],
  pkce: true, // for all alike: it is on by default in passport-dribbble-oauth2 and openid-client only
});
process.on('disconnect', () => process.exit());

function listen(server) {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}

/**
 * Every byte takes half a round trip in either direction. A connection on loopback is open at once, so what costs a
 * round trip elsewhere, TCP's handshake, is made up for here: nothing of the client's leaves within the first one.
 */
function relay(near, port) {
  const opened = performance.now();
  const far = connect(port, '127.0.0.1');
  for (const socket of [near, far]) socket.setNoDelay();
  const delayed = (from, to) => {
    let last = 0;
    const after = (act) => {
      const sent = from === near ? Math.max(performance.now(), opened + roundTrip) : performance.now();
      last = Math.max(last, sent + roundTrip / 2); // in the order of sending
      setTimeout(act, last - performance.now());
    };
    from.on('data', (chunk) => after(() => to.write(chunk)));
    from.on('end', () => after(() => to.end()));
    from.on('error', () => after(() => to.destroy()));
  };
  delayed(near, far);
  delayed(far, near);
}
