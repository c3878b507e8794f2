import { join } from 'node:path';
import { startExample } from '../support/example';
import { goesThroughFaults, LONGEST } from '../support/through-faults';

describe('The example', () => {
  it('gets through the table of faults', async function () {
    this.timeout(LONGEST);
    await goesThroughFaults(join(__dirname, '../..'), async (dribbble) => {
      const example = await startExample({ dribbble });
      return { url: example.url, stop: () => example.close() };
    });
  });
});
