"""Seeded small texts: word problems of varying length, the same as prompt and answer, plain text and chat."""

import json
import random
from pathlib import Path

NAMES = ["Ada", "Bela", "Chen", "Dora", "Emil", "Farah", "Goran", "Hana"]
THINGS = ["apples", "clips", "cards", "stones", "books", "coins", "pears", "stamps"]
REASONS = [
    "because the market was closed",
    "after a long walk along the river",
    "while her brother was counting the rest twice",
    "and nobody in the village knew why",
]
EXTRAS = [
    "Then it began to rain.",
    "The shop opens at nine and closes at five.",
    "Count again, slowly, and write the number down.",
    "It was the 3rd of May, and café tables stood outside – all of them empty.",
]


def problem(source: random.Random) -> tuple[str, str]:
    name, thing = source.choice(NAMES), source.choice(THINGS)
    first, second = source.randint(2, 60), source.randint(2, 40)
    question = f"{name} has {first} {thing} and finds {second} more"
    if source.random() < 0.5:
        question += " " + source.choice(REASONS)
    question += "."
    for _ in range(source.randint(0, 2)):
        question += " " + source.choice(EXTRAS)
    question += f" How many {thing} are there?"
    answer = f"{first} + {second} = {first + second}."
    if source.random() < 0.4:
        answer += f"\n{source.choice(EXTRAS)}"
    return question, f"{answer}\n#### {first + second}"


def corpus_lines() -> list[str]:
    source = random.Random(7)
    return [part for _ in range(200) for part in problem(source)]


def write_rows(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_data(folder: Path, train_rows: int = 45, eval_rows: int = 10) -> None:
    """pairs, text and chat, each with a training and an evaluation file. 45 rows: no batch size in use divides it."""
    folder.mkdir(parents=True, exist_ok=True)
    source = random.Random(11)
    for split, count in (("train", train_rows), ("eval", eval_rows)):
        problems = [problem(source) for _ in range(count)]
        write_rows(folder / f"pairs-{split}.jsonl", [{"question": q, "answer": a} for q, a in problems])
        write_rows(folder / f"text-{split}.jsonl", [{"text": f"{q}\n{a}"} for q, a in problems])
        write_rows(folder / f"chat-{split}.jsonl", [{"messages": conversation(source, q, a)} for q, a in problems])


def conversation(source: random.Random, question: str, answer: str) -> list[dict]:
    """One or two exchanges, some under a system message."""
    messages = [{"role": "system", "content": "Answer with a number."}] if source.random() < 0.5 else []
    messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    if source.random() < 0.5:
        messages += [{"role": "user", "content": "Are you sure?"}, {"role": "assistant", "content": "Yes, I am."}]
    return messages
