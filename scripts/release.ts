/**
 * Packs the package for a release: `npx tsx scripts/release.ts https://github.com/OWNER/NAME FOLDER`. In the tarball,
 * not here, package.json names that repository, and the README's links and pictures lead there.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pack, run } from './tarball';

/** Packs for the repository at this address into the folder; the path of the tarball. */
export function packFor(address: string, folder: string): string {
  if (!/^https:\/\/[^/]+\/[^/]+\/[^/]+$/.test(address)) {
    throw new TypeError(`Not the address of a repository, as in https://github.com/OWNER/NAME: ${address}`);
  }
  const work = mkdtempSync(join(tmpdir(), 'release-'));
  try {
    run('tar', ['-xzf', pack(work), '-C', work], work);
    const packed = join(work, 'package');
    const manifest = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8')) as { version: string };
    const addresses = {
      homepage: `${address}#readme`,
      bugs: { url: `${address}/issues` },
      repository: { type: 'git', url: `git+${address}.git` },
    };
    const json = JSON.stringify({ ...manifest, ...addresses }, null, 2);
    writeFileSync(join(packed, 'package.json'), `${json}\n`);
    const readme = readFileSync(join(packed, 'README.md'), 'utf8');
    writeFileSync(join(packed, 'README.md'), absolute(readme, address, `v${manifest.version}`));
    // Packed again, as it is: there is nothing to build.
    const flags = ['--ignore-scripts', '--silent', '--pack-destination', folder];
    return join(folder, run('npm', ['pack', ...flags], packed).trim());
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** The text with each relative link and picture at the tag of the repository. */
function absolute(markdown: string, address: string, tag: string): string {
  return markdown.replace(/\]\((?!https?:|#)([^)]+)\)/g, (_, path: string) => {
    return `](${address}/${/\.(png|svg)$/.test(path) ? 'raw' : 'blob'}/${tag}/${path})`;
  });
}

if (require.main === module) {
  const [address = '', folder = ''] = process.argv.slice(2);
  mkdirSync(folder, { recursive: true });
  console.log(packFor(address, resolve(folder)));
}
