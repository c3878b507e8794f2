// The house of lib/ (CONTRIBUTING.md, Layout): each file imports downwards only, types included.
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Two files that import each other are one file in two.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'http-knows-only-node',
      comment: 'lib/http/ knows neither OAuth nor Dribbble: it imports itself and Node.',
      severity: 'error',
      from: { path: '^lib/http/' },
      to: { pathNot: '^lib/http/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'state-does-not-reach-up',
      comment: 'lib/state/ is called by the strategy; it calls neither that nor the network.',
      severity: 'error',
      from: { path: '^lib/state/' },
      to: { path: '^lib/(index|strategy|callback|oauth2-client|http/)' },
    },
    {
      name: 'root-without-sandbox',
      comment: 'Nothing of the sandbox loads with the package: it is an export of its own.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(sandbox/|dribbble-sandbox\\.ts$)' },
      to: { path: '^lib/sandbox/' },
    },
    {
      name: 'sandbox-stands-alone',
      comment: 'The sandbox is no part of the strategy: it imports itself, Node, and the types of a profile.',
      severity: 'error',
      from: { path: '^lib/sandbox/' },
      to: { pathNot: '^lib/(sandbox/|profile\\.ts$)', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-undeclared-package',
      comment: 'lib/ imports what package.json declares under dependencies, and Node.',
      severity: 'error',
      from: { path: '^lib/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        // Of express and passport only the types are used, which the dependencies @types/express and @types/passport have.
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/passport/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
