/** What the editing threads can be asked to do: all that takes the processor long. Arguments and answers are plain data. */
import { articleFacts } from '../article-facts.js';
import { type BoundedCopyEdit, boundResult } from '../bounded-result.js';
import { copyEdit } from '../copy-edit.js';
import type { CopyEditOptions } from '../copy-edit-result.js';
import { insertHeaderImage } from '../header-image.js';

export const WORK = {
  articleFacts,
  insertHeaderImage,
  copyEdit: (text: string, options: CopyEditOptions, maxBytes: number): BoundedCopyEdit =>
    boundResult(copyEdit(text, options), maxBytes),
};

export type EditingWork = typeof WORK;
