/**
 * The input or output of a capability that takes or returns nothing: only `{}` fits. It, or a class that extends it,
 * has to be named, as any other class without a single validator is more likely one whose decorators were forgotten.
 */
export class EmptyDto {}
