import { startSandbox, type Sandbox, type SandboxEndpoint } from 'passport-dribbble-oauth2/sandbox';
import type { Page } from '../../support/browser';

export const MAYA = { id: '1', name: 'Maya Lind' };

/** The sandbox, at which maya says yes at once. */
export async function startDribbble(): Promise<Sandbox> {
  const dribbble = await startSandbox();
  dribbble.signInAs('maya');
  return dribbble;
}

/** What the last request to an endpoint had in its query or its form. */
export function lastRequest(dribbble: Sandbox, endpoint: SandboxEndpoint): Record<string, string> {
  const request = dribbble.requests.filter((received) => received.endpoint === endpoint).at(-1);
  if (!request) throw new Error(`There was no request to ${endpoint}.`);
  return request.params;
}

/** The endpoints that received something, in order. */
export function endpointsOf(dribbble: Sandbox): SandboxEndpoint[] {
  return dribbble.requests.map(({ endpoint }) => endpoint);
}

/** Where somebody who says yes is sent back to, with a code: what an attacker hands on instead of going there. */
export async function callbackOf({ location = '' }: Page): Promise<URL> {
  const response = await fetch(location, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '');
}
