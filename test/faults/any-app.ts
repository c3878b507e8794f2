import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { freePort } from '../support/servers';

/** Cases of each leg that end at once; all of the table with the environment's `FAULTS=all`. */
const FEW = [
  'app/nothing',
  'callback/forged-state',
  'callback/foreign-state',
  'callback/replayed',
  'callback/nested-code',
  'callback/denied',
  'callback/two-tabs',
  'token/reset-in-body',
  'token/redirect-302',
  'token/500-page',
  'token/stale-closed',
  'user/401-page',
  'user/200-list',
  'user/id-missing',
  'user/split-characters',
];

const isAll = process.env['FAULTS'] === 'all';
/** Milliseconds: all of the table has timeouts to wait for. */
export const LONGEST = isAll ? 900_000 : 60_000;

/** What an app has to know of the provider. */
export interface ProviderSettings {
  authorizationURL: string;
  tokenURL: string;
  userProfileURL: string;
  clientID: string;
  clientSecret: string;
}

/**
 * Puts an app through the table of faults as anybody can with theirs: with `compare/run.ts --app`.
 *
 * @param root the repository's folder
 */
export async function goesThroughFaults(
  root: string,
  start: (provider: ProviderSettings) => Promise<{ url: string; stop: () => Promise<void> }>,
): Promise<void> {
  const port = String(await freePort());
  const provider = `http://127.0.0.1:${port}`;
  const { url, stop } = await start({
    authorizationURL: `${provider}/oauth/authorize`,
    tokenURL: `${provider}/oauth/token`,
    userProfileURL: `${provider}/v2/user`,
    clientID: 'any',
    clientSecret: 'client/secret+56f7',
  });
  const only = isAll ? [] : FEW.flatMap((id) => ['--only', id]);
  const child = spawn(
    process.execPath,
    ['--require', 'tsx/cjs', 'compare/run.ts', '--app', `${url}/auth/dribbble`, '--port', port, ...only],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const [printed] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    if (isAll) console.log(printed);
    const [, right, all] = /\| (\d+) of (\d+) \|/.exec(printed) ?? [];
    expect(right, printed).to.equal(all);
    expect(Number(all)).to.be.at.least(FEW.length);
    expect(child.exitCode).to.equal(0);
  } finally {
    child.kill();
    await stop();
  }
}
