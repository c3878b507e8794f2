import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import { DribbbleStrategy, type DribbbleStrategyOptions } from 'passport-dribbble-oauth2';

type Callback = (error: unknown, ...rest: unknown[]) => void;
interface Client {
  getOAuthAccessToken(code: string, params: Record<string, string>, callback: Callback): void;
  get(url: string, accessToken: string, callback: Callback): void;
}

/** A Dribbble without a network: issues a code for a person, and takes it once, with its PKCE verifier. */
export class OfflineDribbble {
  private readonly codes = new Map<string, { person: string; challenge: string | null }>();

  /** The code that the browser brings back once the person has pressed Authorize. */
  authorize(person: string, authorizationRequest: URL): string {
    const code = randomBytes(8).toString('hex');
    this.codes.set(code, { person, challenge: authorizationRequest.searchParams.get('code_challenge') });
    return code;
  }

  /** Takes the place of the client's two requests. */
  stub<S extends object>(strategy: S): S {
    Object.assign((strategy as { _oauth2?: object })._oauth2 ?? {}, {
      getOAuthAccessToken: (code, params, callback) => {
        const issued = this.codes.get(code);
        this.codes.delete(code);
        const verifier = params['code_verifier'];
        const challenge = verifier ? createHash('sha256').update(verifier).digest('base64url') : null;
        if (issued?.challenge === challenge) setImmediate(callback, null, issued.person, undefined, {});
        else setImmediate(callback, { statusCode: 400, data: '{"error":"invalid_grant"}' });
      },
      get: (_url, accessToken, callback) => {
        setImmediate(callback, null, JSON.stringify({ id: accessToken, login: accessToken }), {
          statusCode: 200,
        });
      },
    } satisfies Client);
    return strategy;
  }

  /** A strategy that signs in the person's id. */
  strategy(options: Partial<DribbbleStrategyOptions> = {}, info?: object | string): DribbbleStrategy {
    return this.stub(
      new DribbbleStrategy(
        {
          clientID: 'the-client-id',
          clientSecret: 'the-client-secret',
          // An agent of the app's keeps the strategy from opening connections ahead, here to the real Dribbble.
          agent: new Agent(),
          ...options,
        },
        (_accessToken, _refreshToken, profile, done) => {
          done(null, profile, info);
        },
      ),
    );
  }
}
