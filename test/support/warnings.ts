/** The next warning of this process. */
export function nextWarning(): Promise<Error> {
  return new Promise((resolve) => process.once('warning', resolve));
}

/** The warnings of this process until the action, and the turn after it, are over. */
export async function warningsDuring(action: () => Promise<unknown>): Promise<Error[]> {
  const warnings: Error[] = [];
  const listener = (warning: Error): void => {
    warnings.push(warning);
  };
  process.on('warning', listener);
  try {
    await action();
    await new Promise(setImmediate);
  } finally {
    process.off('warning', listener);
  }
  return warnings;
}
