import makeFetchCookie from 'fetch-cookie';
import { CookieJar, type Cookie } from 'tough-cookie';
import { Agent, fetch, type RequestInit } from 'undici';

export interface Page {
  status: number;
  /** Where the redirects ended. */
  url: URL;
  text: string;
}

/** Somebody's browser, as far as a login needs it: keeps cookies and follows redirects, over real sockets. */
export class Browser {
  private readonly jar = new CookieJar();
  private readonly fetch: typeof fetch;

  /** @param ca the certificate authority that it trusts, if any */
  constructor(ca?: string) {
    const dispatcher = new Agent({ keepAliveTimeout: 1, ...(ca !== undefined && { connect: { ca } }) });
    this.fetch = makeFetchCookie(
      ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as typeof fetch,
      this.jar,
    );
  }

  async get(url: string, init: { redirect?: 'manual' } = {}): Promise<Page> {
    return this.request(url, init);
  }

  /** Sends the page's one form. */
  async submit({ url, text }: Page, init: { redirect?: 'manual' } = {}): Promise<Page> {
    const [, action = ''] = /action="([^"]+)"/.exec(text) ?? [];
    const body = new URLSearchParams();
    for (const [, name = '', value = ''] of text.matchAll(/name="([^"]+)" value="([^"]*)"/g))
      body.append(name, value);
    return this.request(new URL(action, url).href, { ...init, method: 'POST', body });
  }

  private async request(url: string, init: RequestInit): Promise<Page> {
    const response = await this.fetch(url, init);
    const end = init.redirect === 'manual' ? (response.headers.get('location') ?? url) : response.url;
    return { status: response.status, url: new URL(end, url), text: await response.text() };
  }

  /** The cookies that it would send. */
  cookies(url: string): Promise<Cookie[]> {
    return this.jar.getCookies(url);
  }
}
