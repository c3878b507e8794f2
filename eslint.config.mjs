import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  // These are checked by compiler runs of their own: what they import is not installed here.
  {
    ignores: [
      'api/',
      'dist/',
      'coverage/',
      '**/node_modules/',
      'docs/recipes/',
      'test/frameworks/**/*.ts',
      'example/minimal.ts',
      'test/frameworks/build/',
      'test/types/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', require: 'readonly', module: 'writable' },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './test/tsconfig.json'] } },
  },
  {
    files: ['**/*.ts'],
    rules: {
      // Of what is CommonJS, such as passport-oauth2: this form of import asks no compiler option of an app's.
      '@typescript-eslint/no-require-imports': ['error', { allowAsImport: true }],
      // How many parameters a verify function declares has a meaning.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      // Verify functions of different arity in one signature would lose the inference of their parameters.
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    // The file to copy: passport.authenticate() returns any, which no app should have to cast.
    files: ['example/auth.ts'],
    rules: { '@typescript-eslint/no-unsafe-call': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // chai's assertions are property reads: expect(x).to.be.true
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
);
