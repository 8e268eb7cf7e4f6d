"""
Writes test/fixtures/parity: what the references make of a few short experiments, so that the same can be proved where
there is no Python. Run by hand, from a commit: PYTHON test/parity/make_golden.py
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import yaml

here = Path(__file__).resolve().parent
sys.path.insert(0, str(here))

from reference import adapters, corpus, models, train  # noqa: E402
from reference.experiment import read_adapter, read_experiment  # noqa: E402
from reference.golden import committed, manifest  # noqa: E402

OUT = here.parent / "fixtures" / "parity"
SEED = 5
LORA = {"method": "lora", "rank": 4, "alpha": 8, "init_from": "adapter"}
TRAINING = {
    "max_steps": 20,
    "batch_size": 2,
    "gradient_accumulation": 2,
    "learning_rate": 0.004,
    "scheduler": "cosine",
    "warmup_steps": 4,
    "weight_decay": 0.05,
    "max_grad_norm": 0.5,
    "shuffle": False,
}
CASES = {
    "lora": {"adapter": LORA},
    "pissa": {"adapter": {"method": "pissa", "rank": 4}},
    "lamda": {"adapter": {"method": "lamda", "rank": 4, "freeze": {"fraction": 0.5}}},
    "lamda-gradient": {
        "adapter": {"method": "lamda", "rank": 4, "basis": "gradient", "freeze": {"fraction": 0.5}},
        "training": {"learning_rate": 0.01},
    },
    "full": {"adapter": {"method": "full"}, "training": {"learning_rate": 0.001}},
}
DATA = {
    "train": "data/pairs-train.jsonl",
    "eval": "data/pairs-eval.jsonl",
    "prompt": "Question: {question}\nAnswer: ",
    "completion": "{answer}",
    "max_length": 150,
}


def write_inputs() -> None:
    models.build_model("golden", OUT / "model")
    corpus.write_data(OUT / "data", train_rows=18, eval_rows=4)
    for unused in (*(OUT / "data").glob("chat-*"), *(OUT / "data").glob("text-*")):
        unused.unlink()
    adapters.write_lora_adapter(OUT / "model", OUT / "adapter", read_adapter({**LORA, "init_from": None}, OUT), SEED)
    (OUT / "adapter" / "README.md").unlink(missing_ok=True)
    # PEFT notes down where the base model lay, and keeps its targets as a set.
    path = OUT / "adapter" / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = "model"
    config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2) + "\n")


def write_case(name: str, differences: dict) -> None:
    experiment = {
        "model": "model",
        "data": DATA,
        "adapter": differences["adapter"],
        "training": {**TRAINING, **differences.get("training", {})},
        "evaluation": {"every": 10},
        "device": "cpu",
    }
    config = OUT / f"{name}.tune.yaml"
    config.write_text(yaml.safe_dump(experiment, sort_keys=False, width=110), encoding="utf-8")
    folder = OUT / name
    history = train.train(read_experiment(config), folder)
    (folder / "history.json").write_text(json.dumps(history, indent=1) + "\n")
    (folder / "final.safetensors").unlink()
    (folder / "logits.safetensors").unlink()
    if differences["adapter"]["method"] not in ("pissa", "lamda"):
        # Only what comes from singular vectors has signs to be compared.
        (folder / "initial.safetensors").unlink()


def main() -> None:
    commit = committed(here)
    torch.set_num_threads(1)
    shutil.rmtree(OUT, ignore_errors=True)
    write_inputs()
    for name, differences in CASES.items():
        write_case(name, differences)
    seeds = {"models": models.SEED, "adapter": SEED}
    packages = ("torch", "transformers", "peft", "safetensors", "tokenizers")
    record = manifest(OUT, "test/parity/make_golden.py", commit, seeds, packages)
    (OUT / "manifest.json").write_text(json.dumps(record, indent=2) + "\n")


main()
