import { html, type Html } from './html';

export interface Shell {
  title: string;
  description: string;
  header: Html;
  main: Html;
  footer: Html;
}

/** The document around every page. */
export function layout({ title, description, header, main, footer }: Shell): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content="#fdf6f9" media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content="#171016" media="(prefers-color-scheme: dark)" />
        <meta name="description" content="${description}" />
        <title>${title}</title>
        <link rel="icon" href="/favicon.ico" sizes="32x32" />
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        ${header}
        <main id="main" tabindex="-1">${main}</main>
        <footer>${footer}</footer>
      </body>
    </html> `.toString();
}

/** A person's picture, or the first letter of a name where there is none to show. */
export function avatar(picture: string | undefined, name: string): Html {
  const [initial = '?'] = name;
  return picture === undefined
    ? html`<span class="avatar" aria-hidden="true">${initial.toUpperCase()}</span>`
    : html`<img
        class="avatar"
        src="${picture}"
        alt=""
        width="96"
        height="96"
        referrerpolicy="no-referrer"
      />`;
}
