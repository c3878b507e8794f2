import { join } from 'node:path';
import { startExample } from './support';
import { goesThroughFaults, LONGEST } from '../faults/any-app';

describe('The example', () => {
  it('gets through the table of faults', async function () {
    this.timeout(LONGEST);
    await goesThroughFaults(join(__dirname, '../..'), async (dribbble) => {
      const example = await startExample({ dribbble });
      return { url: example.url, stop: () => example.close() };
    });
  });
});
