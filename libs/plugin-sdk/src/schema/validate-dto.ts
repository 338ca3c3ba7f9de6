// Temporary shim, to be replaced by the owner of this folder.
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';

export type Checked = { ok: true; value: object } | { ok: false; problems: { pointer: string; message: string }[] };

export function validateDto(dto: new () => object, value: unknown): Checked {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, problems: [{ pointer: '', message: 'must be an object' }] };
  }
  const instance = plainToInstance(dto, value) as object;
  const errors = validateSync(instance, { whitelist: true, forbidNonWhitelisted: true });
  if (errors.length === 0) return { ok: true, value: instance };
  const flat = (error: ValidationError, at: string): { pointer: string; message: string }[] => [
    ...Object.values(error.constraints ?? {}).map((message) => ({ pointer: `${at}/${error.property}`, message })),
    ...(error.children ?? []).flatMap((child) => flat(child, `${at}/${error.property}`)),
  ];
  return { ok: false, problems: errors.flatMap((error) => flat(error, '')) };
}
