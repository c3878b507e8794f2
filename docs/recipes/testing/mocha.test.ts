import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
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

  it('signs in whoever says yes', async () => {
    dribbble.signInAs('maya');
    expect(await (await signIn()).json()).to.deep.equal({ id: '1', name: 'Maya Lind' });
  });

  it('signs in nobody who says no', async () => {
    dribbble.deny();
    expect((await signIn()).url).to.equal(`${url}/sign-in`);
  });

  it('apologizes while Dribbble is down', async () => {
    dribbble.signInAs('maya');
    dribbble.fail('token', 'resets');
    const page = await signIn();
    expect(page.status).to.equal(502);
    expect(await page.text()).to.include('try again later');
  });
});
