import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import makeFetchCookie from 'fetch-cookie';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { createApp } from './app';

describe('Signing in with Dribbble', () => {
  let dribbble: Sandbox;
  let server: Server;
  let url: string;
  before(async () => {
    dribbble = await startSandbox();
    server = createApp(dribbble.options).listen(0);
    url = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => dribbble.reset());
  after(async () => {
    server.close();
    await dribbble.close();
  });

  /** What a person sees after signing in with an empty cookie jar. */
  const signIn = () => makeFetchCookie(fetch)(`${url}/auth/dribbble`);

  it('asks for nothing but the public profile', async () => {
    dribbble.signInAs('maya');
    assert.equal((await signIn()).status, 200);
    const [authorization, token, user] = dribbble.requests;
    assert.equal(authorization?.params.scope, undefined);
    assert.equal(token?.params.code, '[code]');
    assert.equal(user?.headers.authorization, 'Bearer [authorization]');
  });

  it('signs in nobody without an id', async () => {
    dribbble.signInAs('maya');
    dribbble.fail('user', 'no-id');
    assert.equal((await signIn()).status, 502);
  });
});
