// Apps with one strategy or system, one after another, in a process of their own. Started by run.ts, which it tells
// where people begin to sign in.
import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { App } from '../test/support/app';
import type { FakeDribbble } from '../test/support/fake-dribbble';
import { close, hostOf, listen } from '../test/support/servers';
import { fakeNames } from '../test/faults/login';
import { FAULTS, SECRETS, userOf, type Fault } from '../test/faults/table';

/** What the process says of itself when it is asked. */
export interface Report {
  /** What came out of the callbacks, in order. A system that is no strategy tells of people only. */
  outcomes: ('user' | 'error')[];
  /** What an error among them is not fit for. */
  flaw?: string;
}
interface Running {
  signIn: string;
  report(): Report;
  stop(): Promise<unknown>;
}

/** Milliseconds for one request, for those that have an option for it. */
const TIMEOUT = 1000;
const CREDENTIALS = { clientID: 'the-client-id', clientSecret: SECRETS.clientSecret };

async function start(fault: Fault, endpoints: FakeDribbble['endpoints']): Promise<Running> {
  const { SYSTEMS } = await import('../bench/systems.mjs');
  const dribbble = { ...endpoints, ...CREDENTIALS, timeout: TIMEOUT };
  const system = SYSTEMS[name];
  if (!system) return startStrategy(fault, dribbble);

  const server = await listen(createServer());
  const url = `http://${hostOf(server)}`;
  const outcomes: Report['outcomes'] = [];
  const errors: unknown[] = [];
  const { app, signIn } = await system({
    url,
    dribbble,
    log: (error) => errors.push(error),
    show: (res, user) => {
      if (user) outcomes.push('user');
      res.status(user ? 200 : 401).json(user ?? {});
    },
  });
  server.on('request', app);
  return {
    signIn: url + signIn,
    report: () => ({ outcomes, ...(holdsSecret(errors) && { flaw: 'a secret in the log' }) }),
    stop: () => {
      server.closeAllConnections();
      return close(server);
    },
  };
}

async function startStrategy({ arrange }: Fault, options: object): Promise<Running> {
  const { makeStrategy } = await import('../bench/strategies.mjs');
  const verify =
    arrange.verify ??
    ((_accessToken: string, _refreshToken: string, profile: Parameters<typeof userOf>[0], done) => {
      done(null, userOf(profile));
    });
  const withPath = name === 'openid-client' ? options : { ...options, callbackURL: '/callback' };
  const strategy = await makeStrategy(name, withPath, verify, '../lib/index.ts');
  const app = await App.start(strategy, {
    before: (req, _res, next) => {
      arrange.before?.(req);
      next();
    },
  });
  return {
    signIn: app.login,
    report: () => {
      const flaw = app.error && flawOf(app.error);
      const outcomes = app.outcomes.map((outcome) => ('user' in outcome ? 'user' : 'error'));
      return { outcomes, ...(flaw !== undefined && { flaw }) };
    },
    stop: () => app.stop(),
  };
}

/** Why an error is fit for neither an app's error handler nor its log. */
function flawOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return 'an error that is no Error';
  return holdsSecret(error) ? 'a secret in the error' : undefined;
}

function holdsSecret(error: unknown): boolean {
  const shown = inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  const all = `${shown}${JSON.stringify(error)}`;
  return Object.values(SECRETS).some((secret) => all.includes(secret));
}

const [, , name = ''] = process.argv;
let running: Running | undefined;
fakeNames();
process.on('message', (task: { id: string; endpoints: FakeDribbble['endpoints'] } | 'report') => {
  void (async () => {
    if (task === 'report') return running?.report();
    await running?.stop();
    const fault = FAULTS.find((each) => each.id === task.id);
    if (!fault) throw new Error(`No fault is called ${task.id}`);
    running = await start(fault, task.endpoints);
    return running.signIn;
  })().then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit());
