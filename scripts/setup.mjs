// Installs what `npm start` and `npm test` need, unless nothing changed since the last time.
import { spawnSync } from 'node:child_process';
import { statSync, utimesSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 12)) {
  console.error(`Node 20.12 or later is required, and this is ${process.version}.`);
  process.exit(1);
}

const INSTALLED = 'node_modules/.package-lock.json';
const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (Math.max(changed('package.json'), changed('package-lock.json')) > changed(INSTALLED)) {
  // A shell, which Windows needs to find npm. --no-save leaves package-lock.json as it is, whatever npm's version.
  const { status } = spawnSync('npm install --no-save', { shell: true, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  // npm leaves the file alone where it had nothing to do.
  utimesSync(INSTALLED, new Date(), new Date());
}
