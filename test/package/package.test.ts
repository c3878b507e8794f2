import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { packFor } from '../../scripts/release';
import { install, run, tarballToTest } from '../../scripts/tarball';

const ROOT = join(__dirname, '../..');

describe('The package, packed and installed in a clean folder,', function () {
  this.timeout(300_000);

  let folder: string;
  let tarball: string;
  let installed: string;
  let tools: string;

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'consumer-')));
    tarball = tarballToTest(folder);
    cpSync(join(__dirname, 'consumer'), folder, { recursive: true });
    for (const name of ['types.ts', 'types.cts', 'types.mts'])
      cpSync(join(__dirname, '../types/types.ts'), join(folder, name));
    install(tarball, folder);
    tools = join(folder, 'node_modules');
    installed = join(folder, 'node_modules/passport-dribbble-oauth2');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('holds what users need, and nothing else', () => {
    const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => name.slice(0, -'.ts'.length).replaceAll('\\', '/'));
    const files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
    expect(files).to.have.members([
      'package.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'SECURITY.md',
      ...sources.flatMap((name) => [`dist/${name}.js`, `dist/${name}.d.ts`]),
    ]);
  });

  it('weighs less than 80 kB', () => {
    expect(statSync(tarball).size).to.be.below(80_000);
  });

  it('exports startSandbox apart from the strategy, to require() and import', () => {
    const name = 'passport-dribbble-oauth2/sandbox';
    for (const program of [
      `require('${name}').startSandbox()`,
      `import('${name}').then((m) => m.startSandbox())`,
    ]) {
      run(process.execPath, ['-e', `${program}.then((dribbble) => dribbble.close())`], folder);
    }
    const loaded = `require('passport-dribbble-oauth2'); Object.keys(require.cache).filter((f) => f.includes('sandbox'))`;
    expect(run(process.execPath, ['-p', loaded], folder).trim()).to.equal('[]');
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
      ['nodenext', 'nodenext', ['types.cts', 'types.mts']],
      ['esnext', 'bundler', ['types.ts']],
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
        run(process.execPath, [join(tools, `typescript-${version}/bin/tsc`), '-p', config], folder);
      });
    }
  }

  /** Throws where publint or attw complains of a tarball. */
  function inspect(file: string): void {
    const report = run(process.execPath, [join(tools, '.bin/publint'), 'run', file, '--strict'], folder);
    expect(report).to.include('All good!');
    run(process.execPath, [join(tools, '.bin/attw'), file, '--no-emoji'], folder);
  }

  it('is nothing that publint or attw complains of', () => {
    inspect(tarball);
  });

  describe('packed for a release', () => {
    const ADDRESS = 'https://github.com/example/passport-dribbble-oauth2';
    let released: string;
    let content: string;

    before(() => {
      const packed = join(folder, 'released');
      mkdirSync(packed);
      released = packFor(ADDRESS, packed);
      run('tar', ['-xzf', released, '-C', packed], packed);
      content = join(packed, 'package');
    });

    it('names the repository in its package.json', () => {
      expect(JSON.parse(readFileSync(join(content, 'package.json'), 'utf8'))).to.deep.include({
        name: 'passport-dribbble-oauth2',
        homepage: `${ADDRESS}#readme`,
        bugs: { url: `${ADDRESS}/issues` },
        repository: { type: 'git', url: `git+${ADDRESS}.git` },
      });
    });

    it('has a README whose links and pictures lead to files of the repository', () => {
      const readme = readFileSync(join(content, 'README.md'), 'utf8');
      const targets = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
      expect(targets.filter((target) => !/^(https:\/\/|#)/.test(target))).to.be.empty;
      const own = targets.filter((target) => target.startsWith(ADDRESS));
      expect(own.filter((target) => /\/raw\/.*\.(png|svg)$/.test(target))).not.to.be.empty;
      expect(own.filter((target) => target.includes('/blob/'))).not.to.be.empty;
      for (const target of own) {
        const [, path = ''] = /\/(?:raw|blob)\/v\d+\.\d+\.\d+\/([^#]+)/.exec(target) ?? [];
        expect(path, target).not.to.equal('');
        expect(existsSync(join(ROOT, path)), target).to.be.true;
      }
    });

    it('holds the same files', () => {
      const list = (file: string) => run('tar', ['-tzf', file], folder).split('\n').sort();
      expect(list(released)).to.deep.equal(list(tarball));
    });

    it('is nothing that publint or attw complains of', () => {
      inspect(released);
    });

    it('is packed anew while a release tests its tarball', () => {
      const { TARBALL } = process.env;
      process.env['TARBALL'] = 'missing.tgz';
      try {
        expect(existsSync(packFor(ADDRESS, folder))).to.be.true;
      } finally {
        if (TARBALL === undefined) delete process.env['TARBALL'];
        else process.env['TARBALL'] = TARBALL;
      }
    });

    it('is refused without the address of a repository', () => {
      expect(() => packFor('example/passport-dribbble-oauth2', folder)).to.throw(TypeError, 'https://');
    });
  });
});
