import { mock } from 'node:test';
import { expect } from 'chai';
import { asError, once } from '../../lib/guard';

const thrown = new Error('The app is wrong.');

describe('once', () => {
  it('does not call back by itself without a message for that', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const outcomes: unknown[] = [];
      once((...outcome) => outcomes.push(outcome));
      mock.timers.tick(24 * 60 * 60 * 1000);
      expect(outcomes).to.be.empty;
    } finally {
      mock.timers.reset();
    }
  });
});

describe('asError', () => {
  it('keeps an Error, and makes one of anything else, which says what it was', () => {
    expect(asError(thrown)).to.equal(thrown);
    expect(asError('route')).to.be.instanceOf(Error).with.property('message', 'route');
    expect(Object.keys(asError('route'))).to.be.empty;
    for (const nothing of ['', 42, null, undefined, {}])
      expect(asError(nothing).message).to.match(new RegExp(`with ${typeof nothing}, not with an Error`));
    expect(asError({ status: 503, message: 'busy' })).to.include({ status: 503, message: 'busy' });
    expect(asError(42).cause).to.equal(42);
    const parsed: unknown = JSON.parse('{"__proto__":null,"status":503}');
    expect(asError(parsed)).to.be.instanceOf(Error).with.property('status', 503);
  });

  it('makes an Error of what throws when it is looked at', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const getter = Object.defineProperty({}, 'status', {
      enumerable: true,
      get: () => {
        throw thrown;
      },
    });
    for (const value of [proxy, getter])
      expect(asError(value)).to.be.instanceOf(Error).and.have.property('cause').be.instanceOf(Error);
    expect(asError(getter)).to.have.property('message').include('with object, not with');
  });
});
