import root from '../../eslint.config.mjs';

// The root's rules, with this ring's own types. The root leaves this folder out, since a plain checkout lacks them.
export default root
  .filter((config) => config.ignores === undefined || config.files !== undefined)
  .map((config) => ({
    ...config,
    languageOptions: {
      ...config.languageOptions,
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
  }));
