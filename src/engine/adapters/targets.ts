import { InputError } from '../../base/errors';
import { nearest } from '../../base/nearest';
import type { AdaptedLayer } from './layer';

/** `target_modules` of the config: names of projections, paths or patterns with `*`; or every linear layer. */
export type TargetModules = 'all-linear' | readonly string[];

/**
 * The modules an adapter goes on, in the model's order. A name matches a module's whole path or its end (`q_proj`,
 * `mlp.up_proj`); `*` stands for any characters. Throws an InputError naming a target that matches nothing, and the
 * key that holds it where that is not `adapter.target_modules`.
 */
export function selectModules<Layer extends AdaptedLayer>(
  modules: readonly Layer[],
  targets: TargetModules,
  file?: string,
  key?: string,
): readonly Layer[] {
  if (targets === 'all-linear') return modules;
  const chosen = new Set<Layer>();
  for (const [i, target] of targets.entries()) {
    const matches = modulesOf(target, modules);
    if (matches.length === 0) {
      const kinds = [...new Set(modules.map((module) => module.kind))];
      const near = nearest(target, kinds);
      throw new InputError({
        what: `'${target}' matches no linear layer of the model`,
        file,
        key: key ?? `adapter.target_modules[${i}]`,
        expected: `one of ${kinds.join(', ')}, a path such as ${modules[0]?.path ?? ''}, or all-linear`,
        remedy: near === undefined ? 'Mend or remove the name.' : `Did you mean ${near}?`,
      });
    }
    for (const match of matches) chosen.add(match);
  }
  return modules.filter((module) => chosen.has(module));
}

/** Whether a target (a name, path or pattern) means a module. */
export function matchesTarget(target: string, path: string): boolean {
  return targetPattern(target).test(path);
}

/** The modules that a target (a name, path or pattern) means, in their order. */
export function modulesOf<Layer extends AdaptedLayer>(target: string, modules: readonly Layer[]): Layer[] {
  const pattern = targetPattern(target);
  return modules.filter(({ path }) => pattern.test(path));
}

function targetPattern(target: string): RegExp {
  const escaped = target.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`(^|\\.)${escaped.join('.*')}$`);
}

/** Throws an InputError where a rank (that of `key`) is larger than a module's matrix allows. */
export function checkRanks(
  modules: readonly AdaptedLayer[],
  rank: number,
  file?: string,
  key = 'adapter.rank',
): void {
  for (const module of modules) {
    const limit = Math.min(module.inputs, module.outputs);
    if (rank > limit) {
      throw new InputError({
        what: `the rank is larger than the matrix of ${module.path}`,
        file,
        key,
        got: String(rank),
        expected: `at most ${limit}, since the matrix is ${module.outputs} x ${module.inputs}`,
        remedy: 'Lower the rank, or leave the module out of adapter.target_modules.',
      });
    }
  }
}
