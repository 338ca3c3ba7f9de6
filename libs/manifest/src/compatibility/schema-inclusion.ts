/**
 * Does one JSON Schema accept all that another accepts? Decided keyword by keyword, without ever guessing: what cannot be
 * shown counts as a gap. So "no gap" is certain, and a gap may be one that no value falls into. The rules are in
 * docs/compatibility.md.
 */
import { pointerTo } from '../problem.js';
import {
  areDisjoint,
  atMost,
  branchesOf,
  finiteOf,
  isNever,
  isOfValue,
  itemOf,
  otherItemsOf,
  othersOf,
  partsOf,
  propertyOf,
  schemaOfValue,
  typesOf,
} from './facts.js';
import { type Gap, gap } from './gap.js';
import { type Descent, RULES } from './keyword-rules.js';
import { keywordsOf, type Located, listWithin, namesWithin, within } from './located-schema.js';
import { isSame, isSameList } from './schema-identity.js';

export interface InclusionOptions {
  /** Members that the wider schema does not know are no gap, even where it allows no others. @default false */
  readonly ignoreUnknownMembers?: boolean;
  /** What cannot be told without running it, such as `pattern` and `not`, is not asked. @default false */
  readonly ignorePatterns?: boolean;
}

/** Of a single value it can be told whether the rest fits; of these only a validator can tell. */
const PATTERNS = new Set(
  'pattern format propertyNames patternProperties not contains if dependentSchemas multipleOf uniqueItems unevaluatedProperties unevaluatedItems $dynamicRef'.split(
    ' ',
  ),
);

/** How much may be compared: what goes beyond it is not known to fit. Several comparisons may share one. */
export interface Budget {
  steps: number;
}

/** Honest schemas take some hundred. */
const SCHEMA_STEPS = 20_000;
/** Comparisons within each other: more are of a schema that only refers to itself. */
const MAX_DEPTH = 300;

/** Where `wider` may refuse what `narrower` accepts; empty when it certainly accepts it all. */
export function inclusionGaps(
  wider: Located,
  narrower: Located,
  options: InclusionOptions = {},
  budget: Budget = { steps: SCHEMA_STEPS },
): Gap[] {
  const comparison = new Comparison(options, budget);
  const gaps = comparison.gapsOf([narrower], wider);
  return comparison.isTooLong
    ? [{ wider: wider.pointer, narrower: narrower.pointer, message: 'is too complex to be compared' }]
    : gaps;
}

class Comparison implements Descent {
  readonly #options: InclusionOptions;
  readonly #budget: Budget;
  #depth = 0;
  #isTooDeep = false;
  /** Pairs that are being compared further out: a recursive schema comes back to them, one level deeper in the value. */
  readonly #open: (readonly [Located, readonly Located[]])[] = [];

  constructor(options: InclusionOptions, budget: Budget) {
    this.#options = options;
    this.#budget = budget;
  }

  get isTooLong(): boolean {
    return this.#budget.steps < 0 || this.#isTooDeep;
  }

  ignoresUnknown(keyword: string): boolean {
    return this.#options.ignoreUnknownMembers === true && keyword.endsWith('Properties');
  }

  /** Of a member or item: one level deeper in the value, where recursion may be taken for granted. */
  #gapsBelow(narrow: readonly Located[], wide: Located): Gap[] {
    const isOpen = this.#open.some(([w, n]) => w.schema === wide.schema && isSameList(n, narrow));
    if (isOpen) return [];
    this.#open.push([wide, narrow]);
    const gaps = this.gapsOf(narrow, wide);
    this.#open.pop();
    return gaps;
  }

  gapsOf(narrow: readonly Located[], wide: Located): Gap[] {
    this.#budget.steps--;
    this.#isTooDeep ||= this.#depth >= MAX_DEPTH;
    if (this.isTooLong || wide.schema === true) return [];
    this.#depth++;
    const gaps = this.#gapsWithin(narrow, wide);
    this.#depth--;
    return gaps;
  }

  #gapsWithin(narrow: readonly Located[], wide: Located): Gap[] {
    const parts = partsOf(narrow);
    if (isNever(parts) || parts.some((part) => isSame(part, wide))) return [];
    if (wide.schema === false) return [gap(wide, parts, 'accepts nothing')];
    const values = parts.some(isOfValue) ? undefined : finiteOf(parts);
    if (values) return this.#gapsOfValues(values, parts, wide);
    const branching = branchesOf(parts);
    if (branching) return branching.flatMap((branch) => this.gapsOf([...narrow, branch], wide));
    return this.#gapsByKeyword(parts, wide);
  }

  /** Of each value on its own; `const` and `enum` are compared, the rest is looked up in what is certain of it. */
  #gapsOfValues(values: readonly unknown[], parts: readonly Located[], wide: Located): Gap[] {
    const place = parts[0]?.pointer ?? '';
    return values.flatMap((value) => {
      const schema = schemaOfValue(value);
      const gaps = this.#gapsByKeyword([{ schema, pointer: place, root: { schema, pointer: place } }], wide);
      return gaps.map((one) => ({ ...one, narrower: place }));
    });
  }

  #gapsByKeyword(parts: readonly Located[], wide: Located): Gap[] {
    const keywords = keywordsOf(wide);
    const types = typesOf(parts);
    const gaps: Gap[] = [];
    for (const keyword of Object.keys(keywords)) {
      const rule = RULES[keyword];
      if (this.#options.ignorePatterns && PATTERNS.has(keyword)) continue;
      if (!rule || (rule.of && !rule.of.some((type) => types.has(type)))) continue;
      const outcome = rule.check({ keyword, value: keywords[keyword], parts, types, wide, comparison: this });
      if (typeof outcome === 'string')
        gaps.push(gap({ ...wide, pointer: pointerTo(wide.pointer, keyword) }, parts, outcome));
      else gaps.push(...outcome);
    }
    return gaps;
  }

  members(parts: readonly Located[], wide: Located): Gap[] {
    return namesWithin(wide, 'properties').flatMap((name) => {
      const member = within(wide, 'properties', name);
      return member ? this.#gapsBelow(propertyOf(parts, name), member) : [];
    });
  }

  /** Of members that the wider schema does not name. */
  otherMembers(parts: readonly Located[], wide: Located, others: Located): Gap[] {
    const isNamed = (name: string) => within(wide, 'properties', name) !== undefined;
    if (others.schema === false && this.ignoresUnknown('additionalProperties')) return [];
    if (this.#options.ignorePatterns && namesWithin(wide, 'patternProperties').length > 0) return [];
    const named = parts.flatMap((part) => namesWithin(part, 'properties')).filter((name) => !isNamed(name));
    const patterned = parts.flatMap((part) =>
      namesWithin(part, 'patternProperties')
        .filter((pattern) => !namesWithin(wide, 'patternProperties').includes(pattern))
        .flatMap((pattern) => within(part, 'patternProperties', pattern) ?? []),
    );
    return [
      ...[...new Set(named)].flatMap((name) => this.#gapsBelow(propertyOf(parts, name), others)),
      ...patterned.flatMap((one) => this.#gapsBelow([one], others)),
      ...this.#gapsBelow(othersOf(parts), others),
    ];
  }

  patterned(parts: readonly Located[], wide: Located): Gap[] {
    return namesWithin(wide, 'patternProperties').flatMap((pattern) => {
      const member = within(wide, 'patternProperties', pattern);
      if (!member) return [];
      // Whether it matches is not asked: any name may.
      const names = parts.flatMap((part) => namesWithin(part, 'properties'));
      const same = parts.flatMap((part) => within(part, 'patternProperties', pattern) ?? []);
      // Any other name may match the pattern too.
      const rest = same.length > 0 ? same : othersOf(parts);
      const others = parts.flatMap((part) =>
        namesWithin(part, 'patternProperties')
          .filter((one) => one !== pattern)
          .flatMap((one) => within(part, 'patternProperties', one) ?? []),
      );
      return [
        ...[...new Set(names)].flatMap((name) => this.#gapsBelow([...propertyOf(parts, name), ...same], member)),
        ...(same.length > 0 ? [] : others.flatMap((one) => this.#gapsBelow([one], member))),
        ...this.#gapsBelow(rest, member),
      ];
    });
  }

  items(parts: readonly Located[], wide: Located): Gap[] {
    const first = listWithin(wide, 'prefixItems');
    const most = atMost(parts, 'maxItems') ?? Number.POSITIVE_INFINITY;
    const own = Math.max(0, ...parts.map((part) => listWithin(part, 'prefixItems').length));
    const rest = within(wide, 'items');
    const gaps = first.flatMap((item, index) => (index < most ? this.#gapsBelow(itemOf(parts, index), item) : []));
    if (!rest) return gaps;
    for (let index = first.length; index < Math.min(own, most); index++) {
      gaps.push(...this.#gapsBelow(itemOf(parts, index), rest));
    }
    if (Math.max(own, first.length) < most) gaps.push(...this.#gapsBelow(otherItemsOf(parts), rest));
    return gaps;
  }

  /** Does the first of some schemas accept it all, and, where only one may, no other any of it? */
  oneOf(parts: readonly Located[], branches: readonly Located[], isExclusive: boolean): boolean {
    return branches.some((branch) => {
      const isIn = this.gapsOf(parts, branch).length === 0;
      return (
        isIn &&
        (!isExclusive ||
          this.#options.ignorePatterns ||
          branches.every((other) => other === branch || areDisjoint(parts, partsOf([other]))))
      );
    });
  }
}
