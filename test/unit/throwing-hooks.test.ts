import { expect } from 'chai';
import { DribbbleStrategy, type DribbbleProfile } from 'passport-dribbble-oauth2';
import { expectKind, login, type Outcome } from '../support/authenticate';
import { FakeDribbble } from '../support/fake-dribbble';
import { warningsDuring } from '../support/warnings';

type Done = (error?: unknown, profile?: DribbbleProfile) => void;
type Constructor = new (...args: ConstructorParameters<typeof DribbbleStrategy>) => DribbbleStrategy;
interface Client {
  get: (url: string, token: string, callback: (error: unknown, body: string) => unknown) => void;
}
type StoreCallback = (error: unknown, ...rest: unknown[]) => void;

const thrown = new Error('The hook is wrong.');
/** A store in memory: calls back at once. */
class Store {
  store(_req: unknown, callback: StoreCallback): unknown {
    callback(null, 'the-state');
    return undefined;
  }
  verify(_req: unknown, _state: unknown, callback: StoreCallback): unknown {
    callback(null, true);
    return undefined;
  }
}
/** Calls back later, when nothing of the app is on the stack that would catch. */
class LaterStore extends Store {
  override store(_req: unknown, callback: StoreCallback): unknown {
    return setImmediate(callback, null, 'the-state');
  }
  override verify(_req: unknown, _state: unknown, callback: StoreCallback): unknown {
    return setImmediate(callback, null, true);
  }
}

// mocha fails a test during which an exception or a rejection reaches the process.
describe('DribbbleStrategy, when what the app gave it throws,', () => {
  let dribbble: FakeDribbble;
  before(async () => {
    dribbble = await FakeDribbble.start();
  });
  after(() => dribbble.stop());
  beforeEach(() => (dribbble.received.length = 0));

  let verified: number;
  beforeEach(() => (verified = 0));
  function build(options: object = {}, Strategy: Constructor = DribbbleStrategy): DribbbleStrategy {
    return new Strategy(
      {
        clientID: 'id',
        clientSecret: 'the-secret',
        ...dribbble.endpoints,
        ...options,
      },
      (_accessToken: string, _refreshToken: unknown, profile: DribbbleProfile) => {
        verified += 1;
        return profile;
      },
    );
  }
  const errorOf = (outcome: Outcome): unknown => expectKind(outcome, 'error').error;
  const fail = (): never => {
    throw thrown;
  };

  const hooks: [what: string, Strategy: Constructor][] = [
    [
      'authorizationParams',
      class extends DribbbleStrategy {
        override authorizationParams = fail;
      },
    ],
    [
      'tokenParams',
      class extends DribbbleStrategy {
        override tokenParams = fail;
      },
    ],
    [
      'userProfile',
      class extends DribbbleStrategy {
        override userProfile = fail;
      },
    ],
    [
      'an async userProfile',
      class extends DribbbleStrategy {
        override userProfile = (() => Promise.reject(thrown)) as never;
      },
    ],
    ...[fail, (): Promise<never> => Promise.reject(thrown)].map((callback, at): [string, Constructor] => [
      `${at === 0 ? 'a' : 'an async'} callback of _oauth2.get in userProfile`,
      class extends DribbbleStrategy {
        override userProfile(token: string, _done: Done): void {
          const client = (this as unknown as { _oauth2: Client })._oauth2;
          client.get(dribbble.endpoints.userProfileURL, token, callback);
        }
      },
    ]),
  ];
  for (const [what, Strategy] of hooks) {
    for (const store of [new Store(), new LaterStore()]) {
      it(`ends the login in the error of ${what}, with a ${store.constructor.name}`, async () => {
        const strategy = build({ store }, Strategy);
        const outcome = await login(strategy).catch((reason: unknown) => (reason as Error).cause as Outcome);
        expect(errorOf(outcome)).to.equal(thrown);
        expect(verified).to.equal(0);
      });
    }
  }

  it('ends the login in the error of a userProfile that follows an async skipUserProfile', async () => {
    class Subclass extends DribbbleStrategy {
      override userProfile = fail;
    }
    const skipUserProfile = (): Promise<boolean> => Promise.resolve(false);
    expect(errorOf(await login(build({ skipUserProfile }, Subclass)))).to.equal(thrown);
  });

  it('calls verify once if userProfile calls back twice, and prints its second error', async () => {
    class Subclass extends DribbbleStrategy {
      override userProfile(token: string, done: Done): void {
        super.userProfile(token, (error, profile) => {
          done(error, profile);
          done(error, profile);
          done(thrown);
        });
      }
    }
    const warnings = await warningsDuring(async () => {
      expectKind(await login(build({}, Subclass)), 'success');
    });
    expect(verified).to.equal(1);
    expect(warnings).to.deep.equal([thrown]);
  });

  it('ends the login in an Error if a hook throws undefined, on which next() would go on', async () => {
    class Subclass extends DribbbleStrategy {
      override tokenParams = (): never => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what is tested
        throw undefined;
      };
    }
    expect(errorOf(await login(build({}, Subclass)))).to.be.instanceOf(Error);
  });

  describe('a store whose', () => {
    class Rejecting extends Store {
      override store(): Promise<never> {
        return Promise.reject(thrown);
      }
    }
    class RejectingLater extends Store {
      override verify(): Promise<never> {
        return Promise.reject(thrown);
      }
    }
    for (const [what, store] of [
      ['async store method', new Rejecting()],
      ['async verify method', new RejectingLater()],
    ] as const) {
      it(`${what} rejects, ends the login in that error`, async () => {
        const outcome = await login(build({ store })).catch(
          (reason: unknown) => (reason as Error).cause as Outcome,
        );
        expect(errorOf(outcome)).to.equal(thrown);
      });
    }

    it('verify calls back twice, sends the authorization code once', async () => {
      class Twice extends Store {
        override verify(_req: unknown, _state: unknown, callback: StoreCallback): void {
          setImmediate(callback, null, true);
          setImmediate(callback, null, true);
        }
      }
      expectKind(await login(build({ store: new Twice() })), 'success');
      expect(dribbble.received.filter(({ method }) => method === 'POST')).to.have.length(1);
      expect(verified).to.equal(1);
    });

    it('method rejects after the login has gone on, prints the error', async () => {
      class Late extends Store {
        override async store(_req: unknown, callback: StoreCallback): Promise<void> {
          callback(null, 'the-state');
          await Promise.reject(thrown);
        }
      }
      const warnings = await warningsDuring(async () => {
        expectKind(await login(build({ store: new Late() })), 'success');
      });
      expect(warnings).to.deep.equal([thrown]);
    });
  });
});
