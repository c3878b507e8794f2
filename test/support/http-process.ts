import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Reply, Task } from './http-process-child';
import { CERTIFICATE_FILE } from './tls-host';

/**
 * A process that does one thing with lib/http, trusting the tests' certificate, and then waits to be told that it may
 * end: for what a process of its own alone can show.
 */
export class HttpProcess {
  private readonly child: ChildProcess;
  private readonly exit: Promise<[number | null]>;
  private readonly message: Promise<[Reply]>;

  constructor(task: Task, { env, execArgv = [], execPath = process.execPath }: ForkOptions = {}) {
    this.child = fork(require.resolve('./http-process-child'), [JSON.stringify(task)], {
      execPath,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: CERTIFICATE_FILE, ...env },
      execArgv: ['--require', require.resolve('./register.cjs'), ...execArgv],
    });
    this.exit = once(this.child, 'exit') as typeof this.exit;
    this.message = once(this.child, 'message') as typeof this.message;
  }

  /** What came of it. */
  async reply(): Promise<Reply> {
    const first = await Promise.race([this.message, this.exit]);
    if (typeof first[0] !== 'object' || first[0] === null) throw new Error('The process ended too early');
    return first[0];
  }

  /** Lets the process end by itself, with nothing left to do; gives its exit code, and how long it took to end. */
  async end(): Promise<{ code: number | null; milliseconds: number }> {
    await this.reply();
    const begun = performance.now();
    this.child.disconnect();
    const [code] = await this.exit;
    return { code, milliseconds: performance.now() - begun };
  }
}
