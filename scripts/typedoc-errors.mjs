// passport-oauth2's errors have no comments in its types: TypeDoc takes those of lib/errors.ts, where they are exported.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Comment, Converter, ReflectionKind } from 'typedoc';

const source = readFileSync(join(import.meta.dirname, '../lib/errors.ts'), 'utf8');
const comments = new Map(
  [...source.matchAll(/\/\*\*\n((?: \*.*\n)+?) \*\/\nexport import (\w+) /g)].map(([, text, name]) => [
    name,
    text.replaceAll(/^ \* ?/gm, '').trim(),
  ]),
);

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    const text = reflection.kindOf(ReflectionKind.Class) ? comments.get(reflection.name) : undefined;
    if (text !== undefined) reflection.comment = new Comment([{ kind: 'text', text }]);
  });
}
