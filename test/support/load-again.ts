/** The package once more, with module state of its own, as in another process. */
export function loadAgain(): typeof import('passport-dribbble-oauth2') {
  const lib = require.resolve('passport-dribbble-oauth2').replace(/index\.[jt]s$/, '');
  const loaded = Object.entries(require.cache).filter(([file]) => file.startsWith(lib));
  for (const [file] of loaded) Reflect.deleteProperty(require.cache, file);
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- import() would give the same module again
    return require('passport-dribbble-oauth2') as typeof import('passport-dribbble-oauth2');
  } finally {
    Object.assign(require.cache, Object.fromEntries(loaded));
  }
}
