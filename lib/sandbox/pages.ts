import { createHash } from 'node:crypto';
import type { DribbbleUser } from '../profile';
import { ENDPOINTS, type Reply, type SandboxResponse } from './failures';

/** Markup that may go into a page as it is. Only the `markup` tag makes it, which escapes all else. */
class Markup extends String {}
function markup(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...values.map(print)));
}
function print(value: unknown): string {
  if (value instanceof Markup) return String(value);
  if (Array.isArray(value)) return value.map(print).join('');
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

const CSS = `
:root { color-scheme: light dark; --deep: light-dark(#b91d5c, #ff8fb8); --ground: light-dark(#fdf6f9, #171016); --card: light-dark(#fff, #221820); --ink: light-dark(#22151d, #f8eef3); --soft: light-dark(#6b5763, #bda9b4); --line: light-dark(#efdbe4, #3d2c37); --wash: light-dark(#fde8f0, #3a1f2d) }
* { box-sizing: border-box; min-width: 0; margin: 0; padding: 0 }
body { min-height: 100vh; display: flex; flex-direction: column; background: var(--ground); color: var(--ink); overflow-wrap: anywhere; font: 1rem/1.6 -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans', sans-serif }
header { padding: .6rem 1.25rem; background: repeating-linear-gradient(-45deg, #ffd166 0 1.1rem, #ffc94a 1.1rem 2.2rem); color: #2b1c00; text-align: center }
main { flex: 1; width: min(34.5rem, 100%); margin: 0 auto; padding: 1.5rem 1.25rem 3rem; display: grid; gap: 1.25rem; align-items: center }
footer { width: min(70rem, 100%); margin: 0 auto; padding: 1.25rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .875rem }
h1 { font-size: clamp(1.6rem, 1.3rem + 1.4vw, 2.1rem); line-height: 1.15; letter-spacing: -.02em; text-wrap: balance } h2, legend { font-size: 1rem; font-weight: 700; line-height: 2 }
.card, fieldset, ul { display: grid; gap: .5rem; grid-template-columns: minmax(0, 1fr); border: 0; list-style: none } ul:empty::before { content: 'None yet.' } .card { gap: 1rem; padding: clamp(1.25rem, 5vw, 2.25rem); background: var(--card); border: 1px solid var(--line); border-radius: 1.25rem; box-shadow: 0 12px 32px -12px rgb(80 20 50 / 18%) }
code, pre { background: var(--wash); border-radius: .35em; padding: .1em .4em; font: .875em/1.6 ui-monospace, Menlo, Consolas, monospace } pre { padding: .8em 1em; white-space: pre-wrap }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .75rem } .row code { min-width: 6rem } .name { flex: 1 1 5rem } .name strong { display: block } .muted { color: var(--soft) }
.person { padding: .65rem .9rem; border: 1px solid var(--line); border-radius: .9rem; line-height: 1.35 } .person:hover, .person:has(:checked) { border-color: var(--deep) } .person:has(:checked) { background: var(--wash); box-shadow: inset 0 0 0 1px var(--deep) }
img { flex: none; width: 3rem; height: 3rem; border-radius: 50% } input { width: 1.15rem; height: 1.15rem; accent-color: var(--deep) } button, .pro { flex: 1 1 8rem; padding: .7rem 1.4rem; border: 1px solid transparent; border-radius: 2rem; background: #b91d5c; color: #fff; font: inherit; font-weight: 600; line-height: 1.3 } .pro { flex: none; padding: .2em .7em; font-size: .75rem } button:hover { background: #9c154b } .quiet, .quiet:hover { background: none; border-color: var(--soft); color: inherit } button, summary, label { cursor: pointer } :focus-visible, .person:has(:focus-visible) { outline: 3px solid var(--deep); outline-offset: 2px }
`;
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(CSS).digest('base64')}'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'`;

function page(title: string, main: Markup, formTargets = ''): SandboxResponse {
  const body = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Sandbox</title><link rel="icon" href="/avatars/sandbox.svg"><style>${new Markup(CSS)}</style></head>
<body><header><strong>Sandbox.</strong> This is not Dribbble.</header><main>${main}</main>
<footer>A stand-in for Dribbble on this machine, with invented people. No password, and nothing leaves the machine.</footer></body></html>`;
  // Referrer-Policy: with less, browsers would send forms without their origin.
  const headers = { 'Content-Security-Policy': `${POLICY}${formTargets}`, 'Referrer-Policy': 'same-origin' };
  return { headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' }, body: String(body) };
}

/** Asks who signs in, and whether the application at `uri` may have what it asks for. */
export function consentPage(uri: string, scopes: string[], people: readonly DribbbleUser[]): SandboxResponse {
  const { host, origin } = new URL(uri);
  const permission = (scope: string) => markup`
<li><span aria-hidden="true">✓ </span>${scope === 'upload' ? 'Publish shots in your name' : 'Read what is public in your profile'} <code>${scope}</code></li>`;
  const choice = (person: DribbbleUser, index: number) => markup`
<label class="row person"><input type="radio" name="login" value="${person.login}" ${index === 0 && new Markup('checked')}>${named(person)}</label>`;
  const form = markup`<form class="card" method="post">
<h1>Let ${host} sign you in?</h1><p>It asks to:</p><ul>${scopes.map(permission)}</ul>
<fieldset><legend>Sign in as</legend>${people.map(choice)}</fieldset>
<p class="row"><button name="decision" value="authorize">Authorize</button><button class="quiet" name="decision" value="cancel">Cancel</button></p></form>`;
  // Chromium holds the redirect to the application, and those that follow, to form-action as well.
  return page(`Sign in to ${host}`, form, ` ${origin} http://localhost:* http://127.0.0.1:*`);
}

/** For a request that can't be sent back to the application that it came from. */
export function refusalPage(status: number, why: string): Reply {
  const card = markup`<div class="card"><h1>The sandbox refuses this request</h1>
<p>Dribbble would refuse it: ${why}.</p><p>Go back to the application, and to its developer.</p></div>`;
  return { ...page('Refused', card), status, why };
}

type Dial = ReadonlyMap<string | undefined, { how: unknown }>;
type Request = Readonly<{ endpoint: string; status: number; params: object; refused: string | undefined }>;
/** Says what the sandbox is, with its people, its dial and its last requests. */
export function rootPage(people: readonly DribbbleUser[], dial: Dial, requests: Request[]): Reply {
  const position = (endpoint: string) => markup`
<li class="row"><code>${endpoint}</code>${dial.has(endpoint) ? JSON.stringify(dial.get(endpoint)?.how) : 'works'}</li>`;
  const line = ({ endpoint, status, params, refused }: Request) => markup`
<li><details><summary>${endpoint} ${status || 'no response'}${refused && `: ${refused}`}</summary><pre>${JSON.stringify(params, null, 2)}</pre></details></li>`;
  const main = markup`<section class="card"><h1>A Dribbble for this machine</h1>
<p>Your app signs people in here while you build and test it.</p></section>
<section class="card"><h2>People</h2><ul>${people.map((who) => markup`<li class="row person">${named(who)}</li>`)}</ul></section>
<section class="card"><h2>What goes wrong</h2><ul>${ENDPOINTS.map(position)}</ul></section>
<section class="card"><h2>Last requests</h2><ul>${requests.map(line)}</ul></section>`;
  return page('What it is', main);
}

function named({ login, name, pro }: DribbbleUser): Markup {
  return markup`<img src="/avatars/${login}.svg" alt=""><span class="name"><strong>${name ?? login}</strong><span class="muted">@${login}</span></span>${pro && markup`<span class="pro">Pro</span>`}`;
}

/** A picture for an account: the first letter of its login, in a colour made of all of them. */
export function portrait(login: string): SandboxResponse {
  const hue = [...Buffer.from(login)].reduce((sum, byte) => (sum * 16 + byte) % 360, 0);
  const body = markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><path fill="hsl(${hue} 75% 88%)" d="M0 0h96v96H0z"/>
<text x="48" y="66" text-anchor="middle" font-family="sans-serif" font-size="52" font-weight="700" fill="hsl(${hue} 60% 30%)">${login.slice(0, 1).toUpperCase()}</text></svg>`;
  const headers = { 'Content-Type': 'image/svg+xml', 'Cross-Origin-Resource-Policy': 'cross-origin' };
  return { headers, body: String(body) };
}
