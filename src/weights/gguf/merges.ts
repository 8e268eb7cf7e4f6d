/** Cutting a token costs its length squared; the longest real ones are runs of some 50 spaces. */
const LONGEST_TOKEN = 128;

/**
 * The merges that a SentencePiece vocabulary implies, for files that carry scores instead: every way to cut a token
 * into two tokens is a merge, and the token with the higher score is merged first; of the cuts of one token the one
 * whose left half, then right half, has the lower id, as in the `tokenizer.json` of the models themselves.
 * @param scores by token id
 */
export function mergesFromScores(
  vocab: ReadonlyMap<string, number>,
  scores: readonly number[],
): [string, string][] {
  const merges: { text: [string, string]; score: number; id: number; left: number; right: number }[] = [];
  for (const [token, id] of vocab) {
    const score = scores[id] ?? 0;
    for (let cut = 1; cut < token.length && token.length <= LONGEST_TOKEN; cut++) {
      const text: [string, string] = [token.slice(0, cut), token.slice(cut)];
      const left = vocab.get(text[0]);
      const right = vocab.get(text[1]);
      if (left !== undefined && right !== undefined) merges.push({ text, score, id, left, right });
    }
  }
  merges.sort((a, b) => b.score - a.score || a.id - b.id || a.left - b.left || a.right - b.right);
  return merges.map(({ text }) => text);
}
