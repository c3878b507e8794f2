import type { Express, Response } from 'express';

export interface Setup {
  url: string;
  authorizationURL: string;
  tokenURL: string;
  userProfileURL: string;
  clientID: string;
  clientSecret: string;
  /** Milliseconds, for those that have an option for it. */
  timeout?: number;
  show: (res: Response, user?: object) => void;
  log: (error: unknown) => void;
}
export const SYSTEMS: Record<string, (setup: Setup) => Promise<{ app: Express; signIn: string }>>;
