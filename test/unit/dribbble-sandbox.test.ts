import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { expect } from 'chai';
import { freePort, listen } from '../support/servers';

const BIN = path.join(__dirname, '../../lib/dribbble-sandbox.ts');

/** Runs the command, and collects what it prints. */
function start(...args: string[]) {
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', BIN, ...args]);
  let output = '';
  const until = async (text: string): Promise<void> => {
    while (!output.includes(text)) await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  return { child, output: () => output, until };
}

async function end(child: ChildProcess): Promise<unknown> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

describe('dribbble-sandbox', () => {
  it('prints a .env block and a line for each request, and stops on Ctrl-C', async () => {
    const port = String(await freePort());
    const { child, output, until } = start('--port', port, '--callback-url', 'http://localhost:3000/back');
    await until('Requests:');
    expect(output()).to.contain(`http://127.0.0.1:${port}\n`);
    expect(output()).to.contain('DRIBBBLE_CLIENT_ID=sandbox-client-id\n');
    expect(output()).to.contain('DRIBBBLE_CLIENT_SECRET=sandbox-client-secret\n');
    expect(output()).to.contain(`DRIBBBLE_AUTHORIZATION_URL=http://127.0.0.1:${port}/oauth/authorize\n`);
    const url = `http://127.0.0.1:${port}/oauth/authorize?client_id=sandbox-client-id`;
    await fetch(url, { redirect: 'manual' });
    await until('GET /oauth/authorize 302: refused, as its response_type is not code\n');
    child.kill('SIGINT');
    expect(await end(child)).to.equal(0);
  });

  it('prints its options with --help', async () => {
    const { child, output } = start('--help');
    expect(await end(child)).to.equal(0);
    expect(output()).to.contain('--port').and.contain('--callback-url').and.contain('Ctrl-C');
  });

  for (const [args, words] of [
    [['--port', 'x'], /^dribbble-sandbox: .* the port option must be a whole number from 0 to 65533\n$/],
    [['--port', ''], /^dribbble-sandbox: .* the port option must be .*\n$/],
    [['--callback-url', 'x'], /^dribbble-sandbox: .* the callbackURL option must be an http\(s\) URL.*\n$/],
    [['--host', '0.0.0.0'], /^dribbble-sandbox: Unknown option '--host'.*\n$/],
  ] as const) {
    it(`says in one line what is wrong with ${args.join(' ')}`, async () => {
      const { child, output } = start(...args);
      expect(await end(child)).to.equal(1);
      expect(output()).to.match(words);
    });
  }

  it('says in one line that a port is in use', async () => {
    const taken = await listen(createServer());
    const { port } = taken.address() as AddressInfo;
    const { child, output } = start('--port', String(port));
    expect(await end(child)).to.equal(1);
    expect(output()).to.equal(
      `dribbble-sandbox: listen EADDRINUSE: address already in use 127.0.0.1:${String(port)}. Choose another with --port.\n`,
    );
    taken.close();
  });
});
