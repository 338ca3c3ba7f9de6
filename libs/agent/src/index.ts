export { type AnthropicOptions, createAnthropicModel } from './anthropic-model.js';
export type {
  AssistantBlock,
  Message,
  Model,
  ModelCallOptions,
  ModelReply,
  ModelRequest,
  ReplyDelta,
  StopReason,
  Thinking,
  ToolDefinition,
  Usage,
} from './model.js';
export { ModelSlots, processSlots } from './model-slots.js';
