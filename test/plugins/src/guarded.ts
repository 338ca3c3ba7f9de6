/** What Nest puts around a method, one capability for each. */
import {
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  type NestInterceptor,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { Capability, Fault, type InvocationContext } from '@orchestrator/plugin-sdk';
import { map, type Observable, throwError } from 'rxjs';
import { EchoInput, EchoOutput } from './probe.dto.js';

/** Lets in who says please; throws at who shouts, and says no to all others. */
class PoliteOnly implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { text } = context.switchToRpc().getData<EchoInput>();
    if (text === 'NOW') throw new ForbiddenException('do not shout');
    return text === 'please';
  }
}

class Loud implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<EchoOutput>): Observable<EchoOutput> {
    const { depth } = context.switchToRpc().getContext<InvocationContext>();
    return next.handle().pipe(map(({ text }) => ({ text: `${text.toUpperCase()} at depth ${depth}` })));
  }
}

class Trimmed implements PipeTransform {
  transform(value: EchoInput, { type }: ArgumentMetadata): EchoInput {
    return type === 'body' ? { text: value.text.trim() } : value;
  }
}

class OutOfPaper extends Error {
  readonly trays = 2;
}

@Catch(OutOfPaper)
class PaperFilter implements ExceptionFilter<OutOfPaper> {
  catch({ trays }: OutOfPaper, _host: ArgumentsHost): Observable<never> {
    return throwError(() => new Fault('exhausted', 'The printer is out of paper.', { trays }));
  }
}

@Controller()
export class Guarded {
  @UseGuards(PoliteOnly)
  @Capability({ name: 'guarded', description: 'Has a guard.', input: EchoInput, output: EchoOutput })
  guarded({ text }: EchoInput): EchoOutput {
    return { text };
  }

  @UseInterceptors(Loud)
  @Capability({ name: 'intercepted', description: 'Has an interceptor.', input: EchoInput, output: EchoOutput })
  intercepted({ text }: EchoInput): EchoOutput {
    return { text };
  }

  @UsePipes(Trimmed)
  @Capability({ name: 'piped', description: 'Has a pipe.', input: EchoInput, output: EchoOutput })
  piped({ text }: EchoInput): EchoOutput {
    return { text };
  }

  @UseFilters(PaperFilter)
  @Capability({ name: 'filtered', description: 'Has an exception filter.', input: EchoInput, output: EchoOutput })
  filtered({ text }: EchoInput): EchoOutput {
    if (text === 'print') throw new OutOfPaper();
    throw new Error('not for that filter');
  }
}
