import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import makeFetchCookie from 'fetch-cookie';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from './app';

describe('Signing in with Dribbble', () => {
  let dribbble: Sandbox;
  let server: Server;
  let url: string;
  beforeAll(async () => {
    dribbble = await startSandbox();
    server = createApp(dribbble.options).listen(0);
    url = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => dribbble.reset());
  afterAll(async () => {
    server.close();
    await dribbble.close();
  });

  /** What a person sees after signing in with an empty cookie jar. */
  const signIn = () => makeFetchCookie(fetch)(`${url}/auth/dribbble`);

  it('signs in on the second try if Dribbble fails once', async () => {
    dribbble.signInAs('iroha');
    dribbble.fail('token', { status: 500, body: { message: 'Oops.' } }, { once: true });
    expect((await signIn()).status).toBe(502);
    expect(await (await signIn()).json()).toMatchObject({ id: '103' });
  });
});
