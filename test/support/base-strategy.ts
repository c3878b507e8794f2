import OAuth2Strategy = require('passport-oauth2');

/** passport-oauth2's client, as apps, their tests and other packages know it. */
export interface Client {
  get: (
    url: string,
    token: string,
    callback: (error: unknown, body?: unknown, res?: unknown) => void,
  ) => void;
  getOAuthAccessToken: (code: string, params: object, callback: (...result: unknown[]) => void) => void;
  useAuthorizationHeaderforGET: (useIt: boolean) => void;
}
export const clientOf = (strategy: OAuth2Strategy): Client =>
  (strategy as unknown as { _oauth2: Client })._oauth2;

/** passport-oauth2's own strategy, with a profile of the id that `_oauth2.get` brings, as the user. */
export class BaseStrategy extends OAuth2Strategy {
  private readonly userProfileURL: string;

  constructor({
    userProfileURL = '',
    ...options
  }: {
    userProfileURL?: string | undefined;
    [option: string]: unknown;
  }) {
    super(
      options as never,
      (_a: string, _r: string, profile: object, done: OAuth2Strategy.VerifyCallback) => {
        done(null, profile);
      },
    );
    this.userProfileURL = userProfileURL;
  }

  override userProfile(token: string, done: (error?: unknown, profile?: unknown) => void): void {
    clientOf(this).get(this.userProfileURL, token, (error, body) => {
      done(error, error ? undefined : { id: String((JSON.parse(String(body)) as { id: unknown }).id) });
    });
  }
}
