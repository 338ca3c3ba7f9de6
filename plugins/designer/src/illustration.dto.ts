import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsOptional, IsString, Matches, ValidateNested } from 'class-validator';

const COLOUR = /^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/;

export class WantedPalette {
  @IsOptional() @IsString() @Matches(COLOUR) background?: string;
  @IsOptional() @IsString() @Matches(COLOUR) foreground?: string;
  @IsOptional() @IsString() @Matches(COLOUR) accent?: string;
}

export class IllustrateInput {
  /** Set large; cut with an ellipsis where it does not fit. */
  @IsString() title!: string;
  /** Shown as tags, the first ones where not all fit. */
  @IsArray() @ArrayMaxSize(12) @IsString({ each: true }) terms!: string[];
  @IsOptional() @IsString() subtitle?: string;
  /** Colours to use; changed only where contrast asks for it. */
  @IsOptional() @ValidateNested() @Type(() => WantedPalette) palette?: WantedPalette;
}

export class UsedPalette {
  @IsString() background!: string;
  @IsString() foreground!: string;
  @IsString() accent!: string;
}

export class IllustrateOutput {
  @IsString() svg!: string;
  @IsString() alt!: string;
  @IsInt() width!: number;
  @IsInt() height!: number;
  @ValidateNested() @Type(() => UsedPalette) palette!: UsedPalette;
}
