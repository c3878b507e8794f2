// Bun and Deno, from npm. They are kept in node_modules/.cache for next time.
const { execSync } = require('node:child_process');
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** What each is started with, before the name of a file. */
const FLAGS = {
  bun: [],
  deno: ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual'],
};

/** Installs the newest release of `bun` or `deno`; returns how to start it. */
module.exports = function installRuntime(name) {
  const folder = join(module.path, '../node_modules/.cache/runtimes', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  // A shell, which Windows needs to find npm.
  execSync(`npm install --no-save --no-package-lock ${name}`, { cwd: folder });
  const path = join(folder, 'node_modules/.bin', name);
  const said = execSync(`"${path}" --version`, { encoding: 'utf8' });
  return { path, flags: FLAGS[name], version: /\d[\d.]+/.exec(said)[0] };
};
