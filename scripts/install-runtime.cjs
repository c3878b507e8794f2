// Bun and Deno, from npm.
const { execSync } = require('node:child_process');
const { join } = require('node:path');
const install = require('./install.cjs');

/** What each is started with, before the name of a file. */
const FLAGS = {
  bun: [],
  deno: ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual'],
};

/** Installs the newest release of `bun` or `deno`; returns how to start it. */
module.exports = function installRuntime(name) {
  const path = join(install(`runtimes/${name}`, name), '.bin', name);
  const said = execSync(`"${path}" --version`, { encoding: 'utf8' });
  return { path, flags: FLAGS[name], version: /\d[\d.]+/.exec(said)[0] };
};
