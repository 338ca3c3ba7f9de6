import { type ValidationArguments, ValidationTypes, type ValidatorConstraintInterface } from 'class-validator';
import { DECORATOR_MEANINGS, type DecoratorMeaning, INSTEAD } from './decorator-rules.js';

/** What class-validator keeps of a decorator, as far as it is read here. */
export interface ReadMetadata {
  readonly type: string;
  readonly name?: string;
  readonly propertyName: string;
  readonly constraints?: readonly unknown[];
  // biome-ignore lint/complexity/noBannedTypes: that is how class-validator declares it
  readonly constraintCls?: Function;
  readonly message?: string | ((args: ValidationArguments) => string);
  readonly groups?: readonly string[];
  readonly each?: boolean;
  readonly validateIf?: unknown;
}

/** One decorator of a property: what it says in JSON Schema, the same as a check, and how it words a refusal. */
export interface PropertyRule extends DecoratorMeaning {
  readonly accepts: (value: unknown) => boolean;
  readonly describe: (value: unknown, object: object) => string;
}

/** Refuses a decorator that does not always count. */
export function refuseConditions(use: ReadMetadata, refuse: (message: string) => never): void {
  const option = use.groups?.length ? 'groups' : use.validateIf ? 'validateIf' : undefined;
  if (option) refuse(`${decoratorName(use)} with ${option} cannot be expressed in JSON Schema: leave the option out`);
}

/** Reads a decorator, or refuses it with what to do instead. */
export function readRule(use: ReadMetadata, className: string, refuse: (message: string) => never): PropertyRule {
  const name = use.name ?? use.type;
  const decorator = decoratorName(use);
  const cannot = (advice: string): never => refuse(`${decorator} cannot be expressed in JSON Schema: ${advice}`);
  const meaningOf = Object.hasOwn(DECORATOR_MEANINGS, name) ? DECORATOR_MEANINGS[name] : undefined;
  if (!meaningOf || !use.constraintCls) {
    return cannot(INSTEAD[name] ?? 'use @Matches, @IsIn or another decorator that has a counterpart there');
  }
  const constraint = new (use.constraintCls as new () => ValidatorConstraintInterface)();
  const constraints = [...(use.constraints ?? [])];
  if (name === 'arrayUnique' && hasIdentifier(constraint)) return cannot('leave the function out');
  const args = { constraints, property: use.propertyName, targetName: className, value: undefined, object: {} };
  const meaning = meaningOf({ constraints, refuse: cannot });
  return {
    accepts: (value) => constraint.validate(value, args) === true,
    ...meaning,
    describe: (value, object) => {
      const told = { ...args, value, object };
      if (use.message !== undefined) return filledIn(use.message, told);
      const message = constraint.defaultMessage?.(told) ?? `does not satisfy ${decorator}`;
      return filledIn(message.replace(/^(?:each value in )?\$property /, ''), told);
    },
  };
}

function decoratorName({ type, name, constraintCls }: ReadMetadata): string {
  if (type === ValidationTypes.CONDITIONAL_VALIDATION) return name === 'isOptional' ? '@IsOptional' : '@ValidateIf';
  if (type === ValidationTypes.PROMISE_VALIDATION) return '@ValidatePromise';
  if (type === ValidationTypes.NESTED_VALIDATION) return '@ValidateNested';
  if (type === ValidationTypes.WHITELIST) return '@Allow';
  if (name === undefined) return `@Validate(${constraintCls?.name ?? 'custom'})`;
  return `@${name.charAt(0).toUpperCase()}${name.slice(1)}`.replace('Uuid', 'UUID').replace('Iso8601', 'ISO8601');
}

/** Does @ArrayUnique compare something of the elements rather than them? It tells only by what it calls. */
function hasIdentifier(constraint: ValidatorConstraintInterface): boolean {
  let isAsked = false;
  const probe = Object.defineProperty(['a'], 'map', {
    value: () => {
      isAsked = true;
      return [];
    },
  });
  constraint.validate(probe);
  return isAsked;
}

/** The message with its placeholders filled in, as class-validator documents them. */
function filledIn(message: string | ((args: ValidationArguments) => string), args: ValidationArguments): string {
  const { value, constraints, property, targetName } = args;
  const text = typeof message === 'function' ? message(args) : message;
  return text.replace(/\$(?:constraint(\d+)|value|property|target)/g, (token, index: string | undefined) => {
    if (index !== undefined) {
      const constraint: unknown = constraints[Number(index) - 1];
      return Array.isArray(constraint) ? constraint.join(', ') : String(constraint);
    }
    if (token === '$value') return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : token;
    return token === '$property' ? property : targetName;
  });
}
