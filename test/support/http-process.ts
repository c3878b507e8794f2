import { fork, type ForkOptions } from 'node:child_process';
import type { Reply, Task } from './http-process-child';
import { TaskProcess } from './task-process';
import { CERTIFICATE_FILE } from './tls-host';

export type SetUp = Extract<Task, { do: 'setUp' }>['as'];

/**
 * A process that sends requests with lib/http: it trusts the tests' certificate, its sockets can be told from the
 * hosts', and it can be seen to end. Emits `change` whenever its number of open sockets changes.
 */
export class HttpProcess extends TaskProcess<Task, Reply> {
  static start({ env, execArgv = [], ...options }: ForkOptions = {}): HttpProcess {
    return new HttpProcess(
      fork(require.resolve('./http-process-child'), {
        ...options,
        env: { ...process.env, NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE, ...env },
        execArgv: ['--require', require.resolve('tsx/cjs'), ...execArgv],
      }),
    );
  }

  /** Opens connections ahead; if asked, in the moment in which all connections break. */
  async preconnect(urls: string | string[], { breaking = false } = {}): Promise<Reply> {
    return this.run({ do: 'preconnect', urls: [urls].flat(), breaking });
  }

  /** Sends a POST request with our agent. */
  async request(url: string, timeout?: number): Promise<Reply> {
    return this.run({ do: 'request', url, ...(timeout !== undefined && { timeout }) });
  }

  async setUp(as: SetUp): Promise<void> {
    await this.run({ do: 'setUp', as });
  }
}
