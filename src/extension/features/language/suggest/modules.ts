import type { ModelInfo } from '../../../../protocol/inspector';
import type { Suggestion } from './suggestion';

/** The names of a model's matrices that an adapter can be put on, but those that are there already. */
export function suggestModules(model: ModelInfo, others: readonly string[]): Suggestion[] {
  return model.modules
    .filter(({ name }) => !others.includes(name))
    .map(({ name, count, rows, columns }) => ({
      label: name,
      kind: 'module',
      detail: `${count} × [${rows}, ${columns}]`,
      insert: name,
    }));
}

/** A whole list of them, for a value that is empty. */
export function suggestModuleLists(model: ModelInfo): Suggestion[] {
  const names = model.modules.map(({ name }) => name);
  const attention = names.filter((name) => /^[qkvo]_proj$/u.test(name));
  const lists = [attention.filter((name) => /^[qv]/u.test(name)), attention, names];
  return lists
    .filter((list, i) => list.length > 0 && lists.findIndex((other) => other.join() === list.join()) === i)
    .map((list) => ({ label: `[${list.join(', ')}]`, kind: 'module', insert: `[${list.join(', ')}]` }));
}
