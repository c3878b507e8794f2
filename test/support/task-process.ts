import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';

/**
 * A process of its own that performs tasks, one message each way: its sockets can be told from the tests' own, and it
 * can be seen to end. Emits `change` whenever its number of open sockets changes.
 */
export class TaskProcess<Task extends object, Reply extends { id: number }> extends EventEmitter {
  /** Sockets that are open. */
  open = 0;
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private tasks = 0;
  private readonly died: Promise<never>;

  protected constructor(private readonly child: ChildProcess) {
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

  /** Lets the process end by itself, with nothing left to do; gives its exit code. */
  async end(): Promise<number | null> {
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    return ((await exit) as [number | null])[0];
  }

  protected async run(task: Task): Promise<Reply> {
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
