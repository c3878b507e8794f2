// #region roles
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { DribbbleStrategy, type DribbbleProfile } from 'passport-dribbble-oauth2';

/** Dribbble's ids of the teams that have a role in this app. A team keeps its id when its name changes. */
const ROLES = new Map([
  [39, 'editor'],
  [4021, 'admin'],
]);

function rolesOf(profile: DribbbleProfile): string[] {
  const teams = profile._json.teams ?? [];
  return teams.flatMap((team) => ROLES.get(team.id) ?? []);
}

passport.use(
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: '/auth/dribbble/callback',
    },
    async (accessToken, refreshToken, profile) => {
      const roles = rolesOf(profile);
      // false is a failed login: only members of those teams may sign in.
      return roles.length > 0 && { id: profile.id, roles };
    },
  ),
);

const only =
  (role: string): express.RequestHandler =>
  (req, res, next) => {
    const user = req.user as { roles: string[] } | undefined;
    if (user?.roles.includes(role)) next();
    else res.status(user ? 403 : 401).send('You may not see this.');
  };
// #endregion
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user: Express.User, done) => done(null, user));

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET!, resave: false, saveUninitialized: false }));
app.use(passport.session());

app.get('/auth/dribbble', passport.authenticate('dribbble'));
app.get(
  '/auth/dribbble/callback',
  passport.authenticate('dribbble', { successRedirect: '/', failureRedirect: '/sign-in' }),
);
app.get('/', (req, res) => {
  res.json(req.user ?? {});
});
app.get('/sign-in', (req, res) => {
  res.send('Only members of our teams come in.');
});
// #region guard
app.get('/drafts', only('editor'), (req, res) => {
  res.send('The drafts.');
});
// #endregion
app.get('/settings', only('admin'), (req, res) => {
  res.send('The settings.');
});
app.listen(3000);
