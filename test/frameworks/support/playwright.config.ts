import { join } from 'node:path';

/** For the recipe with Playwright: the system's Chromium, and the package as it is installed. */
export default {
  testDir: join(__dirname, '../../../docs/recipes/testing'),
  testMatch: 'playwright.test.ts',
  tsconfig: join(__dirname, '../tsconfig.json'),
  outputDir: join(__dirname, '../build/playwright'),
  workers: 1,
  timeout: 10_000,
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu'],
    },
  },
};
