/** Installs the packed package into this folder, compiles the recipes and the tests as an app is, and runs them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apply } from '../../scripts/apply-diff';
import { packAndInstall, run } from '../../scripts/tarball';

const MODULES = join(__dirname, 'node_modules');
const RECIPES = join(__dirname, '../../docs/recipes');

const changed = (file: string) => statSync(join(__dirname, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (changed('package-lock.json') > changed('node_modules/.package-lock.json')) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--silent'], __dirname);
}
packAndInstall(__dirname);

// The recipes are beside their pages: this is where they find the frameworks.
if (!existsSync(join(RECIPES, 'node_modules')))
  symlinkSync(MODULES, join(RECIPES, 'node_modules'), 'junction');
for (const [variant, base] of [
  ['fastify-secure-session', 'fastify'],
  ['nestjs-params', 'nestjs'],
  ['return-to-object', 'return-to'],
] as const) {
  const diff = readFileSync(join(RECIPES, `${variant}.diff`), 'utf8');
  const code = readFileSync(join(RECIPES, `${base}.ts`), 'utf8');
  writeFileSync(join(RECIPES, `${variant}.variant.ts`), apply(diff, code));
}
const forgotten = readdirSync(RECIPES).filter(
  (file) => file.endsWith('.diff') && !existsSync(join(RECIPES, file.replace('.diff', '.variant.ts'))),
);
if (forgotten.length > 0) throw new Error(`No test runs ${forgotten.join(', ')}.`);

rmSync(join(__dirname, 'build'), { recursive: true, force: true });
run(process.execPath, [join(MODULES, 'typescript/bin/tsc')], __dirname);
const { status } = spawnSync(
  process.execPath,
  [join(MODULES, 'mocha/bin/mocha.js'), '--config', '.mocharc.json', ...process.argv.slice(2)],
  {
    cwd: __dirname,
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
