import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsOptional, IsString, MaxLength, Min, ValidateNested } from 'class-validator';

const QUOTES = ['as-written', 'typographic', 'straight'] as const;

/** Half of what a message may hold, in characters: room for the edits remains. */
const MAX_TEXT_LENGTH = 256 * 1024;

export class CopyEditInput {
  /** Markdown, in English. */
  @IsString() @MaxLength(MAX_TEXT_LENGTH) text!: string;
  /** Which quotation marks to use; what the text has more of, when absent. */
  @IsOptional() @IsIn(QUOTES) quotes?: (typeof QUOTES)[number];
  /** Words that are spelled right though no dictionary has them. */
  @IsOptional() @IsArray() @IsString({ each: true }) knownWords?: string[];
}

class Position {
  /** From 1, in the text as it was handed in. */
  @IsInt() line!: number;
  @IsInt() column!: number;
  /** In UTF-16 code units, from 0. */
  @IsInt() offset!: number;
  @IsString() rule!: string;
}

export class Edit extends Position {
  @IsString() before!: string;
  @IsString() after!: string;
}

export class Remark extends Position {
  @IsString() message!: string;
  @IsString() excerpt!: string;
}

export class CopyEditOutput {
  /** The whole text, edited. */
  @IsString() text!: string;
  /** In the order of the text: all, unless there are more than fit a message beside the text. */
  @IsArray() @ValidateNested({ each: true }) @Type(() => Edit) edits!: Edit[];
  /** Edits further on that were made and are not listed. */
  @IsInt() @Min(0) editsLeftOut!: number;
  /** In the order of the text; of each rule the first ones. */
  @IsArray() @ValidateNested({ each: true }) @Type(() => Remark) remarks!: Remark[];
  /** Remarks that are not listed. */
  @IsInt() @Min(0) remarksLeftOut!: number;
}

export class Illustration {
  /** Where the article expects it, beside itself. */
  @IsString() path!: string;
  @IsString() alt!: string;
  @IsString() svg!: string;
}

export class PrepareArticleOutput extends CopyEditOutput {
  @ValidateNested() @Type(() => Illustration) illustration!: Illustration;
}
