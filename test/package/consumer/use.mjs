import * as exported from 'passport-dribbble-oauth2';
import { DribbbleStrategy } from 'passport-dribbble-oauth2';

const strategy = new DribbbleStrategy({ clientID: 'id', clientSecret: 'secret' }, () => ({}));
// What Node and compilers add to the names of any CommonJS module.
const added = ['__esModule', 'default', 'module.exports'];
const names = Object.keys(exported).filter((name) => !added.includes(name));
process.stdout.write(JSON.stringify({ names: names.sort(), name: strategy.name }));
