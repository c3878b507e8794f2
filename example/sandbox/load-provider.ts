type OidcProvider = typeof import('oidc-provider');

let loading: Promise<OidcProvider> | undefined;

/**
 * oidc-provider asks for an LTS release of Node from 22 on, and warns on every other. All that the sandbox uses of
 * it runs on those as well; on Node 20 given the one function below.
 */
export function loadProvider(): Promise<OidcProvider> {
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
