/**
 * The world of a recipe, loaded before it: the recipes are printed in docs/ as an app has them, with Dribbble's own
 * addresses and a fixed port. Here these lead to the sandbox, and to any port that is free.
 */
import { Server, type AddressInfo } from 'node:net';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

const { authorizationURL, tokenURL, userProfileURL } = JSON.parse(process.env['DRIBBBLE'] ?? '') as Record<
  string,
  string
>;
const { authenticate } = DribbbleStrategy.prototype;
DribbbleStrategy.prototype.authenticate = function (...args) {
  Object.assign((this as unknown as { _oauth2: object })._oauth2, {
    _authorizeUrl: authorizationURL,
    _accessTokenUrl: tokenURL,
  });
  Object.assign((this as unknown as { _dribbble: object })._dribbble, { userProfileURL });
  authenticate.apply(this, args);
};

const { listen } = Server.prototype;
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined;
  return (listen as (port: number, host: string, callback: () => void) => Server).call(
    this,
    0,
    '127.0.0.1',
    () => {
      process.send?.((this.address() as AddressInfo).port);
      callback?.();
    },
  );
} as typeof listen;
