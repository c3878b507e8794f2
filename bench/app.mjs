// Signs people in when told to, in a process of its own, and says what it cost: with one strategy in this process, or
// over HTTP at the app of server.mjs whose address it is given.
import { performance } from 'node:perf_hooks';
import { URL, URLSearchParams } from 'node:url';
import { Bench } from 'tinybench';
import { makeStrategy } from './strategies.mjs';

const [name, dribbble, signIn] = process.argv.slice(2);
const settings = JSON.parse(dribbble);
const { redirect, redirectUnseen, comeBack } = await (signIn ? overHTTP() : onRequests());
const waiting = [];

const TASKS = {
  /** Sends a person to the provider. */
  sendAway: async () => {
    waiting.push(await redirect());
  },
  /** The person comes back: milliseconds that they wait. */
  comeBack: async () => {
    const req = waiting.pop() ?? (await redirectUnseen());
    const begun = performance.now();
    await comeBack(req);
    return performance.now() - begun;
  },
  /** Microseconds of CPU time for one callback leg, measured over so many of them, so many at once. */
  login: async ({ logins, atOnce = 1 }) => {
    const comeBackAll = async (reqs) => {
      const one = async () => {
        for (let req; (req = reqs.pop());) await comeBack(req);
      };
      await Promise.all(Array.from({ length: atOnce }, one));
    };
    const people = (count) => Promise.all(Array.from({ length: count }, redirect));
    await comeBackAll(await people(logins / 5)); // fills the caches, and opens as many connections
    const reqs = await people(logins);
    const begun = process.cpuUsage();
    await comeBackAll(reqs);
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / logins;
  },
  /** Microseconds for one redirect: it waits for nothing, so that they are CPU time. */
  redirect: async () => {
    const bench = new Bench({ time: 50, warmupTime: 10 }).add('redirect', redirect);
    await bench.run();
    return bench.tasks[0].result.latency.mean * 1000;
  },
  /** Both legs, one login after another. */
  logins: async (count) => {
    for (let login = 0; login < count; login++) await comeBack(await redirect());
  },
  /** Bytes on the heap after so many logins. */
  memory: async (logins) => {
    await TASKS.logins(logins);
    globalThis.gc();
    return process.memoryUsage().heapUsed;
  },
};

/** A strategy is run on requests that are none, so that nothing but the strategy costs anything. */
async function onRequests() {
  const strategy = await make();
  return {
    redirect: () => sendAway(strategy),
    comeBack: (req) =>
      new Promise((resolve) => {
        authenticate(strategy, req, { success: resolve });
      }),
    /** As if another process had sent the person away: this one has opened nothing, and shares the session's store. */
    redirectUnseen: async () =>
      sendAway(await make({ tokenURL: 'http://localhost:1', userProfileURL: 'http://localhost:1' })),
  };
}

function make(endpoints) {
  const options = { ...settings, ...endpoints, callbackURL: 'https://app.example/callback' };
  return makeStrategy(name, options, (_accessToken, _refreshToken, profile, done) => done(null, profile));
}

/** Sends a person to the provider; gives the request with which the person comes back. */
function sendAway(strategy) {
  const session = {};
  return new Promise((resolve) => {
    authenticate(strategy, request(session, {}), {
      redirect: (location) => {
        const state = new URL(location).searchParams.get('state');
        resolve(request(session, { code: 'the-code', state }));
      },
    });
  });
}

/** Runs a strategy on a request as passport does, on an object that inherits from it. */
function authenticate(strategy, req, actions) {
  const attempt = Object.create(strategy);
  const unexpected = (error) => {
    throw error instanceof Error ? error : new Error(`The login failed: ${JSON.stringify(error)}`);
  };
  Object.assign(attempt, actions, { fail: unexpected, error: unexpected });
  attempt.authenticate(req, {});
}

function request(session, query) {
  const url = `/callback?${new URLSearchParams(query).toString()}`;
  return { method: 'GET', protocol: 'https', host: 'app.example', headers: {}, url, query, session };
}

/** As by a browser, up to the page at which the login ends. */
async function overHTTP() {
  const { Visitor } = await import('../test/support/app.ts');
  const redirect = async () => {
    const visitor = new Visitor(signIn, settings.authorizationURL);
    return { visitor, state: await visitor.begin() };
  };
  return {
    redirect,
    // No system opens anything ahead, so that it is the same who has sent the person away.
    redirectUnseen: redirect,
    comeBack: async ({ visitor, state }) => {
      const page = await visitor.follow(await visitor.callback(`code=the-code&state=${state}`));
      if (page.status !== 200) throw new Error(`The login ended at ${page.url} with ${String(page.status)}`);
    },
  };
}

process.on('message', async ({ task, argument }) => {
  process.send({ result: await TASKS[task](argument) });
});
process.on('disconnect', () => process.exit());
process.send({ result: 'ready' });
