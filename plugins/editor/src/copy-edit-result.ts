import type { SourcePosition } from './source-position.js';

/** How to edit. */
export interface CopyEditOptions {
  /**
   * Which quotation marks and apostrophes to use. `as-written`: those the document has more of, typographic on a tie.
   * @default 'as-written'
   */
  readonly quotes?: 'as-written' | 'typographic' | 'straight';
  /**
   * Words that are spelled right though no dictionary has them.
   * @default []
   */
  readonly knownWords?: readonly string[];
}

/** A change, placed in the document as it was handed in. */
export interface CopyEdit extends SourcePosition {
  readonly rule: string;
  readonly before: string;
  readonly after: string;
}

/** Something to consider that was not changed, placed in the document as it was handed in. */
export interface CopyEditRemark extends SourcePosition {
  readonly rule: string;
  readonly message: string;
  /** The text it is about, shortened. */
  readonly excerpt: string;
}

/** The edited document, what was changed and what is worth a look. */
export interface CopyEditResult {
  readonly text: string;
  readonly edits: readonly CopyEdit[];
  readonly remarks: readonly CopyEditRemark[];
}
