import config from './jest.config.js';

/** The product's own compose file and images on a real Docker engine: apart from `npm test`, which needs none. */
const it = config.projects.find((project) => project.displayName === 'it');

export default {
  ...it,
  globalSetup: undefined,
  displayName: 'compose',
  testMatch: ['<rootDir>/test/compose/**/*.spec.ts'],
  maxWorkers: 1,
  testTimeout: 15 * 60_000,
};
