/** Loaded before a test that must not pass: every login ends as a failed one does. */
import { ServerResponse } from 'node:http';

// Of Node, as Jest and others load packages in a registry of their own.
const { setHeader } = ServerResponse.prototype;
ServerResponse.prototype.setHeader = function (name, value) {
  return setHeader.call(this, name, name.toLowerCase() === 'location' && value === '/' ? '/sign-in' : value);
};
