export { FAULTS, Fault, type FaultBody, type FaultCode, type FaultDetails, type FaultMeaning, isFaultCode, parseFault } from './fault.js';
