/** The package as users get it: what test/package and test/frameworks test is the tarball, not this folder. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');

/** What the command prints. Throws with all that it printed where it fails. */
export function run(command: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

/** Builds and packs the package into the folder; the path of the tarball. */
export function pack(folder: string): string {
  return join(folder, run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT).trim());
}

/** The tarball to test: the one in `TARBALL`, which a release publishes, or one packed into the folder. */
export function tarballToTest(folder: string): string {
  return process.env['TARBALL'] ?? pack(folder);
}

/** Installs a tarball into the folder, beside what its package.json names. */
export function install(tarball: string, folder: string): void {
  const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--silent', '--prefer-offline'];
  run('npm', ['install', ...flags, tarball], folder);
}
