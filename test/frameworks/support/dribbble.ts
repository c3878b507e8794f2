import { FakeDribbble, USER } from '../../support/fake-dribbble';

export const MAYA = { id: '1', name: 'Maya Lind' };

/** The fake, with a page that people are sent to: whoever gets there says yes at once. */
export async function startDribbble(registeredCallbackURL = 'http://localhost/'): Promise<FakeDribbble> {
  const dribbble = await FakeDribbble.start();
  dribbble.user = (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '', 'http://dribbble.test');
    if (pathname === '/oauth/authorize') {
      const back = new URL(searchParams.get('redirect_uri') ?? registeredCallbackURL);
      back.searchParams.set('code', 'the-code');
      const state = searchParams.get('state');
      if (state !== null) back.searchParams.set('state', state);
      res.writeHead(302, { Location: back.href }).end();
    } else {
      const isKnown = req.headers.authorization === 'Bearer the-access-token';
      res.writeHead(isKnown ? 200 : 401, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify(isKnown ? USER : { message: 'Bad credentials.' }));
    }
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
