import { expect } from 'chai';
import { Passport } from 'passport';
import {
  DribbbleStrategy,
  type DribbbleProfile,
  type DribbbleStrategyOptions,
  type DribbbleVerifyFunction,
} from 'passport-dribbble-oauth2';
import { EXPRESS, makeApp, serve } from './support/express';
import { Browser } from '../support/browser';
import { FakeDribbble } from '../support/fake-dribbble';

type Done = (error?: unknown, profile?: DribbbleProfile) => void;

/** As strategies for Reddit, Notion and Fitbit do: the credentials in a header, not in the body. */
class BasicAuth extends DribbbleStrategy {
  constructor(options: DribbbleStrategyOptions, verify: DribbbleVerifyFunction) {
    super(options, verify);
    const client = this._oauth2 as any;
    client.getOAuthAccessToken = (code: string, params: object, callback: (...said: unknown[]) => void) => {
      const credentials = Buffer.from(`${client._clientId}:${client._clientSecret}`).toString('base64');
      const headers = {
        Authorization: `Basic ${credentials}`,
        'Content-Type': 'application/x-www-form-urlencoded',
      };
      const body = new URLSearchParams({ ...params, code }).toString();
      client._request(
        'POST',
        client._accessTokenUrl,
        headers,
        body,
        null,
        (error: unknown, response: string) =>
          error ? callback(error) : callback(null, JSON.parse(response).access_token, '', {}),
      );
    };
  }
}

/** As strategies with a token type of their own do. */
class TokenType extends DribbbleStrategy {
  constructor(options: DribbbleStrategyOptions, verify: DribbbleVerifyFunction) {
    super(options, verify);
    (this._oauth2 as any).setAuthMethod('OAuth');
  }
}

class CallsSuper extends DribbbleStrategy {
  override userProfile(accessToken: string, done: Done): void {
    super.userProfile(accessToken, (error, profile) => {
      done(error, profile && { ...profile, displayName: `${profile.displayName}, by a subclass` });
    });
  }
}

for (const [name, express] of EXPRESS) {
  describe(`A subclass of DribbbleStrategy in ${name}`, () => {
    // Not the sandbox, which takes credentials in the body and tokens as Bearer only, as Dribbble does.
    let dribbble: FakeDribbble;
    beforeEach(async () => {
      dribbble = await FakeDribbble.start();
    });
    afterEach(() => dribbble.stop());

    async function signIn(Subclass: typeof BasicAuth | typeof CallsSuper): Promise<string> {
      const { app, passport } = makeApp(express);
      passport.use(
        new Subclass(
          {
            clientID: 'the-client-id',
            clientSecret: 'the-client-secret',
            callbackURL: '/callback',
            ...dribbble.endpoints,
          },
          (_accessToken: string, _refreshToken: unknown, profile: DribbbleProfile) => ({
            name: profile.displayName,
          }),
        ),
      );
      app.get('/login', passport.authenticate('dribbble'));
      app.get('/callback', passport.authenticate('dribbble'), (req, res) => {
        res.json(req.user);
      });
      const running = await serve(app);
      try {
        return (await new Browser().open(`${running.url}/login`)).body;
      } finally {
        await running.stop();
      }
    }

    it('signs in with client credentials in a Basic header', async () => {
      expect(await signIn(BasicAuth)).to.equal('{"name":"Maya Lind"}');
      const request = dribbble.received.find(({ path }) => path === '/oauth/token');
      expect(request?.headers['authorization']).to.match(/^Basic /);
      expect(request?.body).not.to.include('the-client-secret');
    });

    it('sends the token with an authorization method of its own', async () => {
      dribbble.user = { json: { id: 1, name: 'Maya Lind' } };
      expect(await signIn(TokenType)).to.equal('{"name":"Maya Lind"}');
      expect(dribbble.received.at(-1)?.headers['authorization']).to.equal('OAuth the-access-token');
    });

    it('adds to the profile by calling super.userProfile', async () => {
      expect(await signIn(CallsSuper)).to.equal('{"name":"Maya Lind, by a subclass"}');
    });
  });
}

describe('DribbbleStrategy under a name of the app', () => {
  it('is used by passport under that name', () => {
    const passport = new Passport();
    const strategy = new DribbbleStrategy({ clientID: 'id', clientSecret: 'secret' }, () => undefined);
    expect(() => passport.use('designers', strategy).authenticate('designers')).not.to.throw();
  });
});
