/** A JSON Schema 2020-12: a boolean, or an object of keywords. */
export type JsonSchema = boolean | JsonSchemaObject;

/** A schema that says more than yes or no. */
export interface JsonSchemaObject {
  readonly [keyword: string]: unknown;
}

/** The dialect that every schema of the project is written in. */
export const JSON_SCHEMA_DIALECT = 'https://json-schema.org/draft/2020-12/schema';
