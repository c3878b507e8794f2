import { expect } from 'chai';
import type { Page } from '../support/browser';
import { startLoginApp, Visitor, type LoginApp, type Setup } from '../support/login-app';

/** Callbacks that nobody is signed in by; STATE stands for the right state. */
const HOSTILE: Record<string, string> = {
  'no state': 'code=c',
  'an empty state': 'code=c&state=',
  'a forged state': 'code=c&state=forged',
  'a state with one character more': 'code=c&state=STATEx',
  'the state twice': 'code=c&state=STATE&state=STATE',
  'the state and a forged one': 'code=c&state=STATE&state=forged',
  'a nested state': 'code=c&state[a]=STATE',
  'the state in an array': 'code=c&state[]=STATE',
  'a state named as an object has members': 'code=c&state=constructor',
  'the code twice': 'code=c&code=c&state=STATE',
  'a nested code': 'code[a]=c&state=STATE',
  'the code in an array': 'code[]=c&state=STATE',
  'an empty code': 'code=&state=STATE',
  'a state and no code': 'state=STATE',
  'the error twice': 'error=access_denied&error=access_denied&state=STATE',
  'the error twice, and a code': 'error=a&error=b&code=c&state=STATE',
  'an empty error and a code': 'error=&code=c&state=STATE',
  'an error and a code': 'error=access_denied&code=c&state=STATE',
  'a description twice': 'code=c&state=STATE&error_description=a&error_description=b',
};

/** Error redirects, and what becomes of them. */
const ERRORS: Record<string, [query: string, status: number, text: RegExp]> = {
  'a refusal with a description': [
    'error=access_denied&error_description=No&state=STATE',
    401,
    /Unauthorized/,
  ],
  'a refusal without a description': ['error=access_denied&state=STATE', 401, /Unauthorized/],
  'a refusal without a state': ['error=access_denied', 401, /Unauthorized/],
  'another error with a description': [
    'error=redirect_uri_mismatch&error_description=It+differs&state=STATE',
    500,
    /^127\.0\.0\.1:\d+ answered redirect_uri_mismatch: It differs\. Make the callbackURL option /,
  ],
  'another error without a description': [
    'error=temporarily_unavailable&state=STATE',
    503,
    /^127\.0\.0\.1:\d+ answered temporarily_unavailable\. Dribbble is busy or down: try again later\.$/,
  ],
  'an error that nobody knows': ['error=x&state=STATE', 500, /^127\.0\.0\.1:\d+ answered x\. Look the /],
};

const SETUPS: Setup[] = (['simple', 'extended'] as const).flatMap((parser) => [
  { parser, store: 'session' },
  { parser, store: 'cookie' },
]);

for (const setup of SETUPS) {
  describe(`a callback, read by Express's ${setup.parser} parser, with the state in the ${setup.store}`, () => {
    let app: LoginApp;
    let visitor: Visitor;
    beforeEach(async () => {
      app = await startLoginApp(setup);
      visitor = new Visitor(app);
    });
    afterEach(() => app.stop());

    const refuses = async (answer: Promise<Page>): Promise<void> => {
      const { status } = await answer;
      expect(status).to.be.oneOf([401, 403]);
      expect(app.dribbble.received, 'requests to Dribbble').to.be.empty;
    };

    for (const [what, parameters] of Object.entries(HOSTILE)) {
      it(`is refused with ${what}, in the query or in a form`, async () => {
        const query = parameters.replaceAll('STATE', await visitor.begin());
        await refuses(visitor.callback(query));

        const form = parameters.replaceAll('STATE', await visitor.begin());
        await refuses(visitor.callback('', form));
      });
    }

    for (const [what, [parameters, status, text]] of Object.entries(ERRORS)) {
      it(`is answered ${String(status)} with ${what}, in the query or in a form`, async () => {
        const filled = parameters.replaceAll('STATE', await visitor.begin());

        for (const response of [await visitor.callback(filled), await visitor.callback('', filled)]) {
          expect(response.status).to.equal(status);
          expect(response.body).to.match(text);
        }
        expect(app.dribbble.received).to.be.empty;
      });
    }

    it('is refused with a parameter in the query and in a form', async () => {
      await refuses(visitor.callback(`code=c&state=${await visitor.begin()}`, 'code=d'));
      await refuses(visitor.callback(`code=c&state=${await visitor.begin()}`, 'error=access_denied'));
    });

    it("is refused with somebody else's state", async () => {
      const somebodyElse = new Visitor(app);
      const state = await somebodyElse.begin();
      await visitor.begin();

      await refuses(visitor.callback(`code=c&state=${state}`));
    });

    it('is refused where no login was begun', async () => {
      await refuses(visitor.callback('code=c&state=forged'));
    });

    it('signs in once, and is refused when it is replayed', async () => {
      const query = `code=c&state=${await visitor.begin()}`;
      const { status } = await visitor.callback(query);
      expect(status).to.equal(200);
      expect(app.dribbble.received.splice(0)).to.have.length(2);

      await refuses(visitor.callback(query));
    });

    it('signs in from a form', async () => {
      const { status } = await visitor.callback('', `code=c&state=${await visitor.begin()}`);

      expect(status).to.equal(200);
    });

    for (const [what, query] of [
      ['nothing', ''],
      ['parameters of the app', 'page=2'],
    ] as const) {
      it(`begins a login with ${what}`, async () => {
        const response = await visitor.callback(query);

        expect(response.status).to.equal(302);
        expect(response.headers.get('location')).to.contain(app.dribbble.endpoints.authorizationURL);
        expect(app.dribbble.received).to.be.empty;
      });
    }
  });
}

// The session keeps one login at a time; a cookie holds as many as there are tabs.
describe('a callback with the state of a login begun before the present one', () => {
  it('is refused where the state is in the session', async () => {
    const app = await startLoginApp({ parser: 'simple', store: 'session' });
    const visitor = new Visitor(app);
    const old = await visitor.begin();
    await visitor.begin();

    const { status } = await visitor.callback(`code=c&state=${old}`);
    await app.stop();

    expect(status).to.equal(403);
    expect(app.dribbble.received).to.be.empty;
  });
});
