// Packs the package, installs it into this folder as an app would, and runs the tests of every framework.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const packed = mkdtempSync(join(tmpdir(), 'packed-'));

function run(command, args, cwd = here) {
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) {
    process.stdout.write(stdout);
    process.exit(status ?? 1);
  }
  return stdout.trim();
}

const tarball = run('npm', ['pack', '--silent', '--pack-destination', packed], join(here, '../..'));
run('npm', ['ci', '--no-audit', '--no-fund', '--silent']);
run('npm', [
  'install',
  '--no-save',
  '--no-package-lock',
  '--no-audit',
  '--no-fund',
  '--silent',
  join(packed, tarball),
]);
rmSync(packed, { recursive: true });
rmSync(join(here, 'build'), { recursive: true, force: true });
run(process.execPath, [join(here, 'node_modules/typescript/bin/tsc')]);
const { status } = spawnSync(
  process.execPath,
  [join(here, 'node_modules/mocha/bin/mocha.js'), ...process.argv.slice(2)],
  {
    cwd: here,
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
