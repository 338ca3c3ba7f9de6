import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { Fault } from '@orchestrator/protocol';
import { validateDto } from './schema/validate-dto.js';

/** Checks the arguments of a capability against its input class, and names every wrong field. */
@Injectable()
export class InputPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type !== 'body' || !metatype || metatype === Object) return value;
    const checked = validateDto(metatype as new () => object, value);
    if (checked.ok) return checked.value;
    throw new Fault('invalid-argument', `The arguments do not fit: ${checked.problems.map(describe).join('; ')}.`, {
      problems: checked.problems,
    });
  }
}

export function describe(problem: { readonly pointer: string; readonly message: string }): string {
  return `${problem.pointer || '(the whole)'} ${problem.message}`;
}
