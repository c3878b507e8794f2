import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Sight } from '../support/mistakes';

const ROOT = join(__dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
const rows = [...page.matchAll(/^\| (.+?) +\| (\d{3}), `(.+?)` +\| `(.+?)` +\|/gm)];

describe('docs/troubleshooting.md', () => {
  let seen: Record<string, Sight>;

  before(async function () {
    this.timeout(60_000);
    const args = ['--require', './test/support/register.cjs', './test/support/mistakes.ts'];
    const env = { ...process.env, NODE_DEBUG: 'passport-dribbble-oauth2', NODE_ENV: 'development' };
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
    seen = JSON.parse(stdout) as Record<string, Sight>;
  });

  it('has a row for each mistake that is made here', () => {
    expect(rows.map(([, mistake]) => mistake)).to.deep.equal(Object.keys(seen));
    expect(rows).to.have.length(10);
  });

  for (const [, mistake = '', status, text = '', line] of rows) {
    it(`says what is seen of the mistake: ${mistake}`, () => {
      const sight = seen[mistake];
      expect(sight?.status).to.equal(Number(status));
      expect(sight?.page).to.include(text);
      expect(sight?.lastDebugLine.trim()).to.equal(line);
    });
  }

  it('says that a process warning names a scope that Dribbble does not have', () => {
    expect(seen['scope that Dribbble does not have']?.warnings).to.deep.equal([
      'Dribbble has no scope "publik": its scopes are public and upload.',
    ]);
  });
});
