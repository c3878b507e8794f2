import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';

/** docs/recipes/testing/, as it is and as compiled. */
const SOURCE = join(__dirname, '../../../../../docs/recipes/testing');
const COMPILED = join(__dirname, '../../docs/recipes/testing');
const FRAMEWORKS = join(__dirname, '../../..');
const bin = (path: string) => join(FRAMEWORKS, 'node_modules', path);

/** The runners, each with the example of docs/recipes/testing.md that is written for it. */
const RUNNERS: Record<string, string[]> = {
  mocha: [bin('mocha/bin/mocha.js'), '--no-config', join(COMPILED, 'mocha.test.js')],
  'node:test': ['--test', join(COMPILED, 'node.test.js')],
  Jest: [bin('jest/bin/jest.js'), '--rootDir', COMPILED, '--config', '{}', '--testMatch', '**/jest.test.js'],
  Vitest: [bin('vitest/vitest.mjs'), 'run', '--root', SOURCE, 'vitest.test.ts'],
  Playwright: [
    bin('@playwright/test/cli.js'),
    'test',
    '--config',
    join(FRAMEWORKS, 'support/playwright.config.ts'),
    '--reporter=line',
  ],
};

/** What the runner says and its exit code. */
async function outcome(args: string[], env = {}): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: FRAMEWORKS,
    // Without the variable by which node:test would report to a run that it thinks it is part of.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

describe('docs/recipes/testing.md', function () {
  this.timeout(240_000);
  const NODE_OPTIONS = `--require ${join(__dirname, 'support/sabotage.js')}`;

  for (const [runner, args] of Object.entries(RUNNERS)) {
    it(`has an example for ${runner} that passes, and fails where the login does`, async () => {
      const good = await outcome(args);
      expect(good.code, good.output).to.equal(0);
      expect((await outcome(args, { NODE_OPTIONS })).code).not.to.equal(0);
    });
  }
});
