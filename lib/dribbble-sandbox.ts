#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startSandbox } from './sandbox';

const HELP = `Usage: dribbble-sandbox [--port 4000] [--callback-url URL]

Starts a Dribbble on this machine, to sign in at while you build an app. Ctrl-C stops it.

  --port NUMBER        the port of its page; the next two are taken as well (default: 4000)
  --callback-url URL   the callback URL registered with the application (default: any of this machine)
  --help               prints this
`;

/** The options as lines of a `.env` file: `clientID` is `DRIBBBLE_CLIENT_ID` there. */
function dotenv(options: Readonly<Record<string, string>>): string {
  const variable = (name: string) => `DRIBBBLE_${name.replace(/[A-Z]+/g, '_$&').toUpperCase()}`;
  const lines = Object.entries(options).map(([name, value]) => `${variable(name)}=${value}\n`);
  return lines.join('');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4000' },
      'callback-url': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { port, 'callback-url': callbackURL } = values;
  // Number('') is 0, which would mean any port.
  const dribbble = await startSandbox({ port: Number(port || NaN), callbackURL, log: console.log });
  console.log(`A stand-in for Dribbble on this machine: ${dribbble.url}\n
Paste this into the .env file of your app:\n
${dotenv(dribbble.options)}
Ctrl-C stops it. Requests:`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void dribbble.close());
}

main().catch((error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException;
  const advice = code === 'EADDRINUSE' ? '. Choose another with --port.' : '';
  console.error(`dribbble-sandbox: ${message}${advice}`);
  process.exitCode = 1;
});
