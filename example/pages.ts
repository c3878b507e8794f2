import type { DribbbleTeam, DribbbleUser } from 'passport-dribbble-oauth2';
import type { User } from './auth';
import type { Problem } from './errors';
import { html, textOf, webLink, type Html } from './html';
import { avatar, layout } from './layout';

export interface SignIn {
  /** The person said no at Dribbble. */
  denied: boolean;
  /** Where the person was going, if anywhere. */
  returnTo: string | undefined;
  sandbox: boolean;
}

export function signInPage({ denied, returnTo, sandbox }: SignIn): string {
  const query = returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`;
  return page(
    'Sign in',
    html`
      <div class="hero">
        <div>
          ${
            denied
              ? html`<p class="notice" role="alert">
                  You said no at Dribbble, so nobody was signed in. You can change your mind any time.
                </p>`
              : query &&
                html`<p class="notice" role="status">
                  Sign in first, and you are back where you were going.
                </p>`
          }
          <h1>Bring your shots <em>courtside</em>.</h1>
          <p class="lead">
            One click with your Dribbble account. No new password, and nothing published in your name.
          </p>
          <p><a class="button big" href="/auth/dribbble${query}">Sign in with Dribbble</a></p>
          <p class="muted small">We ask to read what is public in your profile. Nothing else.</p>
          ${
            sandbox &&
            html`<p class="aside">
              <strong>You are in the sandbox:</strong> signing in goes to a stand-in for Dribbble on this
              machine. Set <code>DRIBBBLE_CLIENT_ID</code> and <code>DRIBBBLE_CLIENT_SECRET</code> to use the
              real one.
            </p>`
          }
        </div>
        <img class="board" src="/board.svg" alt="" width="560" height="440" />
      </div>
    `,
  );
}

export function profilePage({ profile, scopes }: User): string {
  const { username = '', displayName, profileUrl, photos } = profile;
  // The API's answer as it came: what the documentation promises may still be missing.
  const dribbble: Partial<DribbbleUser> = profile._json;
  const bio = textOf(dribbble.bio ?? '');
  const teams = dribbble.teams ?? [];
  const since = new Date(dribbble.created_at ?? NaN);
  return page(
    displayName,
    html`
      <article class="card profile">
        <div class="cover"></div>
        <header class="who">
          ${avatar(photos?.[0]?.value, displayName)}
          <div>
            <h1>${displayName} ${dribbble.pro && html`<span class="badge">Pro</span>`}</h1>
            <p class="muted">${link(profileUrl, `@${username}`)}</p>
          </div>
        </header>
        ${bio ? html`<p class="bio">${bio}</p>` : html`<p class="bio muted">No bio yet. Every designer was new once.</p>`}
        <ul class="facts">
          ${dribbble.location && html`<li>${dribbble.location}</li>`}
          ${Object.entries(dribbble.links ?? {}).map(([kind, address]) => contact(kind, address))}
        </ul>
        <dl class="stats">
          ${stat('Followers', (dribbble.followers_count ?? 0).toLocaleString('en'))}
          ${!Number.isNaN(since.getTime()) && stat('On Dribbble since', String(since.getUTCFullYear()))}
          ${stat('Can post shots', dribbble.can_upload_shot ? 'Yes' : 'Not yet')}
        </dl>
        ${
          teams.length > 0 &&
          html`<section>
            <h2>Teams</h2>
            <ul class="teams">
              ${teams.map(team)}
            </ul>
          </section>`
        }
        <section>
          <h2>What you let this app do</h2>
          <ul class="chips">
            ${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}
          </ul>
          <p class="muted small">Take it back any time in your Dribbble account, under Applications.</p>
        </section>
      </article>
    `,
    true,
  );
}

function link(address: string | null | undefined, text: string): Html {
  const href = webLink(address);
  return href === undefined
    ? html`${text}`
    : html`<a href="${href}" rel="noopener noreferrer nofollow">${text}</a>`;
}

function contact(kind: string, address: string | null | undefined): Html | false {
  const href = webLink(address);
  if (href === undefined) return false;
  const text = kind === 'web' ? new URL(href).host : `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`;
  return html`<li>${link(href, text)}</li>`;
}

function stat(name: string, value: string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function team({ name, login, html_url, avatar_url, location }: DribbbleTeam): Html {
  return html`<li>
    ${avatar(webLink(avatar_url), name ?? login)}
    <span><strong>${link(html_url, name ?? login)}</strong><br /><span class="muted">${location}</span></span>
  </li>`;
}

export function studioPage({ profile }: User): string {
  return page(
    'Studio',
    html`
      <div class="card">
        <p class="eyebrow">Members only</p>
        <h1>Your studio</h1>
        <p>
          This page is for people who are signed in, and you are, as <strong>${profile.displayName}</strong>.
          Whoever is not is asked to sign in, and then lands here.
        </p>
        <img class="board" src="/board.svg" alt="" width="560" height="440" />
      </div>
    `,
    true,
  );
}

export function signedOutPage(): string {
  return page(
    'Signed out',
    html`
      <div class="card">
        <p class="eyebrow">See you</p>
        <h1>You are signed out</h1>
        <p role="status">
          You are still signed in at Dribbble itself. On a computer that others use, sign out there too.
        </p>
        <p><a class="button" href="/">Back to the start</a></p>
      </div>
    `,
  );
}

export function errorPage({ status, title, what, todo, developer }: Problem, signedIn: boolean): string {
  return page(
    title,
    html`
      <div class="card">
        <p class="eyebrow">Error ${status}</p>
        <h1>${title}</h1>
        <p role="alert">${what}</p>
        <p><strong>What to do:</strong> ${todo}</p>
        ${developer && html`<p class="aside"><strong>If you run this app:</strong> ${developer}</p>`}
        <p><a class="button" href="/">Back to the start</a></p>
      </div>
    `,
    signedIn,
  );
}

function page(title: string, main: Html, signedIn = false): string {
  return layout({
    title: `${title} · Courtside`,
    header: html`
      <header class="bar">
        <a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28" />Courtside</a>
        ${
          signedIn &&
          html`<nav aria-label="Main">
            <a href="/profile">Profile</a>
            <a href="/studio">Studio</a>
            <form method="post" action="/auth/sign-out"><button class="button quiet">Sign out</button></form>
          </nav>`
        }
      </header>
    `,
    main,
    footer: html`<p>The example app of <strong>passport-dribbble-oauth2</strong>. Not made by Dribbble.</p>`,
  });
}
