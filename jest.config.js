/** Unit tests stand beside their source; everything under test/ runs real processes, one file at a time. */
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2024',
        },
        module: { type: 'es6' },
      },
    ],
  },
};

/** The storm of faults: a run of its own, with `jest.fault.config.js`. */
export const fault = {
  ...shared,
  displayName: 'fault',
  globalSetup: '<rootDir>/test/get-tools.js',
  testMatch: ['<rootDir>/test/fault/faults.spec.ts'],
};

export default {
  maxWorkers: 2,
  testTimeout: 60_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{libs,services,plugins}/*/src/**/*.spec.ts', '<rootDir>/cli/src/**/*.spec.ts'],
    },
    {
      ...shared,
      displayName: 'it',
      globalSetup: '<rootDir>/test/get-tools.js',
      testMatch: ['<rootDir>/test/it/**/*.spec.ts'],
    },
    {
      ...shared,
      displayName: 'fuzz',
      globalSetup: '<rootDir>/test/get-tools.js',
      testMatch: ['<rootDir>/test/fault/{fuzz,src/*}.spec.ts'],
    },
  ],
};
