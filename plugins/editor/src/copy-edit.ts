import type { CopyEditOptions, CopyEditResult } from './copy-edit-result.js';

/**
 * Copy-edits Markdown in English. Only running text changes: front matter, code, HTML, template tags, link targets and math
 * keep every byte, and so does the structure. Editing the outcome again changes nothing.
 * The language modules are loaded on first use.
 */
export async function copyEdit(markdown: string, options: CopyEditOptions = {}): Promise<CopyEditResult> {
  const { runCopyEdit } = await import('./copy-edit-run.js');
  return runCopyEdit(markdown, options);
}
