// Many logins at once while the provider does not respond, as many while it sends a body without end in chunks of one
// byte, and as many while it does what it should, with the default options.
import { setTimeout as delay } from 'node:timers/promises';
import type { DribbbleStrategy } from 'passport-dribbble-oauth2';
import { login } from '../test/support/authenticate';
import { conditions, heapInUse, run, strategyAt, type Fault } from './processes';

const LOGINS = 2000;
/** Milliseconds: the strategy's default, and those beyond it that 2,000 TLS handshakes and pages take by themselves. */
const TIMEOUT = 10_000;
const GRACE = 4000;
/** MiB of heap that the app is given. */
const HEAP = 256;
/** MiB by which the heap, after a collection, may be larger than before: V8's own tables stay grown. */
const TOLERANCE = 4;

const drip: Fault = (res) => {
  const timer = setInterval(() => res.write(' '), 100);
  res.on('close', () => {
    clearInterval(timer);
  });
};
/** How the provider is, at an address of its own each; and how each login should end. */
const PROVIDERS: { path: string; what: string; expected: string; fault?: Fault }[] = [
  { path: '/silent', what: 'while the provider is silent', expected: 'error 504', fault: () => undefined },
  { path: '/drips', what: 'while it drips, a byte at a time', expected: 'error 504', fault: drip },
  { path: '/right', what: 'while it responds', expected: 'success' },
];

async function measure(provider: string): Promise<void> {
  await logIn(strategyAt(`${provider}/right`), 200); // so that nothing is loaded, compiled or set up later
  const first = await settledHeap();
  let before = first;
  let isGood = true;
  console.log('| | outcomes | slowest | heap before | heap after |');
  console.log('| --- | --- | ---: | ---: | ---: |');
  for (const { path, what, expected } of PROVIDERS) {
    const { outcomes, slowest } = await logIn(strategyAt(provider + path), LOGINS);
    const after = await settledHeap();
    const said = Object.entries(outcomes).map(([kind, count]) => `${String(count)} ${kind}`);
    const heaps = [before, after].map((mib) => `${mib.toFixed(1)} MiB`);
    const cells = [`${String(LOGINS)} logins ${what}`, said.join(', '), `${(slowest / 1000).toFixed(1)} s`];
    console.log(`| ${[...cells, ...heaps].join(' | ')} |`);
    isGood &&= outcomes[expected] === LOGINS && slowest <= TIMEOUT + GRACE && after - first <= TOLERANCE;
    before = after;
  }
  console.log(`\n${conditions()}; heap in use after a collection, of ${String(HEAP)} MiB`);
  if (process.argv.includes('--check') && !isGood) process.exitCode = 1;
}

/** MiB of heap in use, when it no longer falls: the last connections take a moment to close. */
async function settledHeap(): Promise<number> {
  let lower = Infinity;
  let heap;
  do {
    heap = lower;
    await delay(500);
    lower = heapInUse();
  } while (lower < heap - 0.1);
  return lower;
}

/** How so many logins at once end, and milliseconds until the last one has. */
async function logIn(strategy: DribbbleStrategy, count: number) {
  const begun = performance.now();
  const outcomes: Record<string, number> = {};
  await Promise.all(
    Array.from({ length: count }, async () => {
      const outcome = await login(strategy);
      const kind = outcome.kind === 'error' ? `error ${String(outcome.error['status'])}` : outcome.kind;
      outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    }),
  );
  return { outcomes, slowest: performance.now() - begun };
}

void run({
  app: measure,
  fault: (path) => PROVIDERS.find((provider) => path.startsWith(provider.path))?.fault,
  flags: [`--max-old-space-size=${String(HEAP)}`],
});
