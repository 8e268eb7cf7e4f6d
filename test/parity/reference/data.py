"""How a row becomes tokens, and rows become steps."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast

IGNORED = -100


@dataclass
class Sample:
    """`labels[t]` is `ids[t]` where that token is supervised, else IGNORED; position t - 1 predicts it."""

    ids: list[int]
    labels: list[int]

    @property
    def supervised(self) -> int:
        return sum(label != IGNORED for label in self.labels[1:])


def fill(template: str, row: dict) -> str:
    """{column} by the row's text; nothing else is special."""
    for key, value in row.items():
        template = template.replace("{" + key + "}", value if isinstance(value, str) else json.dumps(value))
    return template


def encode_text(tokenizer, text: str) -> Sample:
    ids = tokenizer(text)["input_ids"] + [tokenizer.eos_token_id]
    return Sample(ids, list(ids))


def encode_pair(tokenizer, prompt: str, completion: str) -> Sample:
    head = tokenizer(prompt)["input_ids"]
    tail = tokenizer(completion, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    return Sample(head + tail, [IGNORED] * len(head) + tail)


def encode_chat(tokenizer, messages: list[dict]) -> Sample:
    """
    The whole conversation is rendered and tokenised at once; a token is supervised when it begins inside what the
    template adds for an assistant's message after its generation prompt.
    """
    whole = tokenizer.apply_chat_template(messages, tokenize=False)
    spans = []
    for index, message in enumerate(messages):
        if message["role"] == "assistant":
            before = tokenizer.apply_chat_template(messages[:index], tokenize=False, add_generation_prompt=True)
            after = tokenizer.apply_chat_template(messages[: index + 1], tokenize=False)
            spans.append((len(before), len(after)))
    encoded = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)
    ids = encoded["input_ids"]
    inside = [any(start <= offset[0] < end for start, end in spans) for offset in encoded["offset_mapping"]]
    return Sample(ids, [token if kept else IGNORED for token, kept in zip(ids, inside)])


def read_samples(tokenizer, data: dict, path: Path) -> list[Sample]:
    """Rows in file order, cut at max_length from the right; a row left with nothing to learn from is dropped."""
    limit = int(data.get("max_length", 512))
    samples = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "text" in data:
            sample = encode_text(tokenizer, fill(data["text"], row))
        elif "chat" in data:
            sample = encode_chat(tokenizer, row[data["chat"]])
        else:
            sample = encode_pair(tokenizer, fill(data["prompt"], row), fill(data["completion"], row))
        sample = Sample(sample.ids[:limit], sample.labels[:limit])
        if sample.supervised:
            samples.append(sample)
    return samples


def pack(samples: list[Sample], limit: int) -> list[list[Sample]]:
    """Rows of several samples: in order, a new row where the next sample would not fit any more."""
    rows: list[list[Sample]] = []
    room = 0
    for sample in samples:
        if not rows or len(sample.ids) > room:
            rows.append([])
            room = limit
        rows[-1].append(sample)
        room -= len(sample.ids)
    return rows


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """tokenizer.json as it stands: AutoTokenizer replaces some families' pre-tokenizer by one of its own."""
    return PreTrainedTokenizerFast.from_pretrained(folder)


def training_rows(experiment) -> list[list[Sample]]:
    """Every row of the training file, as the samples in it (one, unless packed)."""
    tokenizer = load_tokenizer(experiment.model)
    samples = read_samples(tokenizer, experiment.data, experiment.folder / experiment.data["train"])
    if experiment.data.get("packing"):
        return pack(samples, int(experiment.data.get("max_length", 512)))
    return [[sample] for sample in samples]


def steps(rows: list, batch_size: int, accumulation: int, max_steps: int):
    """Yields each optimiser step's micro-batches: file order, again from the start at the end, last one short."""
    done = 0
    while True:
        for start in range(0, len(rows), batch_size * accumulation):
            chosen = rows[start : start + batch_size * accumulation]
            yield [chosen[i : i + batch_size] for i in range(0, len(chosen), batch_size)]
            done += 1
            if done == max_steps:
                return


def collate(samples: list[Sample], pad: int) -> dict[str, torch.Tensor]:
    """Right padding to the longest."""
    length = max(len(sample.ids) for sample in samples)
    ids = torch.full((len(samples), length), pad)
    labels = torch.full((len(samples), length), IGNORED)
    mask = torch.zeros((len(samples), length), dtype=torch.long)
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)] = torch.tensor(sample.ids)
        labels[row, : len(sample.ids)] = torch.tensor(sample.labels)
        mask[row, : len(sample.ids)] = 1
    return {"input_ids": ids, "labels": labels, "attention_mask": mask}
