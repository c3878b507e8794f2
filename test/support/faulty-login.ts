import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  DribbbleStrategy,
  type DribbbleProfile,
  type DribbbleStrategyOptions,
  type DribbbleTokenResponse,
  type VerifyCallback,
} from 'passport-dribbble-oauth2';
import { expectKind, login, type Outcome } from './authenticate';
import { FakeDribbble, TOKEN, USER } from './fake-dribbble';
import { RawServer } from './raw-server';

/** The two requests of a login. */
export const LEGS = {
  token: { option: 'tokenURL', path: '/oauth/token', right: { ...TOKEN, note: 'Zoë 漢字 🏀' } },
  profile: { option: 'userProfileURL', path: '/v2/user', right: { ...USER, note: 'Zoë 漢字 🏀' } },
} as const;
export type Leg = keyof typeof LEGS;

/** Milliseconds that each exchange may take here. */
export const TIMEOUT = 150;

// With characters that a form changes, so that the secret as it goes over the wire is another text.
const SECRETS = { clientSecret: 'client/secret+56f7', code: 'the~code/b21a' };

/** One login whose one leg goes to a raw server, and the other to a Dribbble that does all right. */
export class FaultyLogin {
  private constructor(
    private readonly leg: Leg,
    readonly raw: RawServer,
    readonly dribbble: FakeDribbble,
  ) {}

  static async start(leg: Leg): Promise<FaultyLogin> {
    return new FaultyLogin(leg, await RawServer.start(), await FakeDribbble.start());
  }

  async stop(): Promise<void> {
    await Promise.all([this.raw.stop(), this.dribbble.stop()]);
  }

  strategy(options: Partial<DribbbleStrategyOptions> = {}): DribbbleStrategy {
    const { option, path } = LEGS[this.leg];
    return new DribbbleStrategy(
      {
        ...this.dribbble.endpoints,
        [option]: `http://${this.raw.host}${path}`,
        clientID: 'the-client-id',
        clientSecret: SECRETS.clientSecret,
        timeout: TIMEOUT,
        ...options,
      },
      (
        _accessToken: string,
        _refreshToken: string | undefined,
        params: DribbbleTokenResponse,
        profile: DribbbleProfile,
        done: VerifyCallback,
      ) => {
        done(null, { params, profile });
      },
    );
  }

  async run(strategy = this.strategy()): Promise<Outcome> {
    const begun = performance.now();
    const outcome = await login(strategy, { code: SECRETS.code });
    expect(performance.now() - begun).to.be.below(TIMEOUT + 1000);
    return outcome;
  }

  /** Runs a login that must end in an error fit for a log and for an app's error handler. */
  async fails(strategy?: DribbbleStrategy): Promise<Error & Record<string, unknown>> {
    const { error } = expectKind(await this.run(strategy), 'error');
    expect(error).to.be.an.instanceOf(Error);
    expect(error.stack).to.contain(error.message);
    expectNoSecret(error, [...Object.values(SECRETS), TOKEN.access_token]);
    return error;
  }

  /** Runs a login that must succeed, with each character that the leg brought. */
  async succeeds(strategy?: DribbbleStrategy): Promise<void> {
    const { user } = expectKind(await this.run(strategy), 'success');
    const { params, profile } = user as { params: object; profile: DribbbleProfile };
    expect(this.leg === 'token' ? params : profile._json).to.deep.equal(LEGS[this.leg].right);
  }
}

/** Fails where a logger, an error page or a debugger would show a secret of the login, plain or form-encoded. */
function expectNoSecret(error: Error & Record<string, unknown>, secrets: string[]): void {
  const shown = [
    error.message,
    error.stack,
    String(error),
    JSON.stringify(error),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    inspect(error, { depth: Infinity, showHidden: true }),
    // Of a buffer, inspect shows the first bytes only.
    ...Object.values({ ...(error.cause as object | undefined) }).map((value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : '',
    ),
  ].join('\n');
  for (const secret of secrets) {
    expect(shown).not.to.contain(secret);
    expect(shown).not.to.contain(encodeURIComponent(secret));
    expect(shown).not.to.contain(new URLSearchParams([['', secret]]).toString().slice(1));
  }
}
