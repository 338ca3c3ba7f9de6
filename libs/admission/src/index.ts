export { type Admission, type AdmissionRequest, admit, type Resolution } from './admit.js';
