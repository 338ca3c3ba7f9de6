export { Agent, type AgentOptions, type AgentSpending, type Budget, type ModelSpending } from './agent.js';
export type { JsonSchema } from './answer-tool.js';
export { type AnthropicOptions, createAnthropicModel } from './anthropic-model.js';
export type { Answer, Conversation, PromptOptions, StructuredAnswer } from './conversation.js';
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
export { type ModelSettings, type Persona, Personas } from './persona.js';
export { loadPersonas } from './persona-folder.js';
export { type ModelPrice, type PriceTable, parsePrices } from './prices.js';
export type { Tool } from './tool.js';
