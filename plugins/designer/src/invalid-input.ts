/** What was asked cannot be drawn; `field` names the part of the input, such as `palette.accent`. */
export class InvalidIllustrationInput extends RangeError {
  override readonly name = 'InvalidIllustrationInput';

  constructor(
    readonly field: string,
    readonly requirement: string,
  ) {
    super(`${field} ${requirement}`);
  }
}
