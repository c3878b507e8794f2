// An app with one strategy, in a process of its own, that signs people in when told to and says what it cost.
import { performance } from 'node:perf_hooks';
import { Bench } from 'tinybench';
import { comeBack, makeStrategy, redirect } from './strategies.mjs';

const [name, urls] = process.argv.slice(2);
const strategy = makeStrategy(name, JSON.parse(urls));
const waiting = [];

const TASKS = {
  /** Sends a person to the provider. */
  sendAway: () => {
    waiting.push(redirect(strategy));
  },
  /** The person comes back: milliseconds that they wait. */
  comeBack: async () => {
    const req = waiting.pop() ?? redirectUnseen();
    const begun = performance.now();
    await comeBack(strategy, req);
    return performance.now() - begun;
  },
  /** Microseconds of CPU time for one callback leg, measured over so many of them, so many at once. */
  login: async ({ logins, atOnce = 1 }) => {
    const comeBackAll = async (reqs) => {
      const one = async () => {
        for (let req; (req = reqs.pop());) await comeBack(strategy, req);
      };
      await Promise.all(Array.from({ length: atOnce }, one));
    };
    const people = (count) => Array.from({ length: count }, () => redirect(strategy));
    await comeBackAll(people(logins / 5)); // fills the caches, and opens as many connections
    const reqs = people(logins);
    const begun = process.cpuUsage();
    await comeBackAll(reqs);
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / logins;
  },
  /** Microseconds for one redirect: it waits for nothing, so that they are CPU time. */
  redirect: async () => {
    const bench = new Bench({ time: 50, warmupTime: 10 }).add('redirect', () => {
      redirect(strategy);
    });
    await bench.run();
    return bench.tasks[0].result.latency.mean * 1000;
  },
  /** Bytes on the heap after so many logins, both legs. */
  memory: async (logins) => {
    for (let login = 0; login < logins; login++) await comeBack(strategy, redirect(strategy));
    globalThis.gc();
    return process.memoryUsage().heapUsed;
  },
};

/** As if another process had sent the person away: this one has opened nothing, and shares the session's store. */
function redirectUnseen() {
  return redirect(
    makeStrategy(name, { tokenURL: 'http://localhost:1', userProfileURL: 'http://localhost:1' }),
  );
}

process.on('message', async ({ task, argument }) => {
  process.send({ result: await TASKS[task](argument) });
});
process.on('disconnect', () => process.exit());
process.send({ result: 'ready' });
