import type { Strategy } from 'passport';

export const OURS: string;
export const STRATEGIES: string[];
export function makeStrategy(
  name: string,
  options: object,
  verify: unknown,
  file?: string,
): Promise<Strategy>;
