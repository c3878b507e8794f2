import {
  AuthorizationError,
  DribbbleAPIError,
  InternalOAuthError,
  TokenError,
} from 'passport-dribbble-oauth2';

/** A login that failed. Passport's `info` says why. */
export class FailedLogin extends Error {
  readonly code: string;

  constructor(
    info: unknown,
    /** Where the person was going. */
    readonly returnTo: string,
  ) {
    const { message, code } = { message: 'The login failed.', code: '', ...(info as object | undefined) };
    super(message);
    this.code = code;
  }
}

/** An error as a page tells it: what happened, and what to do about it. */
export interface Problem {
  status: number;
  title: string;
  what: string;
  todo: string;
  /** What the page's button does; without it, it leads to the first page. */
  button?: 'sign in' | 'try again';
  /** What only whoever runs this app can put right: for the log, and for the page in the sandbox. */
  developer?: string;
  /** When it makes sense to try again, in seconds. */
  retryAfter?: number;
}

export const notFound: Problem = {
  status: 404,
  title: 'There is no such page',
  what: 'The address may be mistyped, or the page has moved.',
  todo: 'Check the address, or start over.',
};

export function explain(error: unknown): Problem {
  const { status = 500 } = error as { status?: number };

  if (error instanceof FailedLogin) return failedLogin(error);
  if (error instanceof TokenError || error instanceof AuthorizationError) return byCode(error.code, status);
  if (error instanceof DribbbleAPIError) return apiProblem(error);
  if (error instanceof InternalOAuthError) return status === 504 ? slow : unreachable;
  if (status === 403) {
    return {
      status,
      title: 'That did not come from here',
      what: 'The request came from another site, so we ignored it.',
      todo: 'If it was you, do it again from this site.',
    };
  }
  if (status === 503) {
    return {
      status,
      title: 'We cannot check who is signed in',
      what: 'The store that remembers who is signed in is not responding.',
      todo: 'Try again in a minute. You do not need to sign in again.',
      button: 'try again',
      developer: 'Check that the Redis at REDIS_URL is up.',
      retryAfter: 30,
    };
  }
  if (status >= 400 && status < 500) {
    return {
      status,
      title: 'We could not read that request',
      what: 'There is a mistake in its address.',
      todo: 'Check the address, or start over.',
    };
  }
  return {
    status: 500,
    title: 'Something broke on our side',
    what: 'It is not your fault, and the error is in our log.',
    todo: 'Try again. If it happens again, tell us when it happened.',
    button: 'try again',
    developer: 'The log has the error.',
  };
}

function failedLogin({ code, message }: FailedLogin): Problem {
  const failed = { status: 403, todo: 'Sign in again.', button: 'sign in' } as const;
  switch (code) {
    case 'state_used':
      return {
        ...failed,
        title: 'This sign-in is already over',
        what: 'Its address was opened a second time. To be safe, it works only once.',
      };
    case 'state_expired':
      return {
        ...failed,
        title: 'This sign-in took too long',
        what: 'We wait ten minutes for you to come back.',
      };
    case 'state_missing':
    case 'state_unknown':
      return {
        ...failed,
        title: 'We could not match this sign-in to you',
        what: 'It was started in another browser, or your browser blocked our cookies. To be safe, we stopped it.',
        todo: 'Sign in again in this browser, and allow cookies.',
        developer: `${message} Behind a proxy that speaks https, set TRUST_PROXY: without it the session cookie is not set.`,
      };
    default:
      return {
        ...failed,
        title: 'We could not sign you in',
        what: 'You came back from Dribbble with something that we cannot use.',
        developer: message,
      };
  }
}

const unreachable: Problem = {
  status: 502,
  title: 'Dribbble is not responding',
  what: 'We could not reach Dribbble, or could not understand its response. You are not signed in.',
  todo: 'Sign in again in a minute.',
  button: 'sign in',
  retryAfter: 60,
};

const slow: Problem = {
  ...unreachable,
  status: 504,
  title: 'Dribbble takes too long',
  what: 'It did not respond in time, so we stopped waiting. You are not signed in.',
};

function byCode(code: string, status: number): Problem {
  switch (code) {
    case 'invalid_client':
    case 'unauthorized_client':
      return {
        status,
        title: 'Dribbble does not know this app',
        what: 'The app is set up wrong, so nobody can sign in at the moment.',
        todo: 'All you can do is tell us.',
        developer:
          'Check DRIBBBLE_CLIENT_ID and DRIBBBLE_CLIENT_SECRET against your application on Dribbble.',
      };
    case 'redirect_uri_mismatch':
      return {
        status,
        title: 'Dribbble will not send you back here',
        what: 'The app is set up wrong, so nobody can sign in at the moment.',
        todo: 'All you can do is tell us.',
        developer:
          'The callback URL registered with your application on Dribbble must be this app’s, to the letter: BASE_URL followed by /auth/dribbble/callback.',
      };
    case 'invalid_grant':
      return {
        status,
        title: 'This sign-in took too long',
        what: 'The code that Dribbble sent with you has expired, or was used before.',
        todo: 'Sign in again.',
        button: 'sign in',
      };
    case 'application_suspended':
      return {
        status,
        title: 'Dribbble has suspended this app',
        what: 'Nobody can sign in with it at the moment.',
        todo: 'All you can do is tell us.',
        developer: 'Ask Dribbble’s support why the application is suspended.',
      };
    case 'server_error':
    case 'temporarily_unavailable':
      return { ...unreachable, what: 'Dribbble says that it cannot sign anybody in right now.' };
    default:
      return {
        status,
        title: 'Dribbble refused the sign-in',
        what: 'It did not accept what this app asked for.',
        todo: 'Sign in again. If it happens again, tell us.',
        button: 'sign in',
        developer: `Dribbble’s code for it is ${code}. The log has the rest.`,
      };
  }
}

function apiProblem({ status, apiStatus }: DribbbleAPIError): Problem {
  if (status === 504) return slow;
  if (status === 503) {
    return {
      status,
      title: 'Too many people at once',
      what: 'Dribbble limits how many requests an app may send, and this one is over the limit.',
      todo: 'Sign in again in a minute.',
      button: 'sign in',
      retryAfter: 60,
    };
  }
  return {
    ...unreachable,
    title: 'Dribbble would not tell us who you are',
    what: 'It let you sign in, but did not send us your profile.',
    developer: `Its API responded with status ${String(apiStatus)}. The log has the rest.`,
  };
}
