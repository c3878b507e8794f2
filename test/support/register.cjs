// Loaded before the tests, which run lib/ as it stands, not what was last built of it: tsconfig.json's `paths` lead
// the package's name there. Child processes inherit the variable, wherever they run.
process.env.TSX_TSCONFIG_PATH = require.resolve('../../tsconfig.json');
require('tsx/cjs');
require('./loopback-only.cjs');
