import type { ModelSettings, PriceTable, Tool } from '@orchestrator/agent';

/** What a plugin's agent is to be. What is left out comes from the environment: see docs/configuration.md. */
export interface AgentOptions extends ModelSettings {
  /** @default `ORC_MODEL` */
  readonly model?: string | undefined;
  /** The system prompt, where there is no persona. */
  readonly system?: string;
  /**
   * What it may use: capabilities, as `editor.copy-edit`, `designer.*` or `*`, and tools of the plugin's own. A capability is
   * called in the invocation's name: it must be among the plugin's uses or grants, and counts as any nested call. @default nothing
   */
  readonly tools?: readonly (string | Tool)[];
  /** The folder of its personas: Markdown with front matter. */
  readonly personas?: string | URL;
  /** What a configuration says of some of them, by name; it goes before what the files say. */
  readonly personaSettings?: Readonly<Record<string, ModelSettings>>;
  /** @default the file that `ORC_MODEL_PRICES` names */
  readonly prices?: PriceTable;
  /** How many replies of the model one prompt may take. @default 16 */
  readonly maxTurns?: number;
}
