/** Where foreign errors become faults: by what they are, never by their text. */
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { FORBIDDEN_MESSAGE } from '@nestjs/core/internal';
import { RpcException } from '@nestjs/microservices';
import { FAULTS, Fault, type FaultCode, isFaultCode, parseFault } from '@orchestrator/protocol';
import { type Observable, throwError } from 'rxjs';

/** The fault for anything that a capability, pipe, guard or interceptor can throw. */
export function faultFromError(error: unknown): Fault {
  if (Fault.is(error)) return error;
  if (error instanceof HttpException) {
    return new Fault(codeOfStatus(error.getStatus()), error.message, undefined, { cause: error });
  }
  if (error instanceof RpcException) {
    // The one mark of a guard that said no.
    const inner = error.getError();
    if (inner === FORBIDDEN_MESSAGE) return new Fault('permission-denied', 'A guard of the plugin denies it.');
    if (typeof inner === 'object' && 'code' in inner && isFaultCode(inner.code)) return parseFault(inner);
  }
  return Fault.from(error, 'failed');
}

function codeOfStatus(status: number): FaultCode {
  const codes = Object.keys(FAULTS).filter(isFaultCode);
  return codes.find((code) => FAULTS[code].httpStatus === status) ?? (status < 500 ? 'invalid-argument' : 'failed');
}

/** The outermost filter of a host: what no filter of the plugin has caught leaves as a fault. */
@Catch()
export class FaultFilter implements ExceptionFilter {
  catch(error: unknown, _host: ArgumentsHost): Observable<never> {
    return throwError(() => faultFromError(error));
  }
}
