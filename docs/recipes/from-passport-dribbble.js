const express = require('express');
const session = require('express-session');
const passport = require('passport');
const DribbbleStrategy = require('passport-dribbble-oauth2').Strategy;

const users = [];

passport.use(
  new DribbbleStrategy(
    {
      clientID: process.env.DRIBBBLE_CLIENT_ID,
      clientSecret: process.env.DRIBBBLE_CLIENT_SECRET,
      callbackURL: '/auth/dribbble/callback',
    },
    function (accessToken, refreshToken, profile, done) {
      let user = users.find((user) => user.dribbbleId === profile.id);
      if (!user) {
        user = { dribbbleId: profile.id, name: profile.displayName };
        users.push(user);
      }
      return done(null, user);
    },
  ),
);
passport.serializeUser(function (user, done) {
  done(null, user.dribbbleId);
});
passport.deserializeUser(function (id, done) {
  done(null, users.find((user) => user.dribbbleId === id) || false);
});

const app = express();
app.use(session({ secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }));
app.use(passport.initialize());
app.use(passport.session());

app.get('/auth/dribbble', passport.authenticate('dribbble'));
app.get(
  '/auth/dribbble/callback',
  passport.authenticate('dribbble', { failureRedirect: '/' }),
  function (req, res) {
    res.redirect('/');
  },
);
app.get('/', function (req, res) {
  res.json(req.user || {});
});
app.listen(3000);
