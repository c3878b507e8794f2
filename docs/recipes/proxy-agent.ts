// #region agent
import { HttpsProxyAgent } from 'https-proxy-agent';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

export const strategy = new DribbbleStrategy(
  {
    clientID: process.env.DRIBBBLE_CLIENT_ID!,
    clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
    callbackURL: '/auth/dribbble/callback',
    agent: new HttpsProxyAgent('http://proxy.example.com:3128'),
  },
  async (accessToken, refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
);
// #endregion
