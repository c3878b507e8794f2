// mocha adds the files of its command line to `spec`: without this, `npx mocha FILE` would run all of them.
const asked = process.argv.slice(2).some((argument) => /^(\.\/)?test\//.test(argument));

module.exports = {
  require: ['./test/support/register.cjs'],
  timeout: 10_000,
  spec: asked
    ? []
    : [
        'test/unit/**/*.test.ts',
        'test/faults/**/*.test.ts',
        'test/example/app.test.ts',
        'test/example/own-path.test.ts',
        'test/example/server.test.ts',
        'test/example/setup.test.ts',
        'test/docs/*.test.ts',
      ],
};
