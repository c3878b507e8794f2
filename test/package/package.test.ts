import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(__dirname, '../..');
const TOOLS = join(__dirname, 'node_modules');

function run(command: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  expect(status, `${command} ${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
  return stdout;
}

describe('The package, packed and installed in a clean folder,', function () {
  this.timeout(300_000);

  let folder: string;
  let tarball: string;
  let installed: string;

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'consumer-')));
    tarball = join(folder, run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT).trim());
    cpSync(join(__dirname, '../types/consumer'), folder, { recursive: true });
    for (const name of ['consumer.cts', 'consumer.mts'])
      cpSync(join(folder, 'consumer.ts'), join(folder, name));
    run('npm', ['install', '--no-audit', '--no-fund', '--silent', tarball], folder);
    installed = join(folder, 'node_modules/passport-dribbble-oauth2');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const files = () =>
    readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));

  it('holds what users need, and nothing else', () => {
    const sources = readdirSync(join(ROOT, 'lib')).map((name) => basename(name, '.ts'));
    expect(files()).to.have.members([
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'SECURITY.md',
      ...sources.flatMap((name) => [
        `lib/${name}.ts`,
        ...['js', 'js.map', 'd.ts', 'd.ts.map'].map((extension) => `dist/${name}.${extension}`),
      ]),
    ]);
  });

  it('holds the sources that its source maps name', () => {
    const maps = files().filter((file) => file.endsWith('.map'));
    expect(maps).not.to.be.empty;
    for (const map of maps) {
      const { sources } = JSON.parse(readFileSync(join(installed, map), 'utf8')) as { sources: string[] };
      expect(sources).to.have.length(1);
      for (const source of sources) {
        expect(existsSync(join(installed, dirname(map), source)), `${source} of ${map}`).to.be.true;
      }
    }
  });

  for (const [how, file] of [
    ['require()', 'use.cjs'],
    ['import', 'use.mjs'],
  ] as const) {
    it(`is loaded by ${how}`, () => {
      expect(JSON.parse(run(process.execPath, [file], folder))).to.deep.equal({
        name: 'dribbble',
        names: [
          'AuthorizationError',
          'CookieStateStore',
          'DribbbleAPIError',
          'DribbbleStrategy',
          'InternalOAuthError',
          'Strategy',
          'TokenError',
        ],
      });
    });
  }

  for (const version of ['5.4', '5.9', '6', '7']) {
    for (const [module, moduleResolution, sources] of [
      ['node16', 'node16', ['consumer.cts', 'consumer.mts']],
      ['nodenext', 'nodenext', ['consumer.cts', 'consumer.mts']],
      ['esnext', 'bundler', ['consumer.ts']],
    ] as const) {
      it(`compiles under TypeScript ${version}, ${moduleResolution} (${sources.join(', ')})`, () => {
        const compilerOptions = {
          target: 'es2022',
          module,
          moduleResolution,
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true,
        };
        const config = join(folder, `tsconfig.${version}.${moduleResolution}.json`);
        writeFileSync(config, JSON.stringify({ compilerOptions, files: sources }));
        run(process.execPath, [join(TOOLS, `typescript-${version}/bin/tsc`), '-p', config], folder);
      });
    }
  }

  it('is nothing that publint complains of', () => {
    const report = run(process.execPath, [join(TOOLS, '.bin/publint'), 'run', tarball, '--strict'], folder);
    expect(report).to.include('All good!');
  });

  it('is nothing that attw complains of', () => {
    run(process.execPath, [join(TOOLS, '.bin/attw'), tarball, '--no-emoji'], folder);
  });
});
