/**
 * The types as an app sees them: nothing here runs. `npm run lint` checks it against lib/; `npm run test:package`
 * against the tarball under four TypeScripts, as CommonJS (.cts), as an ES module (.mts) and for a bundler (.ts).
 *
 * `is<Expected>()(value)` compiles only where the value's type is the expected one to the letter; `any` is not.
 */
import type { Request } from 'express';
import type { AuthenticateOptions, PassportStatic } from 'passport';
import type {
  VerifyCallback as OAuth2VerifyCallback,
  VerifyFunction as OAuth2VerifyFunction,
} from 'passport-oauth2';
import {
  AuthorizationError,
  CookieStateStore,
  DribbbleAPIError,
  DribbbleStrategy,
  InternalOAuthError,
  Strategy,
  TokenError,
  type CookieStateStoreOptions,
  type DribbbleAccount,
  type DribbbleAuthenticateOptions,
  type DribbbleProfile,
  type DribbbleRateLimit,
  type DribbbleScope,
  type DribbbleStrategyOptions,
  type DribbbleStrategyOptionsWithRequest,
  type DribbbleTeam,
  type DribbbleTokenResponse,
  type DribbbleUser,
  type DribbbleVerifyFunction,
  type DribbbleVerifyFunctionWithParams,
  type DribbbleVerifyFunctionWithRequest,
  type DribbbleVerifyFunctionWithRequestAndParams,
  type VerifyCallback,
} from 'passport-dribbble-oauth2';
import {
  startSandbox,
  type Sandbox,
  type SandboxEndpoint,
  type SandboxFailure,
  type SandboxOptions,
  type SandboxPerson,
  type SandboxRequest,
  type SandboxResponse,
} from 'passport-dribbble-oauth2/sandbox';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function is<Expected>(): <Actual>(
  value: Actual,
  ...same: Same<Actual, Expected> extends true ? [] : [never]
) => void;
declare const anything: never;

declare global {
  namespace Express {
    /** What an app says of its users: verify functions are held to it. */
    interface User {
      id: string;
    }
  }
}
declare const user: Express.User;

// The check itself: it refuses `any`, and a type that is merely wider.
is<string>()('' as string);
// @ts-expect-error -- any is not string
is<string>()(anything as any);
// @ts-expect-error -- string | undefined is not string
is<string>()('' as string | undefined);

export const options: DribbbleStrategyOptions = { clientID: '', clientSecret: '' };
export const withRequest: DribbbleStrategyOptionsWithRequest = { ...options, passReqToCallback: true };

// The shapes without params infer every parameter.
new DribbbleStrategy(options, (accessToken, refreshToken, profile, done) => {
  is<string>()(accessToken);
  is<string | undefined>()(refreshToken);
  is<DribbbleProfile>()(profile);
  is<VerifyCallback>()(done);
  done(null, user);
  done(null, false, { message: '' });
  done(new Error());
  // @ts-expect-error -- a number is no user of this app
  done(null, 1);
});
new DribbbleStrategy({ clientID: '', clientSecret: '' }, async (_a, _r, profile) => {
  is<DribbbleProfile>()(profile);
  return user;
});
new DribbbleStrategy(withRequest, (req, accessToken, refreshToken, profile, done) => {
  is<Request>()(req);
  is<string>()(accessToken);
  is<string | undefined>()(refreshToken);
  is<DribbbleProfile>()(profile);
  is<VerifyCallback>()(done);
});
new DribbbleStrategy(
  { clientID: '', clientSecret: '', passReqToCallback: true },
  async (req, accessToken) => {
    is<Request>()(req);
    is<string>()(accessToken);
    return user;
  },
);
new DribbbleStrategy({ ...options, passReqToCallback: false }, (accessToken) => {
  is<string>()(accessToken);
});

// The shapes with params compile with their parameters annotated, the refresh token as most annotate it.
new DribbbleStrategy(
  options,
  (_a: string, _r: string, params: DribbbleTokenResponse, profile: DribbbleProfile, done: VerifyCallback) => {
    is<string | undefined>()(params.scope);
    is<string>()(profile.id);
    done(null, user);
  },
);
new DribbbleStrategy(
  withRequest,
  (
    _req: Request,
    _a: string,
    _r: string | undefined,
    _params: DribbbleTokenResponse,
    _profile: DribbbleProfile,
    done: VerifyCallback,
  ) => {
    done(null, user);
  },
);

// So do the annotations of other packages.
new DribbbleStrategy(
  options,
  (_a: string, _r: string, _profile: DribbbleProfile, done: OAuth2VerifyCallback) => {
    done(null, user);
  },
);
new DribbbleStrategy(
  options,
  (_a: string, _r: string, _p: unknown, done: (error: unknown, user?: false) => void) => {
    done(null, false);
  },
);

// The four shapes by their names.
const verify: DribbbleVerifyFunction = (_a, _r, _profile, done) => {
  is<VerifyCallback>()(done);
};
const withParams: DribbbleVerifyFunctionWithParams = (_a, _r, params, _profile, done) => {
  is<DribbbleTokenResponse>()(params);
  done(null, params.scope === 'public' && user);
};
const verifyWithRequest: DribbbleVerifyFunctionWithRequest = async (req, _a, _r, profile) => {
  is<Request>()(req);
  return { id: profile.id, path: req.path };
};
const withBoth: DribbbleVerifyFunctionWithRequestAndParams = (req, _a, _r, params) => ({
  path: req.path,
  scope: params.scope,
});
new DribbbleStrategy(options, withParams);
new DribbbleStrategy(withRequest, verifyWithRequest);
new DribbbleStrategy(withRequest, withBoth);

// @ts-expect-error -- the request only under passReqToCallback
new DribbbleStrategy(options, (_req: Request, _accessToken: string) => undefined);
// @ts-expect-error -- a client secret is required
new DribbbleStrategy({ clientID: '' }, () => undefined);
// @ts-expect-error -- a verify function is required
new DribbbleStrategy(options);
// @ts-expect-error -- a misspelt option
new DribbbleStrategy({ ...options, callbackUrl: '' }, () => undefined);
// @ts-expect-error -- a string is no timeout
new DribbbleStrategy({ ...options, timeout: '1000' }, () => undefined);

// @ts-expect-error -- a number is no client ID
export const numberAsID: DribbbleStrategyOptions = { ...options, clientID: 1 };
// @ts-expect-error -- with the request means true
export const withoutRequest: DribbbleStrategyOptionsWithRequest = { ...options, passReqToCallback: false };
export const storeOptions: CookieStateStoreOptions = { secret: ['', ''], maxAge: 60_000 };
// @ts-expect-error -- a number is no secret
new CookieStateStore({ secret: 1 });
// @ts-expect-error -- a number is no scope
export const scope: DribbbleScope = 1;
// @ts-expect-error -- a number is no list of scopes
export const scopePerRequest: DribbbleAuthenticateOptions = { scope: 1 };

// Options may be undefined, as from an unset variable of the environment.
new Strategy(
  {
    ...options,
    callbackURL: undefined,
    scope: ['public', 'upload'] as const,
    store: new CookieStateStore({ secret: ['', ''] }),
    agent: undefined,
    timeout: undefined,
  },
  () => undefined,
);
const scopes: DribbbleScope[] = ['public', 'upload', 'another'];
new Strategy(
  { ...options, scope: scopes, pkce: true, store: true, skipUserProfile: () => true },
  () => undefined,
);

declare const passport: PassportStatic;
passport.use(new DribbbleStrategy(options, () => undefined));
passport.authenticate('dribbble', { scope: ['upload'], state: '/shots' });
const perRequest: DribbbleAuthenticateOptions = { state: { returnTo: '/shots' }, callbackURL: '/callback' };
passport.authenticate('dribbble', perRequest);
passport.authenticate('dribbble', { state: { returnTo: '/shots' }, failureRedirect: '/', session: false });
passport.authenticate('dribbble', { state: 0 }, (err, who, info, status) => {
  is<any>()(err);
  is<Express.User | false | null | undefined>()(who);
  is<number | (number | undefined)[] | undefined>()(status);
  return info;
});
// @ts-expect-error -- a misspelt option
passport.authenticate('dribbble', { callbackUrl: '' });
// Other strategies keep passport's types.
passport.authenticate('google', { scope: ['email'], state: 'text' });
passport.authenticate(['dribbble', 'google']);
// @ts-expect-error -- passport's own state is a string
passport.authenticate('google', { state: {} });
is<AuthenticateOptions>()(null as unknown as Parameters<typeof passport.authenticate>[1]);
declare const req: Request;
new DribbbleStrategy(options, verify).authenticate(req, perRequest);
is<string>()(new DribbbleStrategy(options, verify).name);

declare const profile: DribbbleProfile;
is<'dribbble'>()(profile.provider);
is<string>()(profile.id);
is<string | undefined>()(profile.username);
is<string>()(profile.displayName);
is<string | undefined>()(profile.profileUrl);
is<{ value: string }[] | undefined>()(profile.photos);
is<{ value: string }[] | undefined>()(profile.emails);
is<string>()(profile._raw);
is<DribbbleUser>()(profile._json);
is<string | null | undefined>()(profile._json.bio);
is<number>()(profile._json.followers_count);
is<boolean>()(profile._json.pro);
is<DribbbleTeam[]>()(profile._json.teams);
is<string>()(({} as DribbbleTeam).updated_at);
is<DribbbleAccount['bio']>()(profile._json.bio);
is<string>()(({} as DribbbleTokenResponse).access_token);
// @ts-expect-error -- a misspelt field
profile.displayname;
is<string | null | undefined>()(profile._json.links?.['web']);
is<string>()(profile._json.created_at);

declare const error: unknown;
if (error instanceof DribbbleAPIError) {
  is<number>()(error.status);
  is<number>()(error.apiStatus);
  is<DribbbleRateLimit | undefined>()(error.rateLimit);
}
if (error instanceof TokenError || error instanceof AuthorizationError) is<string>()(error.code);
if (error instanceof InternalOAuthError) is<number | undefined>()(error.status);
// @ts-expect-error -- an error has a status only once it is known for one of those
error.status;

// Every strategy's verify function, and the overrides of passport-oauth2's own signatures.
declare const everyVerify: OAuth2VerifyFunction;
new DribbbleStrategy(options, everyVerify);
export class Subclass extends DribbbleStrategy {
  // Names that are free for subclasses.
  client = 1;
  _client = 2;
  _timeout = 3;
  _userProfileURL = '';
  connections = 4;
  override userProfile(accessToken: string, done: (err?: unknown, profile?: any) => void): void {
    this._oauth2.get('https://api.dribbble.com/v2/user', accessToken, (error, body) => {
      done(error, body);
    });
    super.userProfile(accessToken, done);
  }
  override authorizationParams(params: any): object {
    return super.authorizationParams(params);
  }
  override tokenParams(params: any): object {
    return super.tokenParams(params);
  }
  override parseErrorResponse(body: any, status: number): Error | null {
    return super.parseErrorResponse(body, status);
  }
  override authenticate(req: Request, perRequest?: any): void {
    super.authenticate(req, perRequest);
  }
}

// The sandbox
const zoe: SandboxPerson = { id: 7, login: 'zoe', pro: true };
// @ts-expect-error a person needs an id
const nobody: SandboxPerson = { login: 'nobody' };
const sandboxOptions: SandboxOptions = {
  port: 4000,
  callbackURL: process.env['CALLBACK_URL'],
  people: [zoe],
};
async function testLogin(): Promise<void> {
  const dribbble = await startSandbox(sandboxOptions);
  is<Sandbox>()(dribbble);
  new DribbbleStrategy(dribbble.options, (_accessToken, _refreshToken, profile) => ({ id: profile.id }));
  const endpoint: SandboxEndpoint = 'token';
  const how: SandboxFailure = 'cut-off';
  const response: SandboxResponse = { status: 500, body: { message: 'Oops.' } };
  dribbble.fail(endpoint, how, { once: true });
  dribbble.fail(endpoint, response);
  // @ts-expect-error no such failure
  dribbble.fail(endpoint, 'explodes');
  is<SandboxRequest | undefined>()(dribbble.requests.at(-1));
  is<Promise<void>>()(dribbble.reset());
}
