/** What a model can have done: the port, and how the calls of one reply are made. */
import { Fault } from '@orchestrator/protocol';
import type { AssistantBlock, ToolDefinition, ToolResultBlock } from './model.js';
import { nearestNames } from './nearest.js';

export interface Tool extends ToolDefinition {
  /**
   * Does it. What it answers goes to the model: text as it is, anything else as JSON. What it throws goes there, too, as an error.
   * @param signal aborts when the agent is to end
   */
  call(input: Readonly<Record<string, unknown>>, signal: AbortSignal | undefined): Promise<unknown>;
}

type ToolUse = Extract<AssistantBlock, { type: 'tool-use' }>;

/** More would take most of what a model can read. */
const MAX_RESULT_CHARACTERS = 200_000;

/** Calls all of them at once. Only what ends the agent itself is thrown: the reason of its signal. */
export function callTools(
  uses: readonly ToolUse[],
  tools: readonly Tool[],
  signal: AbortSignal | undefined,
): Promise<ToolResultBlock[]> {
  return Promise.all(uses.map((use) => callTool(use, tools, signal)));
}

async function callTool(
  use: ToolUse,
  tools: readonly Tool[],
  signal: AbortSignal | undefined,
): Promise<ToolResultBlock> {
  try {
    const tool = tools.find(({ name }) => name === use.name) ?? unknownTool(use.name, tools);
    const answer = await tool.call(use.input, signal);
    const content = typeof answer === 'string' ? answer : (JSON.stringify(answer) ?? 'null');
    if (content.length > MAX_RESULT_CHARACTERS) throw tooLong(content.length);
    return { type: 'tool-result', id: use.id, content, isError: false };
  } catch (error) {
    signal?.throwIfAborted();
    return { type: 'tool-result', id: use.id, content: JSON.stringify(Fault.from(error, 'failed')), isError: true };
  }
}

function unknownTool(name: string, tools: readonly Tool[]): never {
  const nearest = nearestNames(
    name,
    tools.map((tool) => tool.name),
  );
  throw new Fault('not-found', `There is no tool ${name}.`, { nearest });
}

function tooLong(characters: number): Fault {
  return new Fault('failed', `The answer has ${characters} characters; a tool may answer ${MAX_RESULT_CHARACTERS}.`);
}
