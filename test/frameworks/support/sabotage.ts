/** Loaded before a test that must not pass: verify lets nobody in. */
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

const { authenticate } = DribbbleStrategy.prototype;
DribbbleStrategy.prototype.authenticate = function (...args) {
  Object.assign(this, {
    success: () => {
      (this as unknown as { fail: () => void }).fail();
    },
  });
  authenticate.apply(this, args);
};
