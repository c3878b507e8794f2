// No test may reach another machine: one that tries to fails, whether there is a network or not.
const dns = require('node:dns');
const net = require('node:net');
const { setImmediate } = require('node:timers');

function refuse(host) {
  if (/^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|::1|::ffff:127(?:\.\d+){3})$/.test(host)) return;
  const error = new Error(`A test reaches for ${host}, and may reach for this machine only.`);
  // The code under test may catch what is thrown here.
  setImmediate(() => {
    throw error;
  });
  throw error;
}

const { lookup } = dns;
dns.lookup = Object.assign(function (name, ...rest) {
  if (net.isIP(name) === 0) refuse(name);
  return lookup.call(this, name, ...rest);
}, lookup);

const { resolve4 } = dns.Resolver.prototype;
dns.Resolver.prototype.resolve4 = function (name, ...rest) {
  // Nobody has such a name (RFC 6761, section 6.4).
  if (name.endsWith('.invalid')) return void setImmediate(rest.at(-1), new Error(`ENOTFOUND ${name}`));
  // The name servers of tests have a port of their own; those of the machine ask others.
  if (!this.getServers().every((server) => /^127\.0\.0\.1:\d+$/.test(server))) refuse(name);
  return resolve4.call(this, name, ...rest);
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...parameters) {
  const [options, host] = parameters.flat();
  const to = typeof options === 'object' ? options.host : host;
  if (net.isIP(to ?? '') !== 0) refuse(to);
  return connect.apply(this, parameters);
};
