import { mock } from 'node:test';
import { expect } from 'chai';
import { DribbbleStrategy, type DribbbleProfile } from 'passport-dribbble-oauth2';
import { expectKind, login, type Outcome } from '../support/authenticate';
import { FakeDribbble } from '../support/fake-dribbble';
import { warningsDuring } from '../support/warnings';

type Done = (error?: unknown, profile?: DribbbleProfile) => void;
interface Client {
  get: (url: string, token: string, callback: (error: unknown, body: string) => unknown) => void;
}
type StoreCallback = (error: unknown, ...rest: unknown[]) => void;

const thrown = new Error('The hook is wrong.');
/** A store that answers at once, and one that does so later, when nothing is on the stack that would catch. */
const storeBy = (answer: (callback: StoreCallback, ...outcome: unknown[]) => unknown) => ({
  store: (_req: unknown, callback: StoreCallback) => answer(callback, null, 'the-state'),
  verify: (_req: unknown, _state: unknown, callback: StoreCallback) => answer(callback, null, true),
});
const STORES = {
  'at once': storeBy((callback, ...outcome) => {
    callback(...(outcome as [unknown]));
  }),
  later: storeBy(setImmediate),
};

// mocha fails a test during which an exception or a rejection reaches the process.
describe('DribbbleStrategy, when what the app gave it throws,', () => {
  let dribbble: FakeDribbble;
  before(async () => {
    dribbble = await FakeDribbble.start();
  });
  after(() => dribbble.stop());
  let verified: number;
  beforeEach(() => (verified = 0));
  /** A strategy with hooks of the app's in place of its own, as in a subclass. */
  function build(hooks: object, options: object = {}): DribbbleStrategy {
    const strategy = new DribbbleStrategy(
      { clientID: 'id', clientSecret: 'the-secret', ...dribbble.endpoints, ...options },
      (_accessToken: string, _refreshToken: unknown, profile: DribbbleProfile) => {
        verified += 1;
        return profile;
      },
    );
    return Object.assign(strategy, hooks);
  }
  const errorOf = (outcome: Outcome): unknown => expectKind(outcome, 'error').error;
  const fail = (): never => {
    throw thrown;
  };
  const reject = (): Promise<never> => Promise.reject(thrown);
  /** A userProfile that gives the client this callback. */
  const calling = (callback: () => unknown) =>
    function (this: { _oauth2: Client }, token: string): void {
      this._oauth2.get(dribbble.endpoints.userProfileURL, token, callback);
    };

  for (const [what, hooks] of [
    ['authorizationParams', { authorizationParams: fail }],
    ['tokenParams', { tokenParams: fail }],
    ['userProfile', { userProfile: fail }],
    ['an async userProfile', { userProfile: reject }],
    ['a callback of _oauth2.get in userProfile', { userProfile: calling(fail) }],
    ['an async callback of _oauth2.get in userProfile', { userProfile: calling(reject) }],
  ] as const) {
    for (const [when, store] of Object.entries(STORES)) {
      it(`ends the login in the error of ${what}, with a store that answers ${when}`, async () => {
        const strategy = build(hooks, { store });
        const outcome = await login(strategy).catch((reason: unknown) => (reason as Error).cause as Outcome);
        expect(errorOf(outcome)).to.equal(thrown);
        expect(verified).to.equal(0);
      });
    }
  }

  it('ends the login in the error of a userProfile that follows an async skipUserProfile', async () => {
    const skipUserProfile = (): Promise<boolean> => Promise.resolve(false);
    expect(errorOf(await login(build({ userProfile: fail }, { skipUserProfile })))).to.equal(thrown);
  });

  it('calls verify once if userProfile calls back twice, and prints its second error', async () => {
    const userProfile = (_token: string, done: Done): void => {
      done(null, {} as DribbbleProfile);
      done(null, {} as DribbbleProfile);
      done(thrown);
    };
    const warnings = await warningsDuring(async () => {
      expectKind(await login(build({ userProfile })), 'success');
    });
    expect(verified).to.equal(1);
    expect(warnings).to.deep.equal([thrown]);
  });

  it('ends the login in an error of userProfile if it has not called back after a minute', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const userProfile = (): void => {
        setImmediate(() => {
          mock.timers.tick(60_000);
        });
      };
      const error = errorOf(await login(build({ userProfile })));
      expect(error).to.have.property('message').that.includes('userProfile');
    } finally {
      mock.timers.reset();
    }
  });

  it('ends the login in an Error if a hook throws undefined, on which next() would go on', async () => {
    const tokenParams = (): never => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is tested
      throw undefined;
    };
    expect(errorOf(await login(build({ tokenParams })))).to.be.instanceOf(Error);
  });
});
