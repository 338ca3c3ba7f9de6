import 'reflect-metadata';
import { Fault } from '@orchestrator/protocol';
import { TransformationType } from 'class-transformer';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import { EmptyDto } from './empty-dto.js';
import { type PropertyRule, type ReadMetadata, readRule, refuseConditions } from './property-rule.js';

/** A class whose decorators say what a JSON object looks like. It is made without arguments. */
export type DtoClass<T extends object = object> = new () => T;

/** An object, or a list of objects, described by a class of its own. */
interface NestedDto {
  readonly dto: DtoClass;
  readonly isList: boolean;
}

/** What the decorators of one property say. */
export interface PropertyDefinition {
  readonly name: string;
  /** May be absent or null; then nothing else counts. */
  readonly isOptional: boolean;
  /** Of the value itself, those first that tell its type. */
  readonly rules: readonly PropertyRule[];
  /** Of each element; when there are any, the value is a list. */
  readonly elementRules: readonly PropertyRule[];
  readonly nested: NestedDto | undefined;
}

/** What the decorators of a class say, its ancestors' included. */
export interface DtoDefinition<T extends object = object> {
  readonly dto: DtoClass<T>;
  readonly properties: ReadonlyMap<string, PropertyDefinition>;
}

const definitions = new WeakMap<DtoClass, DtoDefinition>();

/**
 * Reads what class-validator and class-transformer know of a class, once.
 * @throws Fault `invalid-argument` naming class, property and decorator, when JSON Schema cannot express it exactly
 */
export function definitionOf<T extends object>(dto: DtoClass<T>): DtoDefinition<T> {
  const known = definitions.get(dto);
  if (known) return known as DtoDefinition<T>;
  const definition = { dto, properties: readProperties(dto) };
  definitions.set(dto, definition);
  return definition;
}

/** A decorator or a property that cannot stay as it is: a mistake of the author, found when the plugin starts. */
export function dtoFault(dto: DtoClass, property: string | undefined, message: string): Fault {
  const where = property === undefined ? dto.name : `${dto.name}.${property}`;
  return new Fault('invalid-argument', `${where}: ${message}.`, { class: dto.name, property });
}

function readProperties(dto: DtoClass): ReadonlyMap<string, PropertyDefinition> {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false) as readonly ReadMetadata[];
  if (metadata.length === 0 && dto !== EmptyDto && !(dto.prototype instanceof EmptyDto)) {
    throw dtoFault(dto, undefined, 'it has no validators. Decorate its properties; if it has none, extend EmptyDto');
  }
  const byName = new Map<string, ReadMetadata[]>();
  for (const use of metadata) byName.set(use.propertyName, [...(byName.get(use.propertyName) ?? []), use]);
  for (const name of Object.keys(freshInstance(dto))) {
    if (!byName.has(name))
      throw dtoFault(dto, name, 'it has no validator, so no value would fit. Add one, or @Allow()');
  }
  refuseRenaming(dto);
  return new Map([...byName].map(([name, uses]) => [name, readProperty(dto, name, uses)]));
}

/** An instance as it is before anything is read into it: with its defaults. */
function freshInstance(dto: DtoClass): object {
  try {
    return new dto();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw dtoFault(dto, undefined, `its constructor must work without arguments, but it threw "${message}"`);
  }
}

function refuseRenaming(dto: DtoClass): void {
  const [exposed] = defaultMetadataStorage.getExposedMetadatas(dto);
  const [excluded] = defaultMetadataStorage.getExcludedMetadatas(dto);
  const found = exposed ? '@Expose' : excluded ? '@Exclude' : undefined;
  if (found) {
    const property = (exposed ?? excluded)?.propertyName;
    throw dtoFault(dto, property, `${found} would make the object differ from its JSON Schema. Remove it`);
  }
}

function readProperty(dto: DtoClass, name: string, uses: readonly ReadMetadata[]): PropertyDefinition {
  if (name in dto.prototype) {
    throw dtoFault(dto, name, 'every object, or this class, already has a member of that name. Rename the property');
  }
  for (const direction of [TransformationType.PLAIN_TO_CLASS, TransformationType.CLASS_TO_PLAIN]) {
    if (defaultMetadataStorage.findTransformMetadatas(dto, name, direction).length > 0) {
      throw dtoFault(dto, name, '@Transform cannot be expressed in JSON Schema. Transform the value in the capability');
    }
  }
  const rules: PropertyRule[] = [];
  const elementRules: PropertyRule[] = [];
  let isOptional = false;
  let nested: NestedDto | undefined;
  const refuse = (message: string): never => {
    throw dtoFault(dto, name, message);
  };
  for (const use of uses) {
    refuseConditions(use, refuse);
    if (use.type === ValidationTypes.CONDITIONAL_VALIDATION && use.name === 'isOptional') isOptional = true;
    else if (use.type === ValidationTypes.NESTED_VALIDATION) nested = readNested(dto, use);
    else if (use.type !== ValidationTypes.WHITELIST) {
      (use.each ? elementRules : rules).push(readRule(use, dto.name, refuse));
    }
  }
  if (!nested && defaultMetadataStorage.findTypeMetadata(dto, name)) {
    throw dtoFault(
      dto,
      name,
      '@Type converts values that JSON Schema would refuse. Add @ValidateNested(), or remove it',
    );
  }
  const elementsAreLists = nested?.isList || elementRules.length > 0;
  const isUnique = rules.some(({ keywords }) => keywords?.uniqueItems);
  if (isUnique && !(elementsAreLists && elementRules.some(tellsScalar))) {
    const advice = 'say of which type the elements are, like @IsString({ each: true })';
    throw dtoFault(dto, name, `@ArrayUnique compares objects otherwise than JSON Schema does: ${advice}`);
  }
  return { name, isOptional, rules: typesFirst(rules), elementRules: typesFirst(elementRules), nested };
}

function tellsScalar({ keywords }: PropertyRule): boolean {
  return keywords?.enum !== undefined || ['string', 'number', 'integer', 'boolean'].includes(String(keywords?.type));
}

function typesFirst(rules: readonly PropertyRule[]): readonly PropertyRule[] {
  return [...rules].sort((a, b) => Number(b.isType === true) - Number(a.isType === true));
}

function readNested(dto: DtoClass, { propertyName, each }: ReadMetadata): NestedDto {
  const declared = defaultMetadataStorage.findTypeMetadata(dto, propertyName);
  if (declared?.options?.discriminator) {
    throw dtoFault(dto, propertyName, '@Type with a discriminator is not supported. Use a property for each kind');
  }
  const designType: unknown = Reflect.getMetadata('design:type', dto.prototype, propertyName);
  const found: unknown = declared ? declared.typeFunction() : designType;
  if (typeof found !== 'function' || found === Object || found === Array) {
    throw dtoFault(dto, propertyName, '@ValidateNested does not tell the class of its objects. Add @Type(() => …)');
  }
  return { dto: found as DtoClass, isList: each === true };
}
