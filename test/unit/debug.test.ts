import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';

const run = (NODE_DEBUG: string): { lines: string[]; secrets: string[] } => {
  const support = join(__dirname, '../support');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--require', join(support, 'register.cjs'), join(support, 'debug-child.ts')],
    { env: { ...process.env, NODE_DEBUG }, encoding: 'utf8' },
  );
  const lines = stderr.split('\n').filter((line) => line.startsWith('PASSPORT-DRIBBBLE-OAUTH2'));
  return { lines, secrets: JSON.parse(stdout) as string[] };
};

describe('NODE_DEBUG=passport-dribbble-oauth2', function () {
  this.timeout(60_000);

  it('prints one line for each step of a login, with no secret in it', () => {
    const { lines, secrets } = run('passport-dribbble-oauth2');
    const steps = lines.map((line) => line.replace(/^\S+ \d+: /, '').replace(/\d+ ms/, 'N ms'));
    expect(steps.map((line) => line.replace(/127\.0\.0\.1:\d+|localhost:(?!3000)\d+/, 'HOST'))).to.deep.equal(
      [
        'login begun: redirect_uri http://localhost:3000/callback',
        'callback: the state is right',
        'HOST: 200 after N ms',
        'HOST: 200 after N ms',
        'signed in',
        'failed login: state_used',
      ],
    );
    expect(secrets).to.have.length(5);
    for (const secret of secrets) expect(lines.join('\n')).not.to.include(secret);
  });

  it('prints nothing when it is off', () => {
    expect(run('').lines).to.deep.equal([]);
  });
});
