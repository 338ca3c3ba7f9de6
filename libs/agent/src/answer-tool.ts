/** Has a model answer by a JSON Schema: it is given a tool to answer with, whose input is the answer. */
import { Fault } from '@orchestrator/protocol';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Tool } from './tool.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

export const ANSWER_TOOL = 'answer';

const compiled = new WeakMap<JsonSchema, ValidateFunction>();

/** One answer that is asked for. */
export class AnswerTool implements Tool {
  readonly name = ANSWER_TOOL;
  readonly description = 'Gives the answer. Call it once, when you have it; its input is the answer.';
  readonly inputSchema: JsonSchema;
  readonly #validate: ValidateFunction;
  /** Tools take objects: any other value is wrapped in one. */
  readonly #isWrapped: boolean;
  /** What was wrong with the last one; undefined when there was none. */
  problems: readonly string[] | undefined;
  #answer: { readonly value: unknown } | undefined;

  /** @throws Fault `invalid-argument` for a schema that is none */
  constructor(schema: JsonSchema) {
    this.#isWrapped = schema.type !== 'object';
    this.inputSchema = this.#isWrapped ? wrapped(schema) : schema;
    this.#validate = validatorOf(schema);
  }

  /** Undefined until there is one that fits. */
  get answer(): { readonly value: unknown } | undefined {
    return this.#answer;
  }

  async call(input: Readonly<Record<string, unknown>>): Promise<string> {
    if (this.#answer) throw new Fault('invalid-argument', 'The answer was given before.');
    const value = this.#isWrapped ? input.value : input;
    if (this.#validate(value)) {
      this.#answer = { value };
      return 'Accepted.';
    }
    this.problems = (this.#validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`);
    throw new Fault('invalid-argument', 'The answer does not fit the schema; correct it and call again.', {
      problems: this.problems,
    });
  }
}

/** Definitions stay at the root, where references look for them. */
function wrapped(schema: JsonSchema): JsonSchema {
  const { $defs, definitions, ...value } = schema;
  return {
    type: 'object',
    properties: { value },
    required: ['value'],
    additionalProperties: false,
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
  };
}

function validatorOf(schema: JsonSchema): ValidateFunction {
  let validate = compiled.get(schema);
  if (validate) return validate;
  try {
    validate = new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).compile(schema);
  } catch (cause) {
    const what = (cause as Error).message;
    throw new Fault('invalid-argument', `This is no JSON Schema: ${what}`, undefined, { cause });
  }
  compiled.set(schema, validate);
  return validate;
}
