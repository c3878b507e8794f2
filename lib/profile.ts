import { parseObject } from './json';

/** The signed-in person, normalized. What Dribbble did not send is absent. */
export interface DribbbleProfile {
  provider: 'dribbble';
  /** Dribbble's id of the account: it stays when the login changes, so key your users by it. */
  id: string;
  /** The login, as in dribbble.com/login. */
  username?: string;
  /** The name, else the login (one of which Dribbble always sends, as passport's own `Profile` expects). */
  displayName: string;
  /** The page of the person at Dribbble; always http or https. */
  profileUrl?: string;
  /** The avatar; always http or https. */
  photos?: { value: string }[];
  /** Only if the API sent an address; it does not promise one. */
  emails?: { value: string }[];
  /** The response body, as it came. */
  _raw: string;
  /** The response body, parsed. Only the id in it is checked. */
  _json: DribbbleUser;
}

/** The response of `GET /v2/user`, as Dribbble documents it (API v2, user). */
export interface DribbbleUser extends DribbbleAccount {
  followers_count: number;
  /** Whether the account is a Pro account. */
  pro: boolean;
  /** Whether the person may upload shots. */
  can_upload_shot: boolean;
  /** The teams that the person is a member of. */
  teams: DribbbleTeam[];
  /** Not documented by Dribbble, and usually absent. */
  email?: string | null;
}

/** A team in `DribbbleUser`. */
export interface DribbbleTeam extends DribbbleAccount {
  /** When the team last changed, in ISO 8601. */
  updated_at: string;
}

/** What a person and a team have in common. */
export interface DribbbleAccount {
  id: number;
  name?: string | null;
  login: string;
  /** The account's page at Dribbble. */
  html_url: string;
  avatar_url?: string | null;
  /** HTML written by the account's owner: escape it or clean it before you show it. */
  bio?: string | null;
  location?: string | null;
  /** Addresses by name, such as `web` and `twitter`, written by the account's owner: check them before you link. */
  links?: Record<string, string | null> | null;
  /** `User` or `Team`. */
  type: string;
  /** When the account was made, in ISO 8601. */
  created_at: string;
}

/** The profile in a response of `GET /v2/user`, or undefined if the response has no usable id. */
export function parseProfile(raw: string): DribbbleProfile | undefined {
  const json = parseObject(raw);
  const id = usableId(json?.['id']);
  if (json === undefined || id === undefined) return undefined;
  const username = text(json['login']);
  const displayName = text(json['name']) ?? username;
  const profileUrl = webAddress(json['html_url']);
  const photo = webAddress(json['avatar_url']);
  const email = text(json['email']);
  return {
    provider: 'dribbble',
    id,
    ...(username && { username }),
    ...((displayName && { displayName }) as { displayName: string }),
    ...(profileUrl && { profileUrl }),
    ...(photo && { photos: [{ value: photo }] }),
    ...(email && { emails: [{ value: email }] }),
    _raw: raw,
    _json: json as unknown as DribbbleUser,
  };
}

function usableId(id: unknown): string | undefined {
  // Beyond the safe integers, two ids may parse as the same number.
  if (typeof id === 'number') return Number.isSafeInteger(id) && id >= 0 ? String(id) : undefined;
  return text(id);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** Apps put these into `href` and `src`, where `javascript:` would run. */
function webAddress(value: unknown): string | undefined {
  const address = text(value);
  return address && /^https?:\/\//i.test(address) ? address : undefined;
}
