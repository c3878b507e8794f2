import type { Express, Response } from 'express';

export interface Setup {
  url: string;
  /** `timeout`, in milliseconds, is for those that have an option for it. */
  dribbble: Record<
    'authorizationURL' | 'tokenURL' | 'userProfileURL' | 'clientID' | 'clientSecret',
    string
  > & {
    timeout?: number;
  };
  show: (res: Response, user?: object) => void;
  log: (error: unknown) => void;
}
export const SYSTEMS: Record<string, (setup: Setup) => Promise<{ app: Express; signIn: string }>>;
