import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import makeFetchCookie from 'fetch-cookie';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
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

  it('copes with a person who has neither a name nor a picture', async () => {
    dribbble.signInAs('rookie');
    expect(await (await signIn()).json()).toEqual({ id: '102', name: 'rookie' });
  });

  it('says that Dribbble is busy past the rate limit', async () => {
    dribbble.signInAs('rookie');
    dribbble.fail('user', 'rate-limit');
    expect((await signIn()).status).toBe(503);
  });
});
