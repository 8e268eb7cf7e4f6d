// A byte-level BPE tokenizer, trained from nothing, in the form of Hugging Face's tokenizer.json.

/** GPT-2's split into words. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** GPT-2's printable character for each byte. */
function byteCharacters() {
  const printable = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** Learns merges until there are `size` tokens, special ones first. Ties go to the pair that sorts first. */
export function trainBpe(texts, size, special) {
  const characters = byteCharacters();
  const tokens = [...special, ...[...characters].sort()];
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const counts = new Map();
  for (const text of texts) {
    for (const [word] of text.matchAll(WORDS)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const words = [...counts].map(([word, count]) => ({
    count,
    ids: [...Buffer.from(word, 'utf8')].map((byte) => idOf.get(characters[byte])),
  }));
  const pairs = new Map(); // pair -> how often, and in which words
  const key = (a, b) => a * 65536 + b;
  const count = (word, sign) => {
    for (let i = 0; i + 1 < word.ids.length; i++) {
      const pair = key(word.ids[i], word.ids[i + 1]);
      const entry = pairs.get(pair) ?? { total: 0, words: new Set() };
      entry.total += sign * word.count;
      if (sign > 0) entry.words.add(word);
      pairs.set(pair, entry);
    }
  };
  for (const word of words) count(word, 1);
  const merges = [];
  while (tokens.length < size) {
    let best;
    let most = 1;
    for (const [pair, { total }] of pairs) {
      if (total > most || (total === most && best !== undefined && pair < best)) [best, most] = [pair, total];
    }
    if (best === undefined) break;
    const [a, b] = [Math.floor(best / 65536), best % 65536];
    const made = tokens.length;
    tokens.push(tokens[a] + tokens[b]);
    merges.push([tokens[a], tokens[b]]);
    for (const word of [...pairs.get(best).words]) {
      if (!word.ids.some((id, i) => id === a && word.ids[i + 1] === b)) continue;
      count(word, -1);
      const ids = [];
      for (let i = 0; i < word.ids.length; i++) {
        const joined = word.ids[i] === a && word.ids[i + 1] === b;
        ids.push(joined ? made : word.ids[i]);
        if (joined) i++;
      }
      word.ids = ids;
      count(word, 1);
    }
    pairs.delete(best);
  }
  return { tokens, merges };
}

/** `tokenizer.json`: `bos` goes before each text. */
export function tokenizerJson({ tokens, merges }, special, bos) {
  const id = tokens.indexOf(bos);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, index) => ({
      id: index,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: bos, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 1 } },
      ],
      special_tokens: { [bos]: { id: bos, ids: [id], tokens: [bos] } },
    },
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, index) => [token, index])),
      merges,
    },
  };
}
