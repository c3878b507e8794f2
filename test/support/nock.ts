import nock = require('nock');

// Importing nock replaces Node's http for all tests; only the suites that ask for it shall have that.
nock.restore();

/** In the suite that calls it, nock answers for Dribbble, and no other host can be reached. */
export function useNock(): typeof nock {
  before(() => {
    nock.activate();
    nock.disableNetConnect();
  });
  afterEach(() => {
    nock.cleanAll();
  });
  after(() => {
    nock.enableNetConnect();
    nock.restore();
  });
  return nock;
}
