// app.ts on any runtime: Bun and Deno are not told by a flag what to load first.
require('../test/support/register.cjs');
require('./app.ts');
