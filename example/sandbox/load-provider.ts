type OidcProvider = typeof import('oidc-provider');

let loading: Promise<OidcProvider> | undefined;

/**
 * oidc-provider asks for Node 22. All that the sandbox uses of it runs on Node 20 as well, given the one function
 * below; this file goes when Node 20 does.
 */
export function loadProvider(): Promise<OidcProvider> {
  if (!process.version.startsWith('v20.')) return import('oidc-provider');
  if (!('parse' in URL)) {
    const parse = (url: string, base?: string) => (URL.canParse(url, base) ? new URL(url, base) : null);
    Object.assign(URL, { parse });
  }
  return (loading ??= withoutWarnings(() => import('oidc-provider')));
}

async function withoutWarnings<T>(load: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await load();
  } finally {
    console.warn = warn;
  }
}
