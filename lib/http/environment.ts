import http = require('node:http');
import https = require('node:https');
import net = require('node:net');
import { types } from 'node:util';

/** The options of Node's own default agent. */
const DEFAULTS = optionsOf(new https.Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5000 }));

const socketPrototype = net.Socket.prototype as { connect: unknown };
const { connect } = socketPrototype;

/**
 * Whether the app, or its environment, says how to connect: `https.globalAgent` was replaced, was given options such as
 * a CA, or uses the proxy that the environment names (`NODE_USE_ENV_PROXY`, `http.setGlobalProxyFromEnv()`).
 */
export function isDefaultAgentSetUp(): boolean {
  const { globalAgent } = https;
  if (Object.getPrototypeOf(globalAgent) !== https.Agent.prototype) return true;
  if (Object.hasOwn(globalAgent, 'createConnection')) return true;
  const options = optionsOf(globalAgent);
  for (const key in options) if (options[key] !== DEFAULTS[key]) return true;
  return options['timeout'] !== DEFAULTS['timeout']; // the app's own agent, with fewer options
}

/** Whether a test has replaced Node's http. nock 14 and msw 2 wrap functions in proxies, nock 13 and msw 3 replace them. */
export function isMocked(): boolean {
  return (
    types.isProxy(https.request) ||
    http.ClientRequest.name !== 'ClientRequest' ||
    socketPrototype.connect !== connect
  );
}

function optionsOf(agent: https.Agent): Record<string, unknown> {
  return agent.options as Record<string, unknown>;
}
