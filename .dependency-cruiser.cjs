/**
 * Who may import whom: the table of docs/architecture.md, as rules. A violation fails `npm run imports`.
 * Each room lists what it may import of ours; everything else of ours is forbidden.
 */
const mayImport = {
  'libs/protocol': [],
  'libs/manifest': ['libs/protocol'],
  'libs/admission': ['libs/protocol'],
  'libs/telemetry': ['libs/protocol'],
  'libs/agent': ['libs/protocol'],
  'libs/bus': ['libs/protocol', 'libs/manifest', 'libs/admission', 'libs/telemetry'],
  'libs/local': ['libs/protocol'],
  'libs/plugin-sdk': ['libs/protocol', 'libs/manifest', 'libs/telemetry', 'libs/bus', 'libs/agent'],
  'libs/testing': ['libs/protocol', 'libs/manifest', 'libs/bus', 'libs/local', 'libs/agent'],
  'services/registry': ['libs/protocol', 'libs/manifest', 'libs/bus'],
  'services/choreographer': ['libs/protocol', 'libs/manifest', 'libs/admission', 'libs/telemetry', 'libs/bus'],
  'plugins/[^/]+': ['libs/plugin-sdk'],
  'examples/[^/]+': ['libs/plugin-sdk'],
  cli: ['libs/protocol', 'libs/manifest', 'libs/bus', 'libs/local'],
};
const ours = '^(libs|services|plugins|examples|cli)/';

module.exports = {
  forbidden: [
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(mayImport).map(([room, allowed]) => ({
      name: `${room} imports only what the table allows`,
      severity: 'error',
      from: { path: `^(${room})/src/`, pathNot: '[.]spec[.]ts$' },
      to: { path: ours, pathNot: [`^$1/`, ...allowed.map((r) => `^${r}/`)] },
    })),
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['[.]spec[.]ts$'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default'] },
  },
};
