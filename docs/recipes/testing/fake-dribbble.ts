import { randomUUID } from 'node:crypto';
import express from 'express';

/** Stands in for Dribbble: whoever comes says yes, or no where `says` is set so, and is `user`. */
export const dribbble = { says: 'yes', user: { id: 1, login: 'maya', name: 'Maya Lind', type: 'User' } };

const codes = new Set<string>();
const tokens = new Set<string>();

export const fakeDribbble = express();
fakeDribbble.use(express.urlencoded());

fakeDribbble.get('/oauth/authorize', (req, res) => {
  const back = new URL(String(req.query.redirect_uri));
  back.searchParams.set('state', String(req.query.state));
  if (dribbble.says === 'no') {
    back.searchParams.set('error', 'access_denied');
  } else {
    const code = randomUUID();
    codes.add(code);
    back.searchParams.set('code', code);
  }
  res.redirect(back.href);
});

fakeDribbble.post('/oauth/token', (req, res) => {
  if (!codes.delete(req.body.code)) {
    res.status(400).json({ error: 'invalid_grant', error_description: 'The code was used before.' });
    return;
  }
  const token = randomUUID();
  tokens.add(token);
  res.json({ access_token: token, token_type: 'bearer', scope: 'public', created_at: 1700000000 });
});

fakeDribbble.get('/v2/user', (req, res) => {
  const [, token = ''] = req.headers.authorization?.split('Bearer ') ?? [];
  if (tokens.has(token)) res.json(dribbble.user);
  else res.status(401).json({ message: 'Bad credentials.' });
});
