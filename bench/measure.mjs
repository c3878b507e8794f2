// What is measured, and how. Everything is done in rounds in which each strategy has its turn, so that whatever
// else the machine is busy with falls on all of them.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, URL } from 'node:url';
import { BASE, OURS } from './strategies.mjs';
import { SYSTEMS } from './systems.mjs';

export const NAMES = [OURS, BASE, 'passport-github2', 'openid-client'];
export const ALL = [...NAMES, ...Object.keys(SYSTEMS)];
export const OVER_HTTP = [OURS, BASE, ...Object.keys(SYSTEMS)];
/** Milliseconds to the provider and back. */
const ROUND_TRIP = 100;
export const SITUATIONS = {
  first: 'first login, after 3 s at the consent page',
  idle: 'after 20 s without a login',
  after: 'right after another login',
  cold: 'cold, without a redirect before',
};

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Round trips of the callback leg, by situation and strategy or system. */
export async function roundTrips(rounds) {
  const provider = await startProvider(ROUND_TRIP);
  const results = table(Object.keys(SITUATIONS), ALL);
  for (let round = 0; round < rounds; round++) {
    const names = rotated(ALL, round);
    const apps = new Map();
    const lastLogin = new Map();
    const comeBack = async (app, situation, name) => {
      results[situation][name].push((await app.ask('comeBack')) / ROUND_TRIP);
      lastLogin.set(name, performance.now());
    };
    for (const name of names) {
      const app = await startApp(name, provider.settings);
      apps.set(name, app);
      await comeBack(app, 'cold', name);
      await comeBack(app, 'after', name);
    }
    // While those have nothing to do, others have their first visitor.
    const loggedIn = new Map(lastLogin);
    for (const name of names) {
      const app = await startApp(name, provider.settings);
      await app.ask('sendAway');
      await sleep(3000);
      await comeBack(app, 'first', name);
      app.stop();
    }
    for (const name of names) {
      await sleep(Math.max(0, loggedIn.get(name) + 20_000 - performance.now()));
      await comeBack(apps.get(name), 'idle', name);
      apps.get(name).stop();
    }
  }
  provider.stop();
  return mapValues(results, (byName) => mapValues(byName, median));
}

/** What is measured in CPU time: the app's task, what it is told, in how many rounds. */
export const COSTS = {
  login: { task: 'login', argument: { logins: 500 }, rounds: 40 },
  'login, 16 at once': { task: 'login', argument: { logins: 500, atOnce: 16 }, rounds: 40 },
  redirect: { task: 'redirect', rounds: 100 },
};

/**
 * Microseconds of CPU time by strategy, and how many times passport-oauth2's in the same round. A quarter of the rounds
 * is done by processes of their own, since two processes with the same code differ by up to a tenth.
 */
export async function cpu({ task, argument }, rounds) {
  const results = table([task], NAMES)[task];
  const provider = await startProvider();
  for (let quarter = 0; quarter < 4; quarter++) {
    const apps = new Map();
    for (const name of NAMES) {
      apps.set(name, await startApp(name, provider.settings));
      await apps.get(name).ask('login', { ...argument, logins: 12_000 }); // until V8 has compiled what it will
    }
    for (let round = 0; round < rounds / 4; round++) {
      // Forth and back, so that nobody always follows the same one.
      for (const name of round % 2 === 0 ? NAMES : NAMES.toReversed())
        results[name].push(await apps.get(name).ask(task, argument));
    }
    for (const app of apps.values()) app.stop();
  }
  provider.stop();
  return mapValues(results, (values) => inBrief(values, results[BASE]));
}

/**
 * The same of an app's process for a whole login over HTTP: both legs, the session, the page at which it ends. Each
 * round has a process of its own: the stores are lists in memory, which take longer to search with each login.
 */
export async function cpuOverHTTP(rounds) {
  const logins = 400;
  const results = table(['login'], OVER_HTTP).login;
  const provider = await startProvider();
  for (let round = 0; round < rounds; round++) {
    for (const name of rotated(OVER_HTTP, round)) {
      const app = await startApp(name, provider.settings, { isOverHTTP: true });
      await app.ask('logins', 1500); // until V8 has compiled most of it
      const begun = await app.cpuUsage();
      await app.ask('logins', logins);
      const ended = await app.cpuUsage();
      results[name].push((ended.user + ended.system - begun.user - begun.system) / logins);
      app.stop();
    }
  }
  provider.stop();
  return mapValues(results, (values) => inBrief(values, results[BASE]));
}

function inBrief(values, base) {
  return {
    microseconds: median(values),
    ratio: median(values.map((value, round) => value / base[round])),
  };
}

/** Milliseconds that loading passport-oauth2 takes in a new process, and loading the package after it. */
export function loading(rounds) {
  const root = createRequire(new URL('../package.json', import.meta.url));
  const files = { [BASE]: root.resolve('passport-oauth2'), [OURS]: root.resolve('./dist/index.js') };
  const script = Object.values(files).map(
    (file) =>
      `begun = performance.now(); require(${JSON.stringify(file)}); times.push(performance.now() - begun);`,
  );
  const code = `const times = []; let begun; ${script.join(' ')} console.log(JSON.stringify(times))`;
  const times = Array.from({ length: rounds }, () =>
    JSON.parse(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' })),
  );
  return { [BASE]: median(times.map(([base]) => base)), [OURS]: median(times.map(([, ours]) => ours)) };
}

/** Bytes that the heap has grown by over so many logins, after a fifth as many to warm up. */
export async function memory(logins) {
  const provider = await startProvider();
  const app = await startApp(OURS, provider.settings, { flags: ['--expose-gc'] });
  const steps = [];
  for (let step = 0; step <= 5; step++) steps.push(await app.ask('memory', logins / 5));
  app.stop();
  provider.stop();
  return { logins, steps, growth: steps.at(-1) - steps[0] };
}

async function startProvider(roundTrip = 0) {
  const child = run('provider.mjs', [String(roundTrip)]);
  const [settings] = await once(child, 'message');
  return { settings, stop: () => child.disconnect() };
}

/** Starts a process that signs people in; over HTTP, at an app in another one. */
async function startApp(name, settings, { flags = [], isOverHTTP = name in SYSTEMS } = {}) {
  const parameters = [name, JSON.stringify(settings)];
  if (!isOverHTTP) return startProcess('app.mjs', parameters, flags);
  const server = await startProcess('server.mjs', parameters, ['--import', 'tsx']);
  const visitors = await startProcess('app.mjs', [...parameters, server.ready], ['--import', 'tsx']);
  const stop = () => [server, visitors].forEach((each) => each.stop());
  return { ask: visitors.ask, cpuUsage: () => server.ask(), stop };
}

async function startProcess(file, args, execArgv) {
  const child = run(file, args, execArgv);
  child.once('exit', (code, signal) => {
    if (code !== 0) throw new Error(`${file} with ${args[0]} ended with ${String(code ?? signal)}`);
  });
  const reply = async () => (await once(child, 'message'))[0].result;
  return {
    ready: await reply(),
    ask: (task, argument) => {
      child.send({ task, argument });
      return reply();
    },
    stop: () => child.disconnect(),
  };
}

function run(file, args, execArgv = []) {
  const certificate = fileURLToPath(new URL('../test/fixtures/tls/certificate.pem', import.meta.url));
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
  return fork(new URL(file, import.meta.url), args, { env, execArgv });
}

function table(rows, names) {
  return Object.fromEntries(rows.map((row) => [row, Object.fromEntries(names.map((name) => [name, []]))]));
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

function rotated(names, by) {
  return names.map((_, index) => names[(index + by) % names.length]);
}
