// What some checks need and package.json does not name, from npm. It is kept in node_modules/.cache for next time.
const { execSync } = require('node:child_process');
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** Installs packages, such as `mocha@11`, into a folder of their own; returns the path of its node_modules. */
module.exports = function install(name, ...packages) {
  const folder = join(module.path, '../node_modules/.cache', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  // A shell, which Windows needs to find npm.
  execSync(`npm install --no-save --no-package-lock ${packages.join(' ')}`, {
    cwd: folder,
    stdio: 'inherit',
  });
  return join(folder, 'node_modules');
};
