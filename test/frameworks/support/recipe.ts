import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Sandbox } from 'passport-dribbble-oauth2/sandbox';

/** Seen from where this file is compiled to. */
const WORLD = join(__dirname, '../../../../../package/sandbox-world.cjs');

export interface Running {
  url: string;
  stop: () => Promise<void>;
}

/** Runs a recipe in a process of its own; if `quiet`, without what its framework prints of errors. */
export async function start(
  name: string,
  { options }: { options: Sandbox['options'] },
  env: Record<string, string> = {},
  { quiet = false } = {},
): Promise<Running> {
  const child = fork(join(__dirname, '../../../docs/recipes', name), {
    execArgv: ['--require', WORLD],
    stdio: ['inherit', 'inherit', quiet ? 'ignore' : 'inherit', 'ipc'],
    env: {
      ...process.env,
      SANDBOX: JSON.stringify(options),
      DRIBBBLE_CLIENT_ID: options.clientID,
      DRIBBBLE_CLIENT_SECRET: options.clientSecret,
      SESSION_SECRET: 'a secret of the app that only its instances know',
      ...env,
    },
  });
  const exited = once(child, 'exit');
  const [port] = (await Promise.race([
    once(child, 'message'),
    exited.then(() => {
      throw new Error(`The recipe ${name} ended before it listened.`);
    }),
  ])) as [number];
  return {
    url: `http://localhost:${String(port)}`,
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}
