/** What a browser would show: the answer to one request, or to the last of a run of redirects. */
export interface Page {
  url: string;
  status: number;
  headers: Headers;
  body: string;
  /** Where a redirect leads, as an absolute address. */
  location: string | undefined;
}

interface Cookie {
  host: string;
  path: string;
  name: string;
  value: string;
  secure: boolean;
}

/**
 * A browser without a screen: it keeps cookies as browsers do (by host and path, for all ports), and follows
 * redirects only when told to. It talks to this machine only.
 */
export class Browser {
  #cookies: Cookie[] = [];

  /** @param headers sent with every request, such as those of a proxy in between */
  constructor(private readonly headers: Record<string, string> = {}) {}

  get(url: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.#request(url, { headers });
  }

  /** @param form its fields, or the body as it is */
  post(
    url: string,
    form: Record<string, string> | string = {},
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
    return this.#request(url, { method: 'POST', body, headers: { ...type, ...headers } });
  }

  /** Goes where a page redirects to, until one does not. */
  async follow(page: Page | Promise<Page>): Promise<Page> {
    let current = await page;
    for (let hops = 0; current.location !== undefined; hops++) {
      if (hops === 20) throw new Error(`Redirected in circles, at ${current.url}`);
      current = await this.get(current.location);
    }
    return current;
  }

  /** Opens an address and goes where it leads. */
  open(url: string): Promise<Page> {
    return this.follow(this.get(url));
  }

  cookie(name: string): string | undefined {
    return this.#cookies.find((cookie) => cookie.name === name)?.value;
  }

  async #request(
    url: string,
    init: Pick<RequestInit, 'method' | 'body'> & { headers: Record<string, string> },
  ): Promise<Page> {
    const target = new URL(url);
    if (!['localhost', '127.0.0.1', '[::1]'].includes(target.hostname)) {
      throw new Error(`Not on this machine: ${url}`);
    }
    const cookie = this.#cookiesFor(target);
    const response = await fetch(target, {
      ...init,
      headers: { ...(cookie && { cookie }), ...this.headers, ...init.headers },
      redirect: 'manual',
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line, target);
    const location = response.headers.get('location');
    return {
      url: target.href,
      status: response.status,
      headers: response.headers,
      body: await response.text(),
      location: location === null ? undefined : new URL(location, target).href,
    };
  }

  #cookiesFor({ hostname, pathname, protocol }: URL): string {
    const isSecure = protocol === 'https:' || this.headers['x-forwarded-proto'] === 'https';
    return this.#cookies
      .filter(
        ({ host, path, secure }) => host === hostname && covers(path, pathname) && (isSecure || !secure),
      )
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #keep(line: string, { hostname: host }: URL): void {
    const [pair = '', ...attributes] = line.split(/;\s*/);
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(pair) ?? [];
    const given = new Map(
      attributes.map((attribute) => {
        const [key = '', setting = ''] = attribute.split('=');
        return [key.toLowerCase(), setting];
      }),
    );
    const path = given.get('path') ?? '/';
    const isOver = given.get('max-age') === '0' || Date.parse(given.get('expires') ?? '') < Date.now();
    this.#cookies = this.#cookies.filter(
      (cookie) => cookie.name !== name || cookie.host !== host || cookie.path !== path,
    );
    if (!isOver) this.#cookies.push({ host, path, name, value, secure: given.has('secure') });
  }
}

function covers(path: string, pathname: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}
