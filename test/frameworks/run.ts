/** Installs the packed package into this folder, compiles the recipes and the tests as an app is, and runs them. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apply } from '../../scripts/apply-diff';
import { install, run, tarballToTest } from '../../scripts/tarball';

const MODULES = join(__dirname, 'node_modules');
const RECIPES = join(__dirname, '../../docs/recipes');

const changed = (file: string) => statSync(join(__dirname, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (changed('package-lock.json') > changed('node_modules/.package-lock.json')) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--silent'], __dirname);
}
const packed = mkdtempSync(join(tmpdir(), 'packed-'));
install(tarballToTest(packed), __dirname);
rmSync(packed, { recursive: true });

// The recipes are beside their pages: this is where they find the frameworks.
if (!existsSync(join(RECIPES, 'node_modules')))
  symlinkSync(MODULES, join(RECIPES, 'node_modules'), 'junction');
// A variant is named after the recipe that it changes: nestjs-params.diff.
const files = readdirSync(RECIPES);
for (const file of files.filter((name) => name.endsWith('.diff'))) {
  const base = files.find((name) => name.endsWith('.ts') && file.startsWith(`${name.slice(0, -3)}-`)) ?? '';
  const [diff = '', code = ''] = [file, base].map((name) => readFileSync(join(RECIPES, name), 'utf8'));
  writeFileSync(join(RECIPES, file.replace('.diff', '.variant.ts')), apply(diff, code));
}

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
