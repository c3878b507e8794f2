import { IncomingMessage, ServerResponse } from 'node:http';
import { Agent } from 'node:https';
import { Socket } from 'node:net';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { CookieStateStore } from 'passport-dribbble-oauth2';
import {
  authenticate,
  expectKind,
  type Authenticator,
  type FakeRequest,
  type Outcome,
  BaseStrategy,
} from '../../support/authenticate';
import { loadAgain } from '../../support/process';
import { OfflineDribbble } from '../../support/offline';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 2000);
const MINUTE = 60_000;
const SECRET = 'a secret that the instances of one app share';

/** How one browser's visits carry what the app keeps of it. */
interface Jar {
  visit(strategy: Authenticator, req: FakeRequest, options?: object): Promise<Outcome>;
  /** What lives in the browser, to be put back later; undefined where the server keeps it. */
  content?: unknown;
}

/** A session, read at the start of a request and saved whole at its end. */
class Session implements Jar {
  private saved = '{}';

  constructor(
    /** With a session that is a sealed cookie, an old copy of it is as good as a new one. */
    private readonly isInCookie: boolean,
  ) {}

  get content(): unknown {
    return this.isInCookie ? this.saved : undefined;
  }
  set content(old) {
    this.saved = String(old);
  }

  async visit(strategy: Authenticator, req: FakeRequest, options?: object): Promise<Outcome> {
    const session = JSON.parse(this.saved) as Record<string, unknown>;
    // express-session's id, which is in no JSON.
    if (!this.isInCookie) Object.defineProperty(session, 'id', { value: 'the-session-id' });
    const outcome = await authenticate(strategy, { ...req, session }, options);
    this.saved = JSON.stringify(session);
    return outcome;
  }
}

/** CookieStateStore's cookies, one for each login. */
class Cookies implements Jar {
  content: Readonly<Record<string, string>> = {};

  async visit(strategy: Authenticator, req: FakeRequest, options?: object): Promise<Outcome> {
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    const cookie = Object.entries(this.content)
      .map((pair) => pair.join('='))
      .join('; ');
    const outcome = await authenticate(
      strategy,
      { ...req, res, headers: { cookie }, session: undefined },
      options,
    );
    for (const line of [res.getHeader('Set-Cookie') ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(String(line)) ?? [];
      const { [name]: _, ...others } = this.content;
      this.content = value === '' ? others : { ...others, [name]: value };
    }
    return outcome;
  }
}

interface Login {
  browser: number;
  url: URL;
  begun: number;
  usedAt: Set<number>;
  isSpent: boolean;
  code?: string;
  appState: number;
}

/** Who may be signed in as whom: the whole of what a state is to guarantee. */
class Model {
  readonly logins: Login[] = [];
  /** The logins under way in each browser. */
  readonly held: Login[][] = [[], []];
  now = 1_700_000_000_000;

  isAlive = ({ begun }: Login): boolean => this.now < begun + 10 * MINUTE;
  begin(login: Login): void {
    this.held[login.browser] = [...(this.held[login.browser] ?? []).filter(this.isAlive), login].slice(-10);
    this.logins.push(login);
  }
  /** Whether a login's state is right in a browser, at an instance. Once only. */
  takes(login: Login, browser: number, instance: number): boolean {
    const isRight = this.held[browser]?.includes(login) && !login.usedAt.has(instance) && this.isAlive(login);
    this.held[browser] = (this.held[browser] ?? []).filter((other) => other !== login);
    if (isRight) login.usedAt.add(instance);
    return Boolean(isRight);
  }
}

/** Two instances of an app, two browsers with a person each, and Dribbble. */
class World {
  readonly dribbble = new OfflineDribbble();
  readonly instances: readonly Authenticator[];
  readonly browsers: readonly Jar[];
  readonly old: { browser: number; content: unknown; held: Login[] }[] = [];

  constructor({ instance, browser }: Setup) {
    this.instances = [0, 1].map((number) => instance(this.dribbble, number));
    this.browsers = [browser(), browser()];
  }
}

interface Setup {
  instance: (dribbble: OfflineDribbble, number: number) => Authenticator;
  browser: () => Jar;
}

type Command = fc.AsyncCommand<Model, World>;
const PEOPLE = ['1', '2'];
const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index % list.length];
  if (item === undefined) throw new Error('The list is empty.');
  return item;
};

/** A step of these arguments, printed as a call where a run fails. */
const step =
  <Args extends unknown[]>(
    run: (model: Model, world: World, ...args: Args) => unknown,
    check: (model: Model) => boolean = () => true,
  ) =>
  (...args: Args): Command => ({
    check,
    run: async (model, world) => {
      await run(model, world, ...args);
    },
    toString: () => run.name + JSON.stringify(args),
  });
const hasLogin = ({ logins }: Model): boolean => logins.length > 0;
const hasCode = ({ logins }: Model): boolean => logins.some(({ code }) => code);

const callback = (world: World, browser: number, instance: number, query: object): Promise<Outcome> =>
  at(world.browsers, browser).visit(at(world.instances, instance), { query: { ...query } });
const stateOf = ({ url }: Login): string => url.searchParams.get('state') ?? '';
const withCode = ({ logins }: Model, index: number): Login =>
  at(
    logins.filter(({ code }) => code),
    index,
  );

/** Checks a callback's outcome against the model's word on the state. */
function expectOutcome(outcome: Outcome, login: Login, isRight: boolean, isFresh: boolean): void {
  if (!isRight) expect(expectKind(outcome, 'fail').status).to.equal(403);
  else if (!isFresh) expect(expectKind(outcome, 'error').error).to.include({ code: 'invalid_grant' });
  else {
    const { user, info } = expectKind(outcome, 'success');
    expect(user).to.include({ id: PEOPLE[login.browser] });
    expect(info).to.deep.equal({ state: { number: login.appState } });
  }
}

const begin = step(async function begin(model, world, browser: number, instance: number) {
  const appState = model.logins.length;
  const options = { state: { number: appState } };
  const outcome = await at(world.browsers, browser).visit(at(world.instances, instance), {}, options);
  const { url } = expectKind(outcome, 'redirect');
  model.begin({ browser, url, appState, begun: model.now, usedAt: new Set(), isSpent: false });
});
const authorize = step(function authorize(model, world, index: number) {
  const login = at(model.logins, index);
  login.code = world.dribbble.authorize(at(PEOPLE, login.browser), login.url);
  login.isSpent = false;
}, hasLogin);
const deny = step(async function deny(model, world, index: number, browser: number, instance: number) {
  const login = at(model.logins, index);
  const query = { error: 'access_denied', state: stateOf(login) };
  const { challenge } = expectKind(await callback(world, browser, instance, query), 'fail');
  const isRight = model.takes(login, browser, instance);
  expect(challenge).to.include({ code: isRight ? 'access_denied' : 'authorization_error' });
}, hasLogin);
/** Also a replay, and an attacker's callback in another's browser. */
const comeBack = step(async function comeBack(
  model,
  world,
  index: number,
  browser: number,
  instance: number,
) {
  const login = withCode(model, index);
  const outcome = await callback(world, browser, instance, { code: login.code, state: stateOf(login) });
  const isRight = model.takes(login, browser, instance);
  expectOutcome(outcome, login, isRight, !login.isSpent);
  login.isSpent ||= isRight;
}, hasCode);
const comeBackTwice = step(async function comeBackTwice(model, world, index: number, instance: number) {
  const login = withCode(model, index);
  const query = { code: login.code, state: stateOf(login) };
  const outcomes = await Promise.all([1, 2].map(() => callback(world, login.browser, instance, query)));
  const isRight = model.takes(login, login.browser, instance);
  // Either of the two may be first.
  const isFail = ({ kind }: Outcome) => Number(kind === 'fail');
  const [first, second] = outcomes.sort((a, b) => isFail(a) - isFail(b)) as [Outcome, Outcome];
  expectOutcome(first, login, isRight, !login.isSpent);
  expectKind(second, 'fail');
  login.isSpent ||= isRight;
}, hasCode);
const forge = step(async function forge(model, world, state: string, browser: number, instance: number) {
  const code = world.dribbble.authorize(at(PEOPLE, 1 - browser), at(model.logins, 0).url);
  expectKind(await callback(world, browser, instance, { code, state }), 'fail');
}, hasLogin);
const wait = step(function wait(model, _world, milliseconds: number) {
  model.now += milliseconds;
  Date.now = () => model.now;
});
const keepCookies = step(function keepCookies(model, world, browser: number) {
  const { content } = at(world.browsers, browser);
  world.old.push({ browser, content, held: model.held[browser] ?? [] });
});
const restoreCookies = step(function restoreCookies(model, world, index: number) {
  if (world.old.length === 0) return;
  const { browser, content, held } = at(world.old, index);
  if (content === undefined) return;
  at(world.browsers, browser).content = content;
  model.held[browser] = held;
});

const index = fc.nat(20);
const browser = fc.nat(1);
const instance = fc.nat(1);
const TABS = [
  fc.tuple(browser, instance).map((args) => begin(...args)),
  index.map((login) => authorize(login)),
  fc.tuple(index, browser, instance).map((args) => comeBack(...args)),
];
const TWICE = [fc.constant(begin(0, 0)), fc.constant(authorize(0)), fc.constant(comeBackTwice(0, 0))];
const ALL = [
  ...TABS,
  ...TABS,
  fc.tuple(index, browser, instance).map((args) => deny(...args)),
  fc.tuple(index, instance).map((args) => comeBackTwice(...args)),
  fc.tuple(fc.constantFrom('', 'x', 'x'.repeat(32)), browser, instance).map((args) => forge(...args)),
  fc
    .constantFrom(1, MINUTE, 5 * MINUTE - 1, 5 * MINUTE, 10 * MINUTE)
    .map((milliseconds) => wait(milliseconds)),
  browser.map((number) => keepCookies(number)),
  index.map((number) => restoreCookies(number)),
];

const property = (setup: Setup, commands: fc.Arbitrary<Command>[]) =>
  fc.asyncProperty(fc.commands(commands, { maxCommands: 40, size: 'max' }), async (steps) => {
    const model = new Model();
    Date.now = () => model.now;
    await fc.asyncModelRun(() => ({ model, real: new World(setup) }), steps);
  });

describe('The state of a login, in random runs against a model,', function () {
  this.timeout(120_000);
  const realNow = Date.now;
  afterEach(() => {
    Date.now = realNow;
  });

  // Another instance of the app is another process, which knows nothing of the states used in this one.
  const { CookieStateStore: OtherStore, DribbbleStrategy: OtherStrategy } = loadAgain();
  const options = { clientID: 'the-client-id', clientSecret: 'the-client-secret', agent: new Agent() };
  const instanceWith =
    (withCookies: boolean): Setup['instance'] =>
    (dribbble, number) =>
      number === 0
        ? dribbble.strategy(withCookies ? { store: new CookieStateStore({ secret: SECRET }) } : {})
        : dribbble.stub(
            new OtherStrategy(
              { ...options, ...(withCookies && { store: new OtherStore({ secret: SECRET }) }) },
              (_accessToken, _refreshToken, profile) => profile,
            ),
          );

  for (const [where, withCookies, browser] of [
    ['a session that the server keeps', false, () => new Session(false)],
    ['a session in a cookie', false, () => new Session(true)],
    ['CookieStateStore', true, () => new Cookies()],
  ] as const) {
    it(`signs in whom it may, and nobody else, with ${where}`, async () => {
      await fc.assert(property({ instance: instanceWith(withCookies), browser }, ALL), { numRuns: RUNS });
    });
  }

  describe("with passport-oauth2's own store, as a test of the test,", () => {
    const endpoints = {
      authorizationURL: 'https://dribbble.com/oauth/authorize',
      tokenURL: 'https://dribbble.com/oauth/token',
    };
    const setup: Setup = {
      // As it is, with its one slot for a session.
      instance: (dribbble) =>
        dribbble.stub(new BaseStrategy({ ...options, ...endpoints, store: true, pkce: true })),
      browser: () => new Session(false),
    };

    for (const [what, commands, words] of [
      ['is lost in a second tab', TABS, /expected success, not .*fail/],
      ['ends twice', TWICE, /expected fail, not/],
    ] as const) {
      it(`finds the login that ${what}`, async () => {
        const { failed, errorInstance } = await fc.check(property(setup, [...commands]), { numRuns: RUNS });
        expect(failed).to.equal(true);
        expect(String(errorInstance)).to.match(words);
      });
    }
  });
});
