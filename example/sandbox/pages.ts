import type { DribbbleUser } from 'passport-dribbble-oauth2';
import { html, webLink, type Html } from '../html';
import { avatar, layout } from '../layout';

const permissions: Partial<Record<string, string>> = {
  public: 'Read what is public in your profile',
  upload: 'Publish shots in your name',
};

/** Asks who is signing in, and whether the application may have what it asks for. */
export function consentPage(application: string, scopes: string[], people: DribbbleUser[]): string {
  return sandboxPage(
    `Authorize ${application}`,
    html`
      <form class="card consent" method="post">
        <h1>Let ${application} sign you in?</h1>
        <p>It asks to:</p>
        <ul class="permissions">
          ${scopes.map((scope) => html`<li>${permissions[scope] ?? scope} <code>${scope}</code></li>`)}
        </ul>
        <fieldset>
          <legend>Sign in as</legend>
          ${people.map(choice)}
        </fieldset>
        <div class="actions">
          <button class="button" name="decision" value="authorize">Authorize</button>
          <button class="button quiet" name="decision" value="cancel">Cancel</button>
        </div>
      </form>
    `,
  );
}

function choice({ login, name, avatar_url, pro }: DribbbleUser, index: number): Html {
  return html`
    <label class="choice">
      <input type="radio" name="designer" value="${login}" ${index === 0 && html`checked`} />
      ${avatar(webLink(avatar_url), name ?? login)}
      <span class="choice-name">
        <strong>${name ?? login}</strong>
        <span class="muted">@${login}</span>
      </span>
      ${pro && html`<span class="badge">Pro</span>`}
    </label>
  `;
}

/** For a request that cannot be sent back to the application it came from. */
export function refusalPage(reason: string): string {
  return sandboxPage(
    'Request refused',
    html`
      <div class="card">
        <h1>The sandbox cannot go on</h1>
        <p>${reason}</p>
        <p>Go back to the application and sign in again.</p>
      </div>
    `,
  );
}

function sandboxPage(title: string, main: Html): string {
  return layout({
    title: `${title} · Sandbox`,
    header: html`<header class="tape">
      <p><strong>Sandbox.</strong> This is not Dribbble.</p>
    </header>`,
    main,
    footer: html`<p>
      A stand-in for Dribbble on this machine, with invented people. No password, and nothing leaves the
      machine.
    </p>`,
  });
}
