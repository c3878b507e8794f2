import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { Sight, Sights } from './mistakes';

const ROOT = join(__dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
const rows = [...page.matchAll(/^\| (.+?) +\| (\d{3}), `(.+?)` +\| `(.+?)` +\|/gm)];

/** Makes the mistakes once for both pages. */
let made: Promise<Sights> | undefined;

function makeMistakes(): Promise<Sights> {
  return (made ??= (async () => {
    const args = ['--require', './test/support/register.cjs', './test/docs/mistakes.ts'];
    const env = { ...process.env, NODE_DEBUG: 'passport-dribbble-oauth2', NODE_ENV: 'development' };
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
    return JSON.parse(stdout) as Sights;
  })());
}

describe('docs/troubleshooting.md', () => {
  let seen: Record<string, Sight>;

  before(async function () {
    this.timeout(60_000);
    seen = (await makeMistakes()).mistakes;
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

describe('README.md, where nothing happens on signing in,', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, section = ''] = /^## Nothing happens when I sign in\n(.*?)^## /ms.exec(readme) ?? [];
  /** The rows of its table: from the last line to what to do. */
  const advice = new Map(
    [...section.matchAll(/^\| (`.+?) +\| (.+?) +\|$/gm)].map(([, line = '', what = '']) => [line, what]),
  );
  let seen: Record<string, Sight>;

  before(async function () {
    this.timeout(60_000);
    const { mistakes, silent } = await makeMistakes();
    seen = { ...mistakes, ...silent };
  });

  for (const [mistake, row, what, page] of [
    ['no `return` in verify', '`verify found no user`', '`return` the user', 'Unauthorized'],
    ['session cookie lost', '`state_unknown`', '`localhost` is not `127.0.0.1`', 'Forbidden'],
    ['SameSite=Strict', '`state_unknown`', '`SameSite=Lax`', 'Forbidden'],
    ['Secure without TLS', '`state_unknown`', '`Secure` under https only', 'Forbidden'],
    ['no passport.session()', '`signed in`', '`passport.session()`', 'signed in'],
    [
      'cookie-session',
      '`signed in`, then an exception',
      '`req.session.regenerate is not a function`',
      'req.session.regenerate is not a function',
    ],
  ] as const) {
    it(`says what to do about the last line of the mistake: ${mistake}`, () => {
      expect(advice.get(row)).to.include(what);
      expect(seen[mistake]?.lastDebugLine).to.include(row.split('`')[1]);
      expect(seen[mistake]?.page).to.include(page);
      expect(seen[mistake]?.isSignedIn).to.be.false;
    });
  }

  it('leaves somebody signed in where there is no mistake', () => {
    expect(seen['no mistake']).to.deep.include({
      page: 'signed in',
      lastDebugLine: 'signed in',
      isSignedIn: true,
    });
  });

  it('has no row that no mistake here leads to', () => {
    expect([...advice.keys()]).to.deep.equal([
      '`verify found no user`',
      '`state_unknown`',
      '`signed in`',
      '`signed in`, then an exception',
    ]);
  });
});
