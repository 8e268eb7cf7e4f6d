import type { Listen } from '../../../base/emitter';
import type { OtherRanks, RankPlan, RankRequest } from '../../../protocol/panels/ranks';
import type { ModulePlace, PanelProgress } from '../../../protocol/panels/subject';
import type { FollowedSubject } from '../../follower';
import type { KeyChange } from '../language/setKeys';

/** What ranks can be planned for: the modules of an experiment, with their energies. */
export interface RankBoard {
  /** For people: the experiment's name. */
  readonly name: string;
  readonly model?: string;
  readonly modules: readonly ModulePlace[];
  /** The ranks that a module may get, ascending. */
  readonly candidates: readonly number[];
  /** What the experiment says. */
  readonly configured: RankRequest;
  /** Why nothing can be written into the experiment; absent where it can. */
  readonly fixed?: string;
  /** These are the ranks of a run that has been: whatever is asked for, they are the plan. */
  readonly readOnly: boolean;
  /** Ranks of runs that have been, to compare with. */
  readonly others: readonly OtherRanks[];
  /** Shares a budget out, in milliseconds. Throws `InputError` where that cannot be. */
  plan(request: RankRequest): RankPlan;
  /** The keys that a request is written as. */
  changes(request: RankRequest): readonly KeyChange[];
}

/** Where boards come from. */
export interface RanksSource {
  /** The runs have changed, of which some may be compared with. */
  readonly onDidChange: Listen<void>;
  /** Names the runs that a subject's board is compared with: another text, another board. */
  comparable(subject: FollowedSubject): string;
  /**
   * Reads a subject and the energies of its modules, decomposing what is not known yet. Rejects with `InputError` for
   * what the user can mend; soon after the signal it does nothing more.
   */
  open(
    subject: FollowedSubject,
    progress: (progress: PanelProgress) => void,
    signal: AbortSignal,
  ): Promise<RankBoard>;
}
