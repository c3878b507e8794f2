import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { startSandbox, type Sandbox } from 'passport-dribbble-oauth2/sandbox';
import { createApp } from './app';

let dribbble: Sandbox;
let server: Server;
let url: string;
test.beforeAll(async () => {
  dribbble = await startSandbox();
  server = createApp(dribbble.options).listen(0);
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
});
test.afterEach(() => dribbble.reset());
test.afterAll(async () => {
  server.close();
  await dribbble.close();
});

test('somebody chooses who they are, and is signed in', async ({ page }) => {
  await page.goto(`${url}/auth/dribbble`);
  await page.getByRole('radio', { name: '@maya' }).check();
  await page.getByRole('button', { name: 'Authorize' }).click();
  await expect(page.getByText('Maya Lind')).toBeVisible();
});

test('somebody who cancels is not', async ({ page }) => {
  await page.goto(`${url}/auth/dribbble`);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('You are not signed in.')).toBeVisible();
});
