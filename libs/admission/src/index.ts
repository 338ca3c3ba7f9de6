export { type Admission, type AdmissionRequest, admit, type Resolution } from './admit.js';
export { type CallerRights, Grants } from './grants.js';
