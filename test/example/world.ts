/** Loaded before an instance of the example: Dribbble's endpoints are the sandbox's, one for all instances. */
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

const { authorizationURL, tokenURL, userProfileURL } = JSON.parse(process.env['SANDBOX'] ?? '') as Record<
  string,
  string
>;
// eslint-disable-next-line @typescript-eslint/unbound-method -- applied to the strategy below
const { authenticate } = DribbbleStrategy.prototype;
DribbbleStrategy.prototype.authenticate = function (...args) {
  Object.assign((this as unknown as { _oauth2: object })._oauth2, {
    _authorizeUrl: authorizationURL,
    _accessTokenUrl: tokenURL,
  });
  Object.assign((this as unknown as { _dribbble: object })._dribbble, { userProfileURL });
  authenticate.apply(this, args);
};
