import type { DribbbleProfile } from 'passport-dribbble-oauth2';
import { textOf, webLink } from './html';

/** What the app keeps of a person, in the session: what its pages show, and no more. */
export interface User {
  id: string;
  login: string;
  name: string;
  profile: string | undefined;
  picture: string | undefined;
  bio: string;
  location: string;
  links: Link[];
  pro: boolean;
  followers: number | undefined;
  /** The year in which the account was made. */
  since: number | undefined;
  teams: Team[];
  scopes: string[];
}

export interface Link {
  kind: string;
  href: string;
}

export interface Team {
  name: string;
  location: string;
  page: string | undefined;
  picture: string | undefined;
}

/** Whether it is one that this version of the app made, as sessions may be older. */
export function isUser(value: unknown): value is User {
  return value instanceof Object && 'links' in value && 'teams' in value && 'scopes' in value;
}

/**
 * Reads a profile. The types say what Dribbble documents; its response may be anything, so each field is checked
 * and cut to a length that fits a page.
 */
export function userFrom(profile: DribbbleProfile, scope = ''): User {
  const json: Record<string, unknown> = { ...profile._json };
  const login = line(profile.username) || line(profile.id);
  const followers = json['followers_count'];
  const year = new Date(line(json['created_at'])).getUTCFullYear();
  return {
    id: line(profile.id),
    login,
    name: line(profile.displayName) || login,
    profile: webLink(json['html_url']),
    picture: webLink(json['avatar_url']),
    bio: textOf(text(json['bio'], 2000)).slice(0, 500),
    location: line(json['location']),
    links: Object.entries(record(json['links'])).slice(0, 10).flatMap(linkFrom),
    pro: json['pro'] === true,
    followers: Number.isSafeInteger(followers) ? Number(followers) : undefined,
    since: Number.isNaN(year) ? undefined : year,
    teams: (Array.isArray(json['teams']) ? json['teams'] : []).slice(0, 20).flatMap(teamFrom),
    scopes: line(scope).split(' ').filter(Boolean),
  };
}

function linkFrom([kind, address]: [string, unknown]): Link[] {
  const href = webLink(address);
  return href === undefined ? [] : [{ kind: line(kind), href }];
}

function teamFrom(value: unknown): Team[] {
  const team = record(value);
  const name = line(team['name']) || line(team['login']);
  if (!name) return [];
  const location = line(team['location']);
  return [{ name, location, page: webLink(team['html_url']), picture: webLink(team['avatar_url']) }];
}

const line = (value: unknown) => text(value, 100).trim();

function text(value: unknown, length: number): string {
  // By code points: half of an emoji is no character.
  return typeof value === 'string'
    ? Array.from(value.slice(0, 2 * length))
        .slice(0, length)
        .join('')
    : '';
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
