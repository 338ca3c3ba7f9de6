import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';

const QUOTES = ['as-written', 'typographic', 'straight'] as const;

export class CopyEditInput {
  /** Markdown, in English. */
  @IsString() text!: string;
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
  @IsString() text!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Edit) edits!: Edit[];
  @IsArray() @ValidateNested({ each: true }) @Type(() => Remark) remarks!: Remark[];
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
