import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import { show } from '../../base/show';
import { keysOf, schemaAt } from './schema/input';
import { type KeyPath, type Locate, parseSource } from './source';
import { EXPERIMENT_SCHEMA, unknownKey } from './validate';

/** Keys of which a file may have one alternative only: setting one from outside takes the place of the others. */
export const EXCLUSIVE: readonly (readonly (readonly string[])[])[] = [
  [['training.max_steps'], ['training.epochs']],
  [['training.warmup_steps'], ['training.warmup_ratio']],
  [['data.eval'], ['data.eval_fraction']],
  [['data.text'], ['data.prompt', 'data.completion'], ['data.chat']],
];

/**
 * Puts `--set key=value` pairs into `value` (changed in place), each value read as YAML. Errors name the override
 * as their file. Returns a locator that points at the override for every key that came from one.
 */
export function applyOverrides(
  value: Record<string, unknown>,
  overrides: readonly string[],
  locate: Locate,
  errors: InputError[],
): Locate {
  const origin = new Map<string, string>();
  for (const override of overrides) {
    const file = `--set ${override}`;
    const split = override.indexOf('=');
    const path = override.slice(0, Math.max(split, 0)).trim().split('.');
    if (split < 1 || path.includes('')) {
      errors.push(
        new InputError({
          what: 'this is no assignment',
          file,
          expected: 'key=value, e.g. training.max_steps=10',
        }),
      );
      continue;
    }
    const unknown = firstUnknown(path, () => ({ file }));
    if (unknown !== undefined) {
      errors.push(unknown);
      continue;
    }
    const text = override.slice(split + 1);
    const problems: InputError[] = [];
    const parsed = parseSource(text, file, problems).value ?? null;
    // What has to be text needs no quotes: a template such as {question} is a map to YAML.
    const literal = schemaAt(EXPERIMENT_SCHEMA, path)?.type === 'string' && typeof parsed !== 'string';
    if (problems.length > 0 && !literal) {
      errors.push(...problems);
      continue;
    }
    dropAlternatives(value, path.join('.'));
    const misplaced = setAt(value, path, literal ? text : parsed);
    if (misplaced !== undefined) {
      errors.push(
        new InputError({
          what: 'this section is no map of keys',
          ...locate(misplaced, 'value'),
          key: misplaced.join('.'),
        }),
      );
      continue;
    }
    origin.set(path.join('.'), file);
  }
  return (path, part) => {
    for (let length = path.length; length > 0; length--) {
      const file = origin.get(path.slice(0, length).join('.'));
      if (file !== undefined) return { file };
    }
    return locate(path, part);
  };
}

function firstUnknown(path: readonly string[], locate: Locate): InputError | undefined {
  for (let length = 1; length <= path.length; length++) {
    const head = path.slice(0, length);
    if (schemaAt(EXPERIMENT_SCHEMA, head) !== undefined) continue;
    const around = schemaAt(EXPERIMENT_SCHEMA, head.slice(0, -1)) ?? {};
    if (keysOf(around).length > 0) return unknownKey(head, around, locate);
    const parent = head.slice(0, -1).join('.');
    return new InputError({
      what: `${parent} has no keys of its own`,
      ...locate(head, 'key'),
      key: show(path.join('.')),
    });
  }
  return undefined;
}

function dropAlternatives(value: Record<string, unknown>, key: string): void {
  for (const group of EXCLUSIVE) {
    const own = group.find((alternative) => alternative.includes(key));
    if (own === undefined) continue;
    for (const other of group.flat()) {
      if (own.includes(other)) continue;
      const [section = '', name = ''] = other.split('.');
      const inside = Object.hasOwn(value, section) ? value[section] : undefined;
      if (isRecord(inside)) Reflect.deleteProperty(inside, name);
    }
  }
}

/** Sets a value; returns the path of the first step that is there but is no section. */
function setAt(value: Record<string, unknown>, path: readonly string[], to: unknown): KeyPath | undefined {
  let section = value;
  for (const [depth, step] of path.slice(0, -1).entries()) {
    const inner = Object.hasOwn(section, step) ? section[step] : undefined;
    if (inner === undefined || inner === null) {
      const fresh: Record<string, unknown> = {};
      section[step] = fresh;
      section = fresh;
    } else if (isRecord(inner)) section = inner;
    else return path.slice(0, depth + 1);
  }
  section[path.at(-1) ?? ''] = to;
  return undefined;
}
