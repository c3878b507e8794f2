type Package = typeof import('passport-dribbble-oauth2');
type Http = typeof import('../../lib/http/agent') & typeof import('../../lib/http/request');

/** The package and its lib/http once more, with module state of their own, as in another process. */
export function loadAgain(): Package & Http {
  const lib = require.resolve('passport-dribbble-oauth2').replace(/index\.[jt]s$/, '');
  const loaded = Object.entries(require.cache).filter(([file]) => file.startsWith(lib));
  for (const [file] of loaded) Reflect.deleteProperty(require.cache, file);
  try {
    // import() would give the same modules again
    /* eslint-disable @typescript-eslint/no-require-imports */
    const index = require('passport-dribbble-oauth2') as Package;
    return { ...index, ...require('../../lib/http/agent'), ...require('../../lib/http/request') } as never;
    /* eslint-enable */
  } finally {
    for (const file of Object.keys(require.cache))
      if (file.startsWith(lib)) Reflect.deleteProperty(require.cache, file);
    Object.assign(require.cache, Object.fromEntries(loaded));
  }
}

/** The next warning of this process. */
export function nextWarning(): Promise<Error> {
  return new Promise((resolve) => process.once('warning', resolve));
}

/** The warnings of this process until the action, and the turn after it, are over. */
export async function warningsDuring(action: () => Promise<unknown>): Promise<Error[]> {
  const warnings: Error[] = [];
  const listener = (warning: Error): void => {
    warnings.push(warning);
  };
  process.on('warning', listener);
  try {
    await action();
    await new Promise(setImmediate);
  } finally {
    process.off('warning', listener);
  }
  return warnings;
}
