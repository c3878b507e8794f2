/** The code with each hunk of the diff applied. Throws where the lines of one are not there once. */
export function apply(diff: string, code: string): string {
  for (const hunk of diff.split('@@\n')) {
    const lines = hunk.trimEnd().split('\n');
    const side = (signs: string) =>
      lines
        .filter((line) => signs.includes(line.charAt(0)))
        .map((line) => `${line.slice(1)}\n`)
        .join('');
    const parts = code.split(side(' -'));
    if (parts.length !== 2) throw new Error(`Not there once:\n${hunk}`);
    code = parts.join(side(' +'));
  }
  return code;
}
