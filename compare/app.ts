// Apps with one strategy, one after another, in a process of their own. Started by run.ts, which it tells their address.
import { inspect } from 'node:util';
import { App } from '../test/support/app';
import type { FakeDribbble } from '../test/support/fake-dribbble';
import { fakeNames } from '../test/faults/login';
import { FAULTS, SECRETS, userOf, type Fault } from '../test/faults/table';
import { makeStrategy } from './strategies';

/** What the process says of itself when it is asked. */
export interface Report {
  /** What came out of the callbacks, in order. */
  outcomes: ('user' | 'error')[];
  /** What an error among them is not fit for. */
  flaw?: string;
}

let app: App | undefined;

async function start(id: string, endpoints: FakeDribbble['endpoints']): Promise<void> {
  const fault = FAULTS.find((each) => each.id === id);
  if (!fault) throw new Error(`No fault is called ${id}`);
  await app?.stop();
  app = await App.start(strategyFor(fault, endpoints), {
    before: (req, _res, next) => {
      fault.arrange.before?.(req);
      next();
    },
  });
  process.send?.(app.login);
}

function report(): void {
  const flaw = app?.error && flawOf(app.error);
  process.send?.({
    outcomes: app?.outcomes.map((outcome) => ('user' in outcome ? 'user' : 'error')) ?? [],
    ...(flaw && { flaw }),
  } satisfies Report);
}

function strategyFor(
  { arrange }: Fault,
  endpoints: FakeDribbble['endpoints'],
): ReturnType<typeof makeStrategy> {
  const verify =
    arrange.verify ??
    ((_accessToken: string, _refreshToken: string, profile: Parameters<typeof userOf>[0], done) => {
      done(null, userOf(profile));
    });
  const callbackURL = '/callback';
  const credentials = { clientID: 'the-client-id', clientSecret: SECRETS.clientSecret, callbackURL };
  return makeStrategy(name, endpoints, credentials, verify, arrange.options);
}

/** Why an error is fit for neither an app's error handler nor its log. */
function flawOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return 'an error that is no Error';
  const shown = inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  const all = `${shown}${JSON.stringify(error)}`;
  return Object.values(SECRETS).some((secret) => all.includes(secret)) ? 'a secret in the error' : undefined;
}

const [, , name = ''] = process.argv;
fakeNames();
process.on('message', (task: { id: string; endpoints: FakeDribbble['endpoints'] } | 'report') => {
  if (task === 'report') report();
  else void start(task.id, task.endpoints);
});
process.on('disconnect', () => process.exit());
