/** A path on this site. Not another site's, to which `//evil.example` and `/\evil.example` lead: `otherwise` then. */
export function ownPath(path: unknown, otherwise = '/'): string {
  return typeof path === 'string' && /^\/(?!\/)[^\s\\]*$/.test(path) ? path : otherwise;
}
