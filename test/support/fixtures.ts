import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A recorded or made answer, from test/fixtures. */
export function fixture(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(__dirname, '../fixtures', `${name}.json`), 'utf8')) as Record<
    string,
    unknown
  >;
}
