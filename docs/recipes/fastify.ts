import cookie from '@fastify/cookie';
import { Authenticator } from '@fastify/passport';
import session from '@fastify/session';
import fastify from 'fastify';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

const app = fastify();
const passport = new Authenticator();

app.register(cookie);
app.register(session, {
  secret: process.env.SESSION_SECRET!,
  cookie: { secure: 'auto', sameSite: 'lax' },
});
app.register(passport.initialize());
app.register(passport.secureSession());

passport.use(
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID!,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET!,
      callbackURL: '/auth/dribbble/callback',
    },
    // Find or create your user by profile.id here. What you return is request.user.
    async (accessToken, refreshToken, profile) => ({ id: profile.id, name: profile.displayName }),
  ),
);
passport.registerUserSerializer(async (user) => user);
passport.registerUserDeserializer(async (user) => user);

app.get('/auth/dribbble', { preValidation: passport.authenticate('dribbble') }, () => undefined);
app.get(
  '/auth/dribbble/callback',
  { preValidation: passport.authenticate('dribbble', { successRedirect: '/', failureRedirect: '/' }) },
  () => undefined,
);
app.get('/', async (request) => request.user ?? {});

void app.listen({ port: 3000 });
