export { Catalogue, type Resolution, type Resolved, type ResolveQuery, type Unresolved } from './catalogue.js';
export { type Change, type ChangeRule, compareManifests } from './compatibility/compare-manifests.js';
export { declaredUse } from './compatibility/use-fit.js';
export { JSON_SCHEMA_DIALECT, type JsonSchema, type JsonSchemaObject } from './json-schema.js';
export { Liveness } from './liveness.js';
export {
  type CapabilityManifest,
  MANIFEST_LIMITS,
  type Manifest,
  type UsedCapability,
} from './manifest.js';
export { MANIFEST_SCHEMA } from './manifest-schema.js';
export { boundProblems, type Problem, pointerTo } from './problem.js';
export { type MissingNeed, missingNeeds } from './readiness.js';
export { brokenPromises, type InstalledVersion, refusalOf } from './registration.js';
export { registrationWarnings } from './registration-warnings.js';
export { retryPolicyOf } from './retry-policy.js';
export { type FoundCapability, parseCapabilityQuery, searchCapabilities } from './search.js';
export { asStoredManifest } from './stored-manifest.js';
export { type ManifestVerdict, validateManifest } from './validate-manifest.js';
export { VersionShares } from './version-shares.js';
