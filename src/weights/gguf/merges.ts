/**
 * The merges that a SentencePiece vocabulary implies, for files that carry scores instead: every way to cut a token
 * into two tokens is a merge, and the token with the higher score is merged first; of the cuts of one token the one
 * with the longer left half, as Hugging Face's converter orders them.
 * @param scores by token id
 */
export function mergesFromScores(
  vocab: ReadonlyMap<string, number>,
  scores: readonly number[],
): [string, string][] {
  const merges: { left: string; right: string; score: number }[] = [];
  for (const [token, id] of vocab) {
    const score = scores[id] ?? 0;
    for (let cut = 1; cut < token.length && cut <= LONGEST_TOKEN; cut++) {
      const left = token.slice(0, cut);
      const right = token.slice(cut);
      if (vocab.has(left) && vocab.has(right)) merges.push({ left, right, score });
    }
  }
  merges.sort(
    (a, b) => b.score - a.score || b.left.length - a.left.length || b.right.length - a.right.length,
  );
  return merges.map(({ left, right }) => [left, right]);
}

/** Cutting a token costs its length squared; real ones are below 100 characters. */
const LONGEST_TOKEN = 1000;
