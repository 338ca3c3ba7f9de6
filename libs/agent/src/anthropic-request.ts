import type Anthropic from '@anthropic-ai/sdk';
import type { AssistantBlock, Message, ModelRequest, TextBlock, ToolResultBlock } from './model.js';

/** The SDK's types no longer have `temperature`, which older models still take; newer ones refuse it. */
export type AnthropicRequest = Anthropic.MessageCreateParamsStreaming & { temperature?: number };

const EPHEMERAL = { type: 'ephemeral' } as const;

/** Marks two ends for the cache: that of tools and system prompt, which many conversations share, and that of the messages. */
export function anthropicRequest(request: ModelRequest): AnthropicRequest {
  const { model, maxTokens, messages, system, tools, temperature, thinking, cache = true } = request;
  return {
    model,
    max_tokens: maxTokens,
    stream: true,
    messages: messages.map(messageParam),
    ...(cache && { cache_control: EPHEMERAL }),
    ...(system && { system: [{ type: 'text', text: system, ...(cache && { cache_control: EPHEMERAL }) }] }),
    ...(tools?.length && {
      tools: tools.map(({ name, description, inputSchema }) => ({
        name,
        description,
        input_schema: { ...inputSchema, type: 'object' as const },
      })),
    }),
    ...(temperature !== undefined && { temperature }),
    ...(thinking !== undefined && { thinking: thinkingParam(thinking) }),
  };
}

function thinkingParam(thinking: NonNullable<ModelRequest['thinking']>): Anthropic.ThinkingConfigParam {
  return thinking === 'adaptive' ? { type: 'adaptive' } : { type: 'enabled', budget_tokens: thinking.maxTokens };
}

function messageParam({ role, content }: Message): Anthropic.MessageParam {
  return { role, content: content.map(blockParam) };
}

function blockParam(block: TextBlock | ToolResultBlock | AssistantBlock): Anthropic.ContentBlockParam {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'thinking':
      return { type: 'thinking', thinking: block.thinking, signature: block.signature };
    case 'redacted-thinking':
      return { type: 'redacted_thinking', data: block.data };
    case 'tool-use':
      return { type: 'tool_use', id: block.id, name: block.name, input: block.input };
    case 'tool-result':
      return { type: 'tool_result', tool_use_id: block.id, content: block.content, is_error: block.isError };
  }
}
