import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import makeFetchCookie from 'fetch-cookie';
import { dribbble, fakeDribbble } from './fake-dribbble';

const servers: Server[] = [];
let url: string;

async function serve(app: typeof fakeDribbble): Promise<string> {
  const server = app.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

before(async () => {
  const fakeURL = await serve(fakeDribbble);
  Object.assign(process.env, {
    DRIBBBLE_URL: fakeURL,
    DRIBBBLE_API_URL: fakeURL,
    DRIBBBLE_CLIENT_ID: 'id',
    DRIBBBLE_CLIENT_SECRET: 'secret',
    SESSION_SECRET: 'for a test',
  });
  const { app } = await import('./app.js'); // once its environment is there
  url = await serve(app);
});
after(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});
beforeEach(() => {
  dribbble.says = 'yes';
});

test('somebody who says yes is signed in', async () => {
  const browser = makeFetchCookie(fetch); // keeps cookies, as fetch alone does not
  const page = await browser(`${url}/auth/dribbble`);
  assert.equal(page.url, `${url}/`);
  assert.deepEqual(await page.json(), { id: '1', name: 'Maya Lind' });
});

test('somebody who says no is not', async () => {
  const browser = makeFetchCookie(fetch);
  dribbble.says = 'no';
  const page = await browser(`${url}/auth/dribbble`);
  assert.equal(page.url, `${url}/sign-in`);
  assert.deepEqual(await (await browser(`${url}/`)).json(), {});
});
