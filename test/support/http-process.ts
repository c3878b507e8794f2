import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Reply, Task } from './http-process-child';
import { CERTIFICATE_FILE } from './tls-host';

export type SetUp = Extract<Task, { do: 'setUp' }>['as'];

/**
 * A process that sends requests with lib/http: it trusts the tests' certificate, its sockets can be told from the
 * hosts', and it can be seen to end. Emits `change` whenever its number of open sockets changes.
 */
export class HttpProcess extends EventEmitter {
  /** Sockets that are open. */
  open = 0;
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private tasks = 0;
  private readonly died: Promise<never>;

  private constructor(private readonly child: ChildProcess) {
    super();
    this.died = once(child, 'exit').then((): never => {
      throw new Error('The process ended before it was told to');
    });
    this.died.catch(() => undefined); // of interest to those who wait for a reply only
    child.on('message', (message: Reply | { open: number }) => {
      if ('open' in message) {
        this.open = message.open;
        this.emit('change');
      } else this.waiting.get(message.id)?.(message);
    });
  }

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

  /** Lets the process end by itself, with nothing left to do; gives its exit code. */
  async end(): Promise<number | null> {
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    return ((await exit) as [number | null])[0];
  }

  private async run(task: Task): Promise<Reply> {
    this.tasks += 1;
    const id = this.tasks;
    const reply = new Promise<Reply>((resolve) => this.waiting.set(id, resolve));
    this.child.send({ ...task, id });
    try {
      return await Promise.race([reply, this.died]);
    } finally {
      this.waiting.delete(id);
    }
  }
}
