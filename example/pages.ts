import type { Problem } from './errors';
import { html, type Html } from './html';
import { avatar, layout } from './layout';
import type { Link, Team, User } from './user';

export interface SignIn {
  /** The person said no at Dribbble. */
  denied: boolean;
  /** Where the person was going, if anywhere. */
  returnTo: string | undefined;
  sandbox: boolean;
}

export function signInPage({ denied, returnTo, sandbox }: SignIn): string {
  const isGoing = returnTo !== undefined && returnTo !== '/profile';
  const query = isGoing ? `?returnTo=${encodeURIComponent(returnTo)}` : '';
  return page({
    title: 'Sign in',
    main: split(html`
      ${
        denied
          ? html`<p class="notice" role="alert">
              You said no at Dribbble, so you are not signed in. You can change your mind at any time.
            </p>`
          : returnTo !== undefined &&
            html`<p class="notice" role="status">
              Sign in first. Then you will see the page that you asked for.
            </p>`
      }
      <h1>Your Dribbble profile, <em>courtside</em>.</h1>
      <p class="lead">
        Sign in with your Dribbble account, and see what an app gets to know about you. No new password.
      </p>
      <p><a class="button big" href="/auth/dribbble${query}">Sign in with Dribbble</a></p>
      <p class="muted small">We ask to read what is public in your profile. Nothing else.</p>
      ${
        sandbox &&
        html`<p class="aside">
          <strong>You are in the sandbox:</strong> you sign in at a stand-in for Dribbble on this machine. Set
          <code>DRIBBBLE_CLIENT_ID</code> and <code>DRIBBBLE_CLIENT_SECRET</code> to use the real one.
        </p>`
      }
    `),
  });
}

export function profilePage(user: User): string {
  const { name, login, pro, bio, location, links, followers, since, teams } = user;
  const facts = [location && html`<li>${location}</li>`, ...links.map(contact)].filter(Boolean);
  const numbers = [
    followers !== undefined && stat('Followers', followers.toLocaleString('en')),
    since !== undefined && stat('On Dribbble since', String(since)),
    teams.length > 0 && stat(teams.length === 1 ? 'Team' : 'Teams', String(teams.length)),
  ].filter(Boolean);
  return page({
    title: name,
    current: '/profile',
    main: html`
      <article class="card profile">
        <div class="cover"></div>
        <header class="who">
          ${avatar(user.picture, name)}
          <h1>${name} ${pro && html`<span class="badge">Pro</span>`}</h1>
          <p class="muted">${link(user.profile, `@${login}`)}</p>
          ${
            facts.length > 0 &&
            html`<ul class="facts">
              ${facts}
            </ul>`
          }
        </header>
        <div class="about">
          ${bio ? html`<p class="bio">${bio}</p>` : html`<p class="bio muted">No bio yet. Every designer was new once.</p>`}
          ${numbers.length > 0 && html`<dl class="stats">${numbers}</dl>`}
          ${
            teams.length > 0 &&
            html`<section>
              <h2>Teams</h2>
              <ul class="teams">
                ${teams.map(team)}
              </ul>
            </section>`
          }
        </div>
      </article>
    `,
  });
}

/** A link, where there is an address to follow. */
function link(href: string | undefined, text: string): Html {
  return href === undefined
    ? html`${text}`
    : html`<a href="${href}" rel="noopener noreferrer nofollow">${text}</a>`;
}

function contact({ kind, href }: Link): Html {
  const text = kind === 'web' ? new URL(href).host : `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`;
  return html`<li>${link(href, text)}</li>`;
}

function stat(name: string, value: string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function team({ name, location, page, picture }: Team): Html {
  return html`<li>
    ${avatar(picture, name)}
    <span
      ><strong>${link(page, name)}</strong
      >${location && html`<br /><span class="muted">${location}</span>`}</span
    >
  </li>`;
}

/** What each scope of Dribbble's allows, in words. */
const permissions: Partial<Record<string, string>> = {
  public: 'Read your profile and your shots, as anybody on Dribbble can.',
  upload: 'Publish shots in your name, and change or delete them.',
};

export function dataPage(user: User): string {
  const { scopes } = user;
  const kept: [name: string, value: string][] = [
    ['Dribbble ID', user.id],
    ['Name', user.name],
    ['Username', user.login],
    ['Profile', user.profile ?? ''],
    ['Picture', user.picture ?? ''],
    ['Bio', user.bio],
    ['Location', user.location],
    ['Links', user.links.map(({ href }) => href).join(', ')],
    ['Pro account', user.pro ? 'Yes' : 'No'],
    ['Followers', user.followers?.toLocaleString('en') ?? ''],
    ['Member since', user.since?.toString() ?? ''],
    ['Teams', user.teams.map(({ name }) => name).join(', ')],
  ];
  return page({
    title: 'Your data',
    current: '/data',
    main: html`
      <h1>Your data</h1>
      <div class="columns">
        <section class="card">
          <h2>What Courtside knows</h2>
          <p class="muted">
            Read from Dribbble when you signed in, and kept with your session. Signing out deletes it. After
            seven days you are asked to sign in again.
          </p>
          <dl class="kept">
            ${kept.map(
              ([name, value]) =>
                html`<div>
                  <dt>${name}</dt>
                  <dd>${value || html`<span class="muted">Not given</span>`}</dd>
                </div>`,
            )}
          </dl>
        </section>
        <section class="card">
          <h2>What you allowed</h2>
          ${
            scopes.length > 0
              ? html`<ul class="permissions">
                  ${scopes.map((scope) => html`<li>${permissions[scope] ?? 'A permission that this app does not know.'} <code>${scope}</code></li>`)}
                </ul>`
              : html`<p>Dribbble did not say.</p>`
          }
          <p class="muted">
            Courtside does not keep the access token, so it cannot ask Dribbble again until you next sign in.
            Revoke the permission at any time in your Dribbble account, under Applications.
          </p>
        </section>
      </div>
    `,
  });
}

export function signedOutPage(): string {
  return page({
    title: 'Signed out',
    main: split(html`
      <p class="eyebrow">See you</p>
      <h1>You are signed out</h1>
      <p class="lead" role="status">
        You are still signed in at Dribbble itself. On a computer that others use, sign out there too.
      </p>
      <p><a class="button" href="/">Go to the home page</a></p>
    `),
  });
}

export interface Button {
  text: string;
  href: string;
}

type ErrorPage = Pick<Problem, 'status' | 'title' | 'what' | 'todo'> & {
  button: Button;
  /** For whoever runs the app. */
  hint: string | undefined;
};

export function errorPage({ status, title, what, todo, button, hint }: ErrorPage, signedIn: boolean): string {
  return page({
    title,
    current: signedIn ? 'another' : undefined,
    main: split(html`
      <p class="eyebrow">Error ${status}</p>
      <h1>${title}</h1>
      <p class="lead" role="alert">${what}</p>
      <p>${todo}</p>
      <p><a class="button" href="${button.href}">${button.text}</a></p>
      ${hint && html`<p class="aside"><strong>If you run this app:</strong> ${hint}</p>`}
    `),
  });
}

/** Words beside the picture. */
function split(words: Html): Html {
  return html`<div class="split">
    <div>${words}</div>
    <img class="board" src="/board.svg" alt="" width="560" height="440" />
  </div>`;
}

interface Page {
  title: string;
  main: Html;
  /** Which page of the menu it is, if any; the menu is for whoever is signed in. */
  current?: '/profile' | '/data' | 'another' | undefined;
}

function page({ title, main, current }: Page): string {
  const item = (href: string, text: string) =>
    html`<a href="${href}" ${current === href && html`aria-current="page"`}>${text}</a>`;
  return layout({
    title: `${title} · Courtside`,
    description:
      'Courtside, an example app: sign in with Dribbble, and see what an app gets to know about you.',
    header: html`
      <header class="bar">
        <a class="brand" href="/"
          ><img src="/icon.svg" alt="" width="28" height="28" /><span>Courtside</span></a
        >
        ${
          current &&
          html`<nav aria-label="Main">
            ${item('/profile', 'Profile')} ${item('/data', 'Your data')}
            <form method="post" action="/auth/sign-out"><button class="button quiet">Sign out</button></form>
          </nav>`
        }
      </header>
    `,
    main,
    footer: html`<p>The example app of <strong>passport-dribbble-oauth2</strong>. Not made by Dribbble.</p>`,
  });
}
