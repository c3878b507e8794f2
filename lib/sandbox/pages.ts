import { createHash } from 'node:crypto';
import type { DribbbleUser } from '../profile';
import { ENDPOINTS, FAILURES, type Reply, type SandboxEndpoint, type SandboxResponse } from './failures';

/** Markup that may go into a page as it is. Only the `markup` tag makes it, which escapes all else. */
class Markup {
  constructor(readonly text: string) {}
}
function markup(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(print)));
}
function print(value: unknown): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(print).join('');
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

const CSS = `
:root { color-scheme: light dark; --deep: #b91d5c; --ground: #fdf6f9; --card: #fff; --ink: #22151d; --soft: #6b5763; --line: #efdbe4; --wash: #fde8f0; --shade: rgb(80 20 50 / 18%) }
@media (prefers-color-scheme: dark) { :root { --deep: #ff8fb8; --ground: #171016; --card: #221820; --ink: #f8eef3; --soft: #bda9b4; --line: #3d2c37; --wash: #3a1f2d; --shade: rgb(0 0 0 / 60%) } }
* { box-sizing: border-box; min-width: 0; margin: 0; padding: 0 }
body { min-height: 100vh; display: flex; flex-direction: column; background: var(--ground); color: var(--ink); overflow-wrap: anywhere; font: 1rem/1.6 -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans', sans-serif }
header { padding: .6rem 1.25rem; background: repeating-linear-gradient(-45deg, #ffd166 0 1.1rem, #ffc94a 1.1rem 2.2rem); color: #2b1c00; text-align: center }
main { flex: 1; width: min(34.5rem, 100%); margin: 0 auto; padding: 1.5rem 1.25rem 3rem; display: grid; gap: 1.25rem; align-items: center }
footer { width: min(70rem, 100%); margin: 0 auto; padding: 1.25rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .875rem }
h1 { font-size: clamp(1.6rem, 1.3rem + 1.4vw, 2.1rem); line-height: 1.15; letter-spacing: -.02em; text-wrap: balance } h2, legend { font-size: 1rem; font-weight: 700; line-height: 2 }
.card, fieldset, ul { display: grid; gap: .5rem; grid-template-columns: minmax(0, 1fr); border: 0; list-style: none } .card { gap: 1rem; padding: clamp(1.25rem, 5vw, 2.25rem); background: var(--card); border: 1px solid var(--line); border-radius: 1.25rem; box-shadow: 0 12px 32px -12px var(--shade) }
code, pre { background: var(--wash); border-radius: .35em; padding: .1em .4em; font: .875em/1.6 ui-monospace, Menlo, Consolas, monospace } pre { padding: .8em 1em; white-space: pre-wrap }
.allowed { padding-left: 1.6rem; text-indent: -1.6rem } .allowed::before { content: '✓'; display: inline-block; width: 1.6rem; color: var(--deep); font-weight: 700; text-indent: 0 }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem } .row code { min-width: 6rem } .name { flex: 1 1 5rem } .name strong { display: block } .muted { color: var(--soft) }
.person { padding: .65rem .9rem; border: 1px solid var(--line); border-radius: .9rem; line-height: 1.35 } .person:hover, .person:has(:checked) { border-color: var(--deep) } .person:has(:checked) { background: var(--wash); box-shadow: inset 0 0 0 1px var(--deep) }
.avatar { flex: none; width: 3rem; height: 3rem; border-radius: 50%; display: grid; place-items: center; background: var(--wash); color: var(--deep); font-size: 1.25rem; font-weight: 700 } :checked ~ .avatar { background: var(--card) }
input { width: 1.15rem; height: 1.15rem; accent-color: var(--deep) } select { flex: 1 1 8rem; padding: .45rem .6rem; border: 1px solid var(--soft); border-radius: .5rem; background: var(--card); color: inherit; font: inherit }
button, .pro { padding: .7rem 1.4rem; border: 1px solid transparent; border-radius: 2rem; background: #b91d5c; color: #fff; font: inherit; font-weight: 600; line-height: 1.3; white-space: nowrap } .pro { padding: .2em .7em; font-size: .75rem }
.actions button { flex: 1 1 8rem } .person button { padding: .3rem .9rem; font-size: .875rem } button:hover { background: #9c154b } .quiet, .quiet:hover { background: none; border-color: var(--soft); color: inherit } button, summary, label { cursor: pointer }
:focus-visible, .person:has(:focus-visible) { outline: 3px solid var(--deep); outline-offset: 2px }
@media (width >= 56rem) { .wide { width: min(64rem, 100%); grid-template-columns: 1fr 1fr; align-items: start } .all { grid-column: span 2 } }
`;
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(CSS).digest('base64')}'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'`;

function page(title: string, main: Markup, formTargets = '', width = ''): SandboxResponse {
  const { text } = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Sandbox</title><link rel="icon" href="/avatars/sandbox.svg"><style>${new Markup(CSS)}</style></head>
<body><header><strong>Sandbox.</strong> This is not Dribbble.</header><main class="${width}">${main}</main>
<footer>A stand-in for Dribbble on this machine, with invented people. No password, and nothing leaves the machine.</footer></body></html>`;
  // Referrer-Policy: with less, browsers would send forms without their origin.
  const headers = { 'Content-Security-Policy': `${POLICY}${formTargets}`, 'Referrer-Policy': 'same-origin' };
  return { headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' }, body: text };
}

/** Asks who signs in, and whether the application at `uri` may have what it asks for. */
export function consentPage(uri: string, scopes: string[], people: readonly DribbbleUser[]): SandboxResponse {
  const { host, origin } = new URL(uri);
  const permission = (scope: string) => markup`
<li class="allowed">${scope === 'upload' ? 'Publish shots in your name' : 'Read what is public in your profile'} <code>${scope}</code></li>`;
  const choice = (person: DribbbleUser, index: number) => markup`
<label class="row person"><input type="radio" name="login" value="${person.login}" ${index === 0 && new Markup('checked')}>${named(person)}</label>`;
  const form = markup`<form class="card" method="post">
<h1>Let ${host} sign you in?</h1><p>It asks to:</p><ul>${scopes.map(permission)}</ul>
<fieldset><legend>Sign in as</legend>${people.map(choice)}</fieldset>
<p class="row actions"><button name="decision" value="authorize">Authorize</button><button class="quiet" name="decision" value="cancel">Cancel</button></p></form>`;
  // Chromium holds the redirect to the application, and those that follow, to form-action as well.
  return page(`Sign in to ${host}`, form, ` ${origin} http://localhost:* http://127.0.0.1:*`);
}

/** For a request that can't be sent back to the application that it came from. */
export function refusalPage(status: number, why: string): Reply {
  const card = markup`<div class="card"><h1>The sandbox refuses this request</h1>
<p>Dribbble would refuse it: ${why}.</p><p>Go back to the application, and to its developer.</p></div>`;
  return { ...page('Refused', card), status, why };
}

type Options = Readonly<Record<string, string>>;
/** The options as lines of a `.env` file: `clientID` is `DRIBBBLE_CLIENT_ID` there. */
export function dotenv(options: Options): string {
  const variable = (name: string) => `DRIBBBLE_${name.replace(/[A-Z]+/g, '_$&').toUpperCase()}`;
  const lines = Object.entries(options).map(([name, value]) => `${variable(name)}=${value}\n`);
  return lines.join('');
}

type People = readonly DribbbleUser[];
type Dial = ReadonlyMap<string | undefined, { how: unknown }>;
type Line = Readonly<{ endpoint: string; status: number; params: object; refused: string | undefined }>;
/** Says what the sandbox is, with its people, its dial and its last requests. */
export function rootPage(options: Options, people: People, dial: Dial, requests: Line[]): SandboxResponse {
  const row = (who: DribbbleUser) => markup`
<li><form class="row person" method="post">${named(who)}<button class="quiet" name="login" value="${who.login}" aria-label="Revoke the access of ${who.login}">Revoke</button></form></li>`;
  const knob = (endpoint: SandboxEndpoint) => {
    const option = (how: string) => markup`
<option ${dial.get(endpoint)?.how === how && new Markup('selected')}>${how}</option>`;
    // Without its page, nobody could turn the dial back.
    const names = FAILURES[endpoint].filter((how) => how !== 'refuses' || endpoint !== 'authorize');
    return markup`
<label class="row"><code>${endpoint}</code><select name="${endpoint}"><option value="">works</option>${names.map(option)}</select></label>`;
  };
  const line = ({ endpoint, status, params, refused }: Line) => markup`
<li><details><summary>${endpoint} ${status || 'no response'}${refused && `: ${refused}`}</summary><pre>${JSON.stringify(params, null, 2)}</pre></details></li>`;
  const list = requests.length > 0 ? requests.map(line) : markup`<li class="muted">None yet.</li>`;
  const main = markup`<section class="card all"><h1>A Dribbble for this machine</h1>
<p>Your app signs people in here while you build and test it. Paste this into its <code>.env</code> file:</p><pre>${dotenv(options)}</pre></section>
<section class="card"><h2>People</h2><ul>${people.map(row)}</ul></section>
<form class="card" method="post"><h2>What goes wrong</h2>${ENDPOINTS.map(knob)}
<label class="row"><input type="checkbox" name="once">only at the next request</label><p class="row actions"><button>Set the dial</button></p></form>
<section class="card all"><h2>Last requests</h2><ul>${list}</ul></section>`;
  return page('What it is', main, '', 'wide');
}

function named({ login, name, avatar_url: avatar, pro }: DribbbleUser): Markup {
  const own = /^http:\/\/127\.0\.0\.1:\d+(\/avatars\/.+)/.exec(avatar ?? '')?.[1];
  const initial = (name ?? login).slice(0, 1).toUpperCase();
  const letter = markup`<span class="avatar" aria-hidden="true">${initial}</span>`;
  const picture = own ? markup`<img class="avatar" src="${own}" alt="">` : letter;
  return markup`${picture}<span class="name"><strong>${name ?? login}</strong><span class="muted">@${login}</span></span>${pro && markup`<span class="pro">Pro</span>`}`;
}

/** A portrait, in a colour made of the letters of a login. */
export function portrait(login: string): SandboxResponse {
  const hue = String([...Buffer.from(login)].reduce((sum, byte) => (sum * 16 + byte) % 360, 0));
  const body = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" fill="#3a2230"><path fill="hsl(${hue} 75% 88%)" d="M0 0h96v96H0z"/>
<circle cx="76" cy="20" r="22" fill="hsl(${hue} 70% 80%)"/><path d="M23 47c0-18 11-28 25-28s25 10 25 28v23c0 6-50 6-50 0z"/><path fill="hsl(${hue} 50% 42%)" d="M12 96c2-16 15-24 36-24s34 8 36 24z"/>
<path fill="#e5a07a" d="M40 58h16v17c0 5-16 5-16 0z"/><ellipse cx="48" cy="47" rx="17" ry="20" fill="#f6bd98"/><path d="M30 44c0-13 8-20 18-20s18 7 18 20c-7-2-11-6-13-12-4 7-13 11-23 12z"/>
<circle cx="41" cy="48" r="2"/><circle cx="55" cy="48" r="2"/><path d="M42 56c3 4 9 4 12 0" fill="none" stroke="#a24a4a" stroke-width="2.4"/></svg>`;
  const headers = { 'Content-Type': 'image/svg+xml', 'Cross-Origin-Resource-Policy': 'cross-origin' };
  return { headers, body };
}
