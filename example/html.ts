/** Markup that may go into a page as it is. Only the `html` tag makes it. */
class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

export type { Html };
export type Value = Html | string | number | false | null | undefined | readonly Value[];

/** A template tag that escapes every value put into it, unless `html` made that value. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map(markup)));
}

function markup(value: Value): string {
  if (value instanceof Html) return value.toString();
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'object') return value.map(markup).join('');
  return String(value).replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/**
 * The words of a piece of HTML that somebody else wrote. They are plain text, not safe markup: what keeps a page
 * safe is that `html` escapes them like any other string.
 */
export function textOf(foreignHtml: string): string {
  return (
    foreignHtml
      .replace(/<(script|style)\b.*?<\/\1\s*>/gis, '')
      // A tag ends at the next `<` at the latest: to look for its `>` further on, for each `<`, takes quadratic time.
      .replace(/<[^<>]*>/g, '')
      .replace(/&(?:#(\d{1,6})|(\w{2,6}));/g, (entity, code: string | undefined, name: string | undefined) =>
        code ? String.fromCodePoint(Number(code)) : (entities[name ?? ''] ?? entity),
      )
      .trim()
  );
}

/** The address if it is one to follow from a page, so never `javascript:` or `data:`. */
export function webLink(address: unknown): string | undefined {
  if (typeof address !== 'string' || address.length > 2000 || !URL.canParse(address)) return undefined;
  const { protocol, href } = new URL(address);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}
