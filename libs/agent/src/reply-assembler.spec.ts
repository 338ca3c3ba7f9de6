import { describe, expect, it } from '@jest/globals';
import { Fault } from '@orchestrator/protocol';
import fc from 'fast-check';
import { ReplyAssembler } from './reply-assembler.js';

const START = { type: 'message_start', message: { model: 'm', usage: { input_tokens: 3, output_tokens: 1 } } };
const END = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
];

function assemble(events: readonly object[]) {
  const assembler = new ReplyAssembler();
  for (const event of events) assembler.take(JSON.stringify(event));
  return assembler.reply();
}

describe('ReplyAssembler', () => {
  it('takes no notice of what may be added to the protocol', () => {
    const events = [START, { type: 'ping' }, { type: 'content_block_brew', index: 7 }, ...END];
    expect(assemble(events)).toEqual({
      model: 'm',
      content: [],
      stopReason: 'end',
      usage: { inputTokens: 3, outputTokens: 9, cacheReadTokens: 0, cacheWriteTokens: 0 },
    });
  });

  it.each([
    ['a block out of turn', { type: 'content_block_start', index: 2, content_block: { type: 'text', text: '' } }],
    ['a piece of a block that has not begun', { type: 'content_block_delta', index: 0, delta: {} }],
    ['a stop reason of its own', { type: 'message_delta', delta: { stop_reason: 'constructor' } }],
    ['a negative count', { type: 'message_delta', delta: {}, usage: { output_tokens: -1 } }],
    ['no message', { type: 'message_start' }],
  ])('%s — is garbage', (_, event) => {
    expect(() => assemble([START, event, ...END])).toThrow(
      expect.objectContaining({ code: 'unavailable', details: { reason: 'garbage' } }),
    );
  });

  it('a block that was not asked for — is garbage, not left out', () => {
    const block = { type: 'content_block_start', index: 0, content_block: { type: 'constructor' } };
    expect(() => assemble([START, block, ...END])).toThrow(/type constructor/);
  });

  it('whatever comes — a reply or a fault comes of it', () => {
    const types = [
      'message_start',
      'content_block_start',
      'content_block_delta',
      'message_delta',
      'message_stop',
      'error',
    ];
    const kinds = [
      'text',
      'thinking',
      'tool_use',
      'redacted_thinking',
      'text_delta',
      'input_json_delta',
      'signature_delta',
    ];
    const inner = fc.dictionary(
      fc.constantFrom(
        'type',
        'text',
        'id',
        'name',
        'input',
        'partial_json',
        'stop_reason',
        'usage',
        'message',
        'toString',
      ),
      fc.oneof(
        fc.constantFrom(...kinds, 'end_turn', 'tool_use'),
        fc.constant({ toString: 1 }),
        fc.jsonValue({ maxDepth: 1 }),
      ),
    );
    const open = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
    const event = fc.record(
      {
        type: fc.oneof(fc.constantFrom(...types), fc.jsonValue({ maxDepth: 1 })),
        index: fc.oneof(fc.nat(2), fc.jsonValue({ maxDepth: 1 })),
        ...{ message: inner, content_block: inner, delta: inner, error: inner, usage: inner },
      },
      { requiredKeys: ['type'] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(event, fc.jsonValue({ maxDepth: 1 })), { maxLength: 8 }), (events) => {
        try {
          assemble([START, open, ...(events as object[]), ...END]);
        } catch (error) {
          if (!Fault.is(error)) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
