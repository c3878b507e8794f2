import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';

const script = path.join(__dirname, '../../scripts/setup.mjs');

describe('scripts/setup.mjs', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'setup-'));
    mkdirSync(path.join(folder, 'node_modules'));
    for (const name of ['package.json', 'package-lock.json']) write(name, 1000);
    write('node_modules/.package-lock.json', 2000);
    // In npm's place, one that only says that it was called.
    const npm = path.join(folder, 'npm');
    writeFileSync(npm, '#!/bin/sh\ntouch installed\n');
    chmodSync(npm, 0o755);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function write(name: string, time: number): void {
    const file = path.join(folder, name);
    writeFileSync(file, '{}');
    utimesSync(file, time, time);
  }

  function setUp(): boolean {
    const installed = path.join(folder, 'installed');
    rmSync(installed, { force: true });
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    const { status } = spawnSync(process.execPath, [script], { cwd: folder, env });
    expect(status).to.equal(0);
    return existsSync(installed);
  }

  it('installs nothing where nothing changed since the last time', () => {
    expect(setUp()).to.be.false;
  });

  for (const name of ['package.json', 'package-lock.json']) {
    it(`installs where ${name} changed, once`, () => {
      write(name, 3000);
      expect(setUp()).to.be.true;
      expect(setUp()).to.be.false;
    });
  }

  it('installs where nothing was installed', () => {
    rmSync(path.join(folder, 'node_modules/.package-lock.json'));
    writeFileSync(path.join(folder, 'npm'), '#!/bin/sh\ntouch installed node_modules/.package-lock.json\n');
    expect(setUp()).to.be.true;
  });
});
