import { debuglog } from 'node:util';

/**
 * Prints one line for each step of a login to stderr, under `NODE_DEBUG=passport-dribbble-oauth2`. No secret, code,
 * state or token goes into a line.
 */
export const debug = debuglog('passport-dribbble-oauth2');
