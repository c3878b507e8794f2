import { FakeDribbble, json, USER } from '../../support/fake-dribbble';

export const MAYA = { id: '1', name: 'Maya Lind' };

/** The fake, whose API wants the token. */
export async function startDribbble(registeredCallbackURL?: string): Promise<FakeDribbble> {
  const dribbble = await FakeDribbble.start();
  if (registeredCallbackURL !== undefined) dribbble.registered = registeredCallbackURL;
  dribbble.user = (socket, { headers }) => {
    const isKnown = headers['authorization'] === 'Bearer the-access-token';
    socket.write(isKnown ? json(USER) : json({ message: 'Bad credentials.' }, '401 Unauthorized'));
  };
  return dribbble;
}

/** The authorization request, as parameters, that reached the fake last. */
export function lastAuthorization(dribbble: FakeDribbble): URLSearchParams {
  const requests = dribbble.received.filter(({ path }) => path.startsWith('/oauth/authorize'));
  return new URL(requests.at(-1)?.path ?? '', 'http://dribbble.test').searchParams;
}

/** The token request, as parameters, that reached the fake last. */
export function lastTokenRequest(dribbble: FakeDribbble): URLSearchParams {
  return new URLSearchParams(dribbble.received.filter(({ path }) => path === '/oauth/token').at(-1)?.body);
}
