// An app over HTTP with one strategy or system, in a process of its own, so that its CPU time is none of a browser's.
// Sends the address at which people begin to sign in to the parent process and, when asked, its CPU time.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { App } from '../test/support/app.ts';
import { makeStrategy } from './strategies.mjs';
import { SYSTEMS } from './systems.mjs';

const [name, settings] = process.argv.slice(2);
const signIn = await (name in SYSTEMS ? startSystem : startStrategy)(JSON.parse(settings));
process.on('message', () => process.send({ result: process.cpuUsage() }));
process.on('disconnect', () => process.exit());
process.send({ result: signIn });

async function startSystem(dribbble) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${String(server.address().port)}`;
  const { app, signIn } = await SYSTEMS[name]({
    url,
    dribbble,
    show: (res, user) => res.status(user ? 200 : 401).end(),
    log: console.error,
  });
  server.on('request', app);
  return url + signIn;
}

async function startStrategy(dribbble) {
  const verify = (_accessToken, _refreshToken, profile, done) => done(null, { id: profile.id });
  const app = await App.start(await makeStrategy(name, { ...dribbble, callbackURL: '/callback' }, verify));
  return app.login;
}
