import { fork } from 'node:child_process';
import type { DribbbleStrategyOptions } from 'passport-dribbble-oauth2';
import type { Reply, Task } from './app-process-child';
import { TaskProcess } from './task-process';
import { CERTIFICATE_FILE } from './tls-host';

/** How the app's strategy is made; what a process can't be sent is made there. */
export interface Setup {
  options: Partial<DribbbleStrategyOptions>;
  /** Which way the app gives an agent of its own, if it does. */
  agent?: 'option' | 'setAgent';
  /** The CONNECT proxy that its agent goes through. */
  proxy?: string;
  /** What every name resolves to, in place of what the system says. */
  addresses?: string[];
}

/**
 * An app that signs people in, in a process of its own: one that trusts the tests' certificate, whose sockets can be
 * told from the hosts', and that can be seen to end. Emits `change` whenever its number of open sockets changes.
 */
export class AppProcess extends TaskProcess<Task, Reply> {
  static start(): AppProcess {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE };
    const execArgv = ['--require', require.resolve('./register.cjs')];
    return new AppProcess(fork(require.resolve('./app-process-child'), { env, execArgv }));
  }

  /** Makes a strategy; everything after is done with it. */
  async setUp(setup: Setup): Promise<void> {
    await this.run({ do: 'setUp', setup });
  }

  /** Sends a visitor to Dribbble. */
  async redirect(visitor = 'a visitor'): Promise<Reply> {
    return this.run({ do: 'redirect', visitor });
  }

  /** A visitor comes back from Dribbble. The reply's `user` is what verify took for the visitor. */
  async callback(visitor = 'a visitor'): Promise<Reply> {
    return this.run({ do: 'callback', visitor });
  }
}
