import { debuglog } from 'node:util';

const log = debuglog('passport-dribbble-oauth2');

/** Whether `NODE_DEBUG=passport-dribbble-oauth2` is set. Bun does not say, and then its function finds out. */
export const isDebugging = (log.enabled as boolean | undefined) !== false;

/**
 * Prints one line for each step of a login to stderr, if `isDebugging`. No secret, code, state or token goes into a
 * line.
 */
export const debug: (...line: Parameters<typeof log>) => void = isDebugging ? log : () => undefined;
