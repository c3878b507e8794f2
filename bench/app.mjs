// An app with one strategy, in a process of its own, that signs people in when told to and says what it cost.
import { performance } from 'node:perf_hooks';
import { URL, URLSearchParams } from 'node:url';
import { Bench } from 'tinybench';
import { makeStrategy } from './strategies.mjs';

const [name, urls] = process.argv.slice(2);
const strategy = await make(JSON.parse(urls));
const waiting = [];

const TASKS = {
  /** Sends a person to the provider. */
  sendAway: async () => {
    waiting.push(await redirect(strategy));
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
    const people = (count) => Promise.all(Array.from({ length: count }, () => redirect(strategy)));
    await comeBackAll(await people(logins / 5)); // fills the caches, and opens as many connections
    const reqs = await people(logins);
    const begun = process.cpuUsage();
    await comeBackAll(reqs);
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / logins;
  },
  /** Microseconds for one redirect: it waits for nothing, so that they are CPU time. */
  redirect: async () => {
    const bench = new Bench({ time: 50, warmupTime: 10 }).add('redirect', () => redirect(strategy));
    await bench.run();
    return bench.tasks[0].result.latency.mean * 1000;
  },
  /** Bytes on the heap after so many logins, both legs. */
  memory: async (logins) => {
    for (let login = 0; login < logins; login++) await comeBack(await redirect(strategy));
    globalThis.gc();
    return process.memoryUsage().heapUsed;
  },
};

function make(endpoints) {
  const options = {
    ...endpoints,
    authorizationURL: 'https://provider.example/oauth/authorize',
    callbackURL: 'https://app.example/callback',
    // All alike: it is on by default in passport-dribbble-oauth2 and openid-client only.
    pkce: true,
    scope: name === 'passport-google-oauth20' ? ['profile'] : undefined,
  };
  return makeStrategy(name, options, (_accessToken, _refreshToken, profile, done) => done(null, profile));
}

/** Runs a strategy on a request as passport does, on an object that inherits from it. */
function authenticate(strategy, req, actions) {
  const attempt = Object.create(strategy);
  const unexpected = (error) => {
    throw error instanceof Error ? error : new Error(`The login failed: ${JSON.stringify(error)}`);
  };
  Object.assign(attempt, { ...actions, fail: unexpected, error: unexpected });
  attempt.authenticate(req, {});
}

/** Sends a person to the provider; gives the request with which the person comes back. */
function redirect(strategy) {
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

function request(session, query) {
  const url = `/callback?${new URLSearchParams(query).toString()}`;
  return { method: 'GET', protocol: 'https', host: 'app.example', headers: {}, url, query, session };
}

/** The callback leg: takes the person's request, gives the profile. */
function comeBack(req) {
  return new Promise((resolve) => {
    authenticate(strategy, req, { success: resolve });
  });
}

/** As if another process had sent the person away: this one has opened nothing, and shares the session's store. */
async function redirectUnseen() {
  return redirect(await make({ tokenURL: 'http://localhost:1', userProfileURL: 'http://localhost:1' }));
}

process.on('message', async ({ task, argument }) => {
  process.send({ result: await TASKS[task](argument) });
});
process.on('disconnect', () => process.exit());
process.send({ result: 'ready' });
