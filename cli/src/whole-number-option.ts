import { UsageError } from './failure.js';

/** A whole number from 1. @throws UsageError naming the option */
export function wholeNumberOption(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new UsageError(`${option} takes a whole number from 1.`);
}
