const exported = require('passport-dribbble-oauth2');
const { DribbbleStrategy } = exported;

const strategy = new DribbbleStrategy({ clientID: 'id', clientSecret: 'secret' }, () => ({}));
process.stdout.write(JSON.stringify({ names: Object.keys(exported).sort(), name: strategy.name }));
