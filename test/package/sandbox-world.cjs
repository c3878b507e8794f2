/**
 * The world of a recipe, or of a program that a page prints, loaded before it: the sandbox stands in Dribbble's place
 * where there is one, and port 3000 is one that is free. The parent process hears of it, or a line on stderr names it.
 */
const { createRequire } = require('node:module');
const { Server } = require('node:net');
const { join } = require('node:path');

const { DribbbleStrategy } = createRequire(join(process.cwd(), 'app.js'))('passport-dribbble-oauth2');
const { SANDBOX } = process.env;
const { authenticate } = DribbbleStrategy.prototype;
DribbbleStrategy.prototype.authenticate = function (...args) {
  if (SANDBOX) {
    const { authorizationURL, tokenURL, userProfileURL } = JSON.parse(SANDBOX);
    Object.assign(this._oauth2, { _authorizeUrl: authorizationURL, _accessTokenUrl: tokenURL });
    this._dribbble = { ...this._dribbble, userProfileURL };
  }
  authenticate.apply(this, args);
};

const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  const [first] = args;
  const port = typeof first === 'object' ? first?.port : first;
  // tsx has a server of its own, on a path.
  if (port !== 3000) return listen.apply(this, args);
  this.once('listening', () => {
    const { port: free } = this.address();
    if (process.send) process.send(free);
    else process.stderr.write(`listening on ${free}\n`);
  });
  return listen.call(this, 0, '127.0.0.1', ...args.filter((arg) => typeof arg === 'function'));
};
