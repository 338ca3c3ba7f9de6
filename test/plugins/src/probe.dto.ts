import { EmptyDto } from '@orchestrator/plugin-sdk';
import { IsArray, IsInt, IsNumber, IsOptional, IsString, Min } from 'class-validator';

export class EchoInput {
  @IsString() text!: string;
  @IsOptional() @IsInt() @Min(0) times?: number;
}

export class EchoOutput {
  @IsString() text!: string;
}

export class WorkInput {
  /** Names this piece of work in the effect log. */
  @IsString() name!: string;
  /** How long it takes. */
  @IsInt() @Min(0) ms!: number;
}

export class FlakyInput {
  @IsString() name!: string;
  /** The first attempt that does not fail. */
  @IsInt() @Min(1) until!: number;
  @IsOptional() @IsInt() @Min(0) retryAfterMs?: number;
  /** How long an attempt takes. */
  @IsOptional() @IsInt() @Min(0) ms?: number;
}

export class CallInput {
  /** plugin.capability */
  @IsString() capability!: string;
  @IsString() argsJson!: string;
  @IsOptional() @IsString() mode?: string;
  @IsOptional() @IsString() key?: string;
  @IsOptional() @IsNumber() timeoutMs?: number;
}

export class FanInput {
  /** plugin.capability */
  @IsString() capability!: string;
  /** Each `#` is replaced by the number of the call. */
  @IsString() argsJson!: string;
  @IsInt() @Min(0) times!: number;
  @IsOptional() @IsString() mode?: string;
  /** Of every call, as JSON. */
  @IsOptional() @IsString() limitsJson?: string;
}

export class SpendInput {
  /** What is reported, one after the other. */
  @IsArray() @IsInt({ each: true }) tokens!: number[];
  /** Called in the end. */
  @IsOptional() @IsString() capability?: string;
}

export class StreamInput {
  /** Names each chunk in the effect log: `<name>.<number>`. */
  @IsString() name!: string;
  /** How many. */
  @IsInt() @Min(0) chunks!: number;
  /** How large each is, about. */
  @IsOptional() @IsInt() @Min(0) bytes?: number;
  /** The first attempt fails after so many. */
  @IsOptional() @IsInt() @Min(0) failsAfter?: number;
  /** Waits after so many until the file of that name is there. */
  @IsOptional() @IsInt() @Min(0) waitsAfter?: number;
  @IsOptional() @IsString() gate?: string;
}

export class AnyOutput {
  @IsString() json!: string;
}

export class ChainInput {
  /** What is still to be called, next first. */
  @IsArray() @IsString({ each: true }) rest!: string[];
  /** Names the chain in the effect log; each link adds its depth. */
  @IsOptional() @IsString() name?: string;
}

export class SizeInput {
  @IsInt() @Min(0) bytes!: number;
}

export class WeighInput {
  /** Names the run in the effect log. */
  @IsString() name!: string;
  @IsString() load!: string;
  /** How long it takes. */
  @IsOptional() @IsInt() @Min(0) ms?: number;
  /** The first attempt that does not fail. */
  @IsOptional() @IsInt() @Min(1) until?: number;
}

export class Nothing extends EmptyDto {}
