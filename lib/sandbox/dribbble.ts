import { createHash, randomBytes } from 'node:crypto';
import type { DribbbleAccount, DribbbleUser } from '../profile';
import { withRateLimit, type Reply } from './failures';
import { consentPage, refusalPage } from './pages';

/** A person of the sandbox: an id, a login, and what differs from an ordinary account. */
export type SandboxPerson = Partial<DribbbleUser> & Pick<DribbbleUser, 'id' | 'login'>;

/** What every account has; its picture is at `url`. */
function account(login: string, url: string): Omit<DribbbleAccount, 'id' | 'login' | 'type'> {
  const addresses = { html_url: `https://dribbble.com/${login}`, avatar_url: `${url}/avatars/${login}.svg` };
  return { name: login, ...addresses, bio: '', location: '', links: {}, created_at: '2019-11-23T12:00:00Z' };
}

/** The people that there are unless others are given. */
function usualPeople(url: string): SandboxPerson[] {
  const cranes = { ...account('papercranes', url), id: 39, name: 'Paper Cranes', login: 'papercranes' };
  const teams = [{ ...cranes, type: 'Team', updated_at: '2024-02-14T22:32:11Z' }];
  const links = { web: 'https://martaquill.example', twitter: 'https://twitter.com/martaquill' };
  const bio = `Type &amp; identity at <a href="${cranes.html_url}">@papercranes</a>. Draws letters, then rubs most of them out.`;
  const marta = { bio, location: 'Porto, Portugal', links, pro: true, followers_count: 29262, teams };
  // Tries to inject markup and script wherever Dribbble lets a person write.
  const bobby = {
    name: 'Bobby <b>Tags</b> <img src=x onerror="window.__pwned=1">',
    avatar_url: 'javascript:window.__pwned=2',
    bio: '<script>window.__pwned=3</script>Angles.<img src=x onerror=alert(4)> &lt;script&gt;alert(5)&lt;/script&gt;',
    location: '"><svg onload="window.__pwned=6">Nowhere',
    links: { web: 'javascript:window.__pwned=7', twitter: '" onmouseover="window.__pwned=8' },
  };
  const picture = 'https:default_avatars/default-avatar-gradient-6.png'; // of a new account, as really seen
  return [
    { id: 1, login: 'maya', name: 'Maya Lind', email: 'maya@maya.example', location: 'Malmö, Sweden' },
    { id: 101, login: 'martaquill', name: 'Marta Quill', ...marta, created_at: '2011-07-08T02:51:22Z' },
    { id: 102, login: 'rookie', name: null, avatar_url: null, bio: null, location: null, links: null },
    { id: 103, login: 'iroha', name: '葉山 いろは 🎨', bio: 'にじむ色と、まるい形。🫧', location: '京都' },
    { id: 104, login: 'bobbytags', ...bobby },
    { id: 105, login: 'newcomer', avatar_url: picture, created_at: '2025-01-03T13:30:27.770-05:00' },
  ];
}

/** The people with all that Dribbble says of a person. Throws a TypeError if there can't be such people. */
export function completePeople(given: readonly SandboxPerson[] | undefined, url: string): DribbbleUser[] {
  const rule = 'startSandbox: the people option must give each person an id and a login of their own';
  return (given ?? usualPeople(url)).map((person, index, all) => {
    const { id, login } = Object(person) as SandboxPerson;
    const isTaken = all.slice(0, index).some((other) => other.id === id || other.login === login);
    const isOne = Number.isSafeInteger(id) && id >= 0 && typeof login === 'string' && /^[\w-]+$/.test(login);
    if (isTaken || !isOne) throw new TypeError(rule);
    const usual = { can_upload_shot: true, pro: false, followers_count: 0, type: 'User', teams: [] };
    return { ...account(login, url), ...usual, ...person };
  });
}

/** Whether it is an http(s) URL; with `local`, one of this machine. */
export function isWebURL(url: unknown, local = false): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, hostname, hash } = new URL(url);
  const isLocal = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return /^https?:/.test(protocol) && hash === '' && (!local || isLocal);
}

/** The fields of a query or a form. */
export type Params = Record<string, string>;
/** What can be wrong with a request, the first thing first. */
type Checks = readonly (readonly [isWrong: unknown, error: string, why: string])[];

/** The descriptions of errors, in Doorkeeper's words (its locale `en`). Of Dribbble's own codes, they are not known. */
const WORDS: Readonly<Record<string, string>> = {
  access_denied: 'The resource owner or authorization server denied the request.',
  invalid_client: `Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.`,
  invalid_grant: `The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.`,
  invalid_request: `The request is missing a required parameter, includes an unsupported parameter value, or is otherwise malformed.`,
  invalid_scope: 'The requested scope is invalid, unknown, or malformed.',
  unsupported_grant_type: 'The authorization grant type is not supported by the authorization server.',
  unsupported_response_type: 'The authorization server does not support this response type.',
};
const refusal = (error: string, said = WORDS[error]) => ({ error, ...(said && { error_description: said }) });

/** Dribbble's side of a login: its endpoints, and what they have given out. */
export class Dribbble {
  /** Who says yes, or the error with which the person is sent back; without it, a page asks. */
  decision: DribbbleUser | 'access_denied' | 'application_suspended' | undefined;
  readonly codes = new Map<string, { person: DribbbleUser; asked: Params; issued: number; used: boolean }>();
  readonly tokens = new Map<string, { person: DribbbleUser | undefined; left: number; reset: number }>();
  constructor(private readonly app: { id: string; secret: string; callbackURL: string | undefined }) {}

  /** `GET /oauth/authorize`. */
  authorize(sent: Params, people: readonly DribbbleUser[], decision = this.decision): Reply {
    const asked: Params = sent['scope']?.trim() ? sent : { ...sent, scope: 'public' };
    const { client_id, redirect_uri, response_type, scope = '', state } = asked;
    const { code_challenge, code_challenge_method: method } = asked;
    const to = this.app.callbackURL ?? redirect_uri ?? '';
    const scopes = scope.split(' ').filter(Boolean);
    const unknown = scopes.find((name) => name !== 'public' && name !== 'upload');
    const back = (params: Params, why?: string): Reply => {
      const url = new URL(to);
      for (const [name, value] of Object.entries(params)) url.searchParams.append(name, value);
      if (state !== undefined) url.searchParams.append('state', state);
      return { status: 302, headers: { Location: url.href }, why };
    };
    if (client_id !== this.app.id) return refusalPage(401, 'no application has its client_id');
    if (!isWebURL(to, !this.app.callbackURL))
      return refusalPage(400, 'it has no redirect_uri of this machine, and no callback URL is registered');
    const checks: Checks = [
      [redirect_uri && redirect_uri !== to, 'redirect_uri_mismatch', `its redirect_uri is not ${to}`],
      [response_type !== 'code', 'unsupported_response_type', 'its response_type is not code'],
      [unknown, 'invalid_scope', `Dribbble has no scope ${String(unknown)}`],
      [code_challenge && method !== 'S256', 'invalid_request', 'its code_challenge_method is not S256'],
    ];
    const [, error, why] = checks.find(([isWrong]) => isWrong) ?? [];
    if (error) return back(refusal(error), why);
    if (!decision) return consentPage(to, scopes, people);
    if (typeof decision === 'string') return back(refusal(decision));
    const code = randomBytes(32).toString('base64url');
    this.codes.set(code, { person: decision, asked, issued: Date.now(), used: false });
    return back({ code });
  }

  /** `POST /oauth/token`, with its form. */
  token(form: Params): Reply {
    const { grant_type = '', client_id, client_secret, code = '', redirect_uri, code_verifier = '' } = form;
    const grant = this.codes.get(code);
    const { scope, redirect_uri: uri, code_challenge = '' } = grant?.asked ?? {};
    const challenge = code_verifier && createHash('sha256').update(code_verifier).digest('base64url');
    const checks: Checks = [
      [!grant_type, 'invalid_request', 'its form has no grant_type'],
      [grant_type !== 'authorization_code', 'unsupported_grant_type', `its grant_type is ${grant_type}`],
      [client_id !== this.app.id, 'invalid_client', 'its form has no client_id, or a wrong one'],
      [client_secret !== this.app.secret, 'invalid_client', 'its form has no client_secret, or a wrong one'],
      [!code, 'invalid_request', 'its form has no code'],
      [!grant, 'invalid_grant', 'no such code was given out'],
      [grant?.used, 'invalid_grant', 'its code was used before'],
      [grant && Date.now() - grant.issued > 600_000, 'invalid_grant', 'its code has expired'],
      // Left out if and only if it was left out there (RFC 6749, section 4.1.3).
      [redirect_uri !== uri, 'invalid_grant', 'its redirect_uri differs from the first request'],
      [code_challenge && !code_verifier, 'invalid_request', 'its form has no code_verifier'],
      [challenge !== code_challenge, 'invalid_grant', 'its code_verifier does not match the code_challenge'],
    ];
    const [, error, why] = checks.find(([isWrong]) => isWrong) ?? [];
    if (error) return { status: error === 'invalid_client' ? 401 : 400, body: refusal(error), why };
    if (grant) grant.used = true;
    const access_token = randomBytes(32).toString('base64url');
    this.tokens.set(access_token, { person: grant?.person, left: 0, reset: 0 });
    return { body: { access_token, token_type: 'Bearer', scope, created_at: Math.floor(Date.now() / 1000) } };
  }

  /** `GET /v2/user`. */
  user(authorization = ''): Reply {
    const token = this.tokens.get(/^Bearer (\S+)$/i.exec(authorization)?.[1] ?? '');
    const why = authorization ? 'its access token is wrong or revoked' : 'it has no Authorization header';
    if (!token) return { status: 401, body: { message: 'Bad credentials.' }, why };
    const now = Math.floor(Date.now() / 1000);
    if (now >= token.reset) Object.assign(token, { left: 60, reset: now + 60 });
    return withRateLimit(--token.left, token.reset, token.person);
  }
}
