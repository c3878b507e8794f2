import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { text } from 'node:stream/consumers';
import { CookieJar, type Cookie } from 'tough-cookie';

/** What a browser would show: the response to one request, or to the last of a run of redirects. */
export interface Page {
  url: string;
  status: number;
  headers: Headers;
  body: string;
  /** Where a redirect leads, as an absolute address. */
  location: string | undefined;
}

/**
 * A browser without a screen: it keeps cookies as browsers do, and follows redirects only when told to. It talks to
 * this machine only.
 */
export class Browser {
  readonly #jar = new CookieJar();
  /** The host of the page that it shows. */
  #host: string | undefined;

  constructor(
    /** Sent with every request, such as those of a proxy in between. */
    private readonly headers: Record<string, string> = {},
    /** The certificate authority that it trusts, and milliseconds that it waits for a page. */
    private readonly options: { ca?: string; timeout?: number } = {},
  ) {}

  get(url: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.#request('GET', url, headers);
  }

  /** @param form its fields, or the body as it is */
  post(
    url: string,
    form: Record<string, string> | string = {},
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const body = typeof form === 'string' ? form : new URLSearchParams(form).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#request('POST', url, { ...type, ...headers }, body);
  }

  /** Sends the first form of a page, as it stands. */
  submit({ url, body }: Page): Promise<Page> {
    const [, action = '', content = ''] = /<form[^>]* action="([^"]*)"[^>]*>(.*?)<\/form>/s.exec(body) ?? [];
    const fields = new URLSearchParams();
    for (const [, name = '', value = ''] of content.matchAll(/<input[^>]* name="([^"]*)" value="([^"]*)"/g))
      fields.append(name, value);
    return this.post(new URL(action, url).href, fields.toString());
  }

  /** Goes where a page redirects to, until one does not, or one leads where it is not to go. */
  async follow(page: Page | Promise<Page>, until = (_location: string): boolean => false): Promise<Page> {
    let current = await page;
    for (let hops = 0; current.location !== undefined && !until(current.location); hops++) {
      if (hops === 20) throw new Error(`Redirected in circles, at ${current.url}`);
      current = await this.get(current.location);
    }
    return current;
  }

  /** Opens an address and goes where it leads. */
  open(url: string): Promise<Page> {
    return this.follow(this.get(url));
  }

  /** The value of the cookie that it would send to a page of this machine's. */
  cookie(name: string, url = 'http://localhost/'): string | undefined {
    return this.cookies(url).find(({ key }) => key === name)?.value;
  }

  /** The cookies that it would send to an address. */
  cookies(url: string): Cookie[] {
    return this.#jar.getCookiesSync(url);
  }

  async #request(method: string, url: string, given: Record<string, string>, body?: string): Promise<Page> {
    const target = new URL(url);
    if (!['localhost', '127.0.0.1', '[::1]'].includes(target.hostname)) {
      throw new Error(`Not on this machine: ${url}`);
    }
    // What it sees of an app behind a proxy.
    const seen = this.headers['x-forwarded-proto'] === 'https' ? url.replace(/^http:/, 'https:') : url;
    // As when a person comes from a page of another site: without the cookies that are SameSite=Strict.
    const isFromElsewhere = method === 'GET' && ![undefined, target.hostname].includes(this.#host);
    this.#host = target.hostname;
    const cookie = await this.#jar.getCookieString(seen, isFromElsewhere ? { sameSiteContext: 'lax' } : {});
    const headers = { ...(cookie && { cookie }), ...this.headers, ...given };
    const { ca, timeout } = this.options;
    const request = (target.protocol === 'https:' ? https : http).request(target, {
      method,
      headers,
      ca,
      agent: false,
      ...(timeout !== undefined && { signal: AbortSignal.timeout(timeout) }),
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    for (const line of response.headers['set-cookie'] ?? [])
      await this.#jar.setCookie(line, seen, { ignoreError: true });
    const { location } = response.headers;
    return {
      url: target.href,
      status: response.statusCode ?? 0,
      headers: new Headers(
        Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        ),
      ),
      body: await text(response),
      location: location === undefined ? undefined : new URL(location, target).href,
    };
  }
}
