import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

/** What the app answers where a throw or a rejection could take its process down. */
const ANSWERS: Record<string, RegExp> = {
  'the token answer is null': /^500 127\.0\.0\.1:\d+ answered 200 with /,
  'the user is null': /^500 127\.0\.0\.1:\d+ answered 200 with /,
  'the token answer is cut off': /^500 POST .* broke off its answer/,
  'the user is cut off': /^500 GET .* broke off its answer/,
  'the token request is upgraded': /^500 POST .* closed the connection/,
  'the user request is upgraded': /^500 GET .* closed the connection/,
  'the agent throws': /^500 POST .* failed: the agent threw/,
  'skipUserProfile throws': /^500 skipUserProfile threw$/,
  'verify throws': /^500 verify threw$/,
  'verify throws null': /^500 The verify function threw or rejected with object/,
  'verify rejects': /^500 verify rejected$/,
  'verify rejects with nothing': /^500 The verify function threw or rejected with undefined/,
  'verify rejects late, having declared done': /^500 verify rejected late$/,
  'verify calls done twice': /^200 signed in$/,
  'verify calls done and then throws': /^200 signed in$/,
  'verify calls done and then rejects': /^200 signed in$/,
  'the session has no regenerate': /^500 .*regenerate is not a function/,
  'the session throws when it is left': /^500 regenerate threw$/,
};

describe('an app in a process of its own', () => {
  let answers: Record<string, string>;

  // One process for all cases: what takes it down fails them all, and says where in its stderr.
  before(async () => {
    const driver = path.join(__dirname, '../support/crash-driver.ts');
    const run = await promisify(execFile)(
      process.execPath,
      ['--require', require.resolve('../support/register.cjs'), driver],
      {
        timeout: 20_000,
      },
    );
    answers = JSON.parse(run.stdout) as Record<string, string>;
  }).timeout(20_000);

  for (const [what, expected] of Object.entries(ANSWERS)) {
    it(`goes on, and answers, where ${what}`, () => {
      expect(answers[what]).to.match(expected);
    });
  }

  it('was put through nothing else', () => {
    expect(Object.keys(answers)).to.have.members(Object.keys(ANSWERS));
  });
});
