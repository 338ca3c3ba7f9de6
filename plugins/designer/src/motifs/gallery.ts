import type { Random } from '../seeded-random.js';
import { blocks } from './blocks.js';
import type { Motif, Shape, Stage } from './motif.js';
import { bars, halftone, network } from './points.js';
import { rings, tiles } from './tiles.js';
import { currents, dunes } from './waves.js';

const MOTIFS = { bars, blocks, currents, dunes, halftone, network, rings, tiles } satisfies Record<string, Motif>;

/** The family of pictures an illustration belongs to. */
export type MotifName = keyof typeof MOTIFS;

/** One family, by the stream. */
export function pickMotif(random: Random): MotifName {
  return random.pick(['tiles', 'rings', 'dunes', 'currents', 'blocks', 'halftone', 'bars', 'network']);
}

/** The shapes of a family on a stage, back to front. */
export function drawMotif(name: MotifName, stage: Stage): Shape[] {
  return MOTIFS[name](stage);
}
