"""
A server, so that one process pays for the imports once. Each line of standard input is a request
`{"id": 1, "do": "train", ...}`, each line of standard output its reply `{"id": 1, "result": ...}` or
`{"id": 1, "error": "..."}`. Ends with its input.
"""

import json
import os
import sys
import traceback
from pathlib import Path

# Whatever a library prints must not fall among the replies.
replies = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
os.dup2(2, 1)
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch  # noqa: E402
from transformers.utils import logging  # noqa: E402

from . import adapters, changes, corpus, exported, models, spectra, train  # noqa: E402
from .experiment import read_adapter, read_experiment  # noqa: E402


def build_model(request: dict) -> None:
    models.build_model(request["name"], Path(request["out"]))


def write_data(request: dict) -> None:
    corpus.write_data(Path(request["out"]))


def write_adapter(request: dict) -> None:
    adapter = read_adapter(request["adapter"], Path("."))
    adapters.write_lora_adapter(Path(request["model"]), Path(request["out"]), adapter, request["seed"])


def run_training(request: dict) -> dict:
    return train.train(read_experiment(Path(request["config"])), Path(request["out"]))


def run_export(request: dict) -> dict:
    paths = [Path(request[key]) if request.get(key) else None for key in ("adapter", "merged")]
    return exported.inspect_export(Path(request["config"]), *paths, Path(request["out"]))


def write_matrices(request: dict) -> None:
    spectra.write_random(Path(request["out"]))


def run_spectra(request: dict) -> dict:
    return spectra.singular_values(Path(request["file"]), request["name"])


def run_changes(request: dict) -> dict:
    return changes.adapter_changes(Path(request["model"]), Path(request["adapter"]), request["rank"])


ACTIONS = {
    "model": build_model,
    "data": write_data,
    "adapter": write_adapter,
    "train": run_training,
    "export": run_export,
    "matrices": write_matrices,
    "spectra": run_spectra,
    "changes": run_changes,
}


def main() -> None:
    # Models this small are slower on many threads than on one.
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"id": request["id"], "result": ACTIONS[request["do"]](request)}
        except Exception:
            reply = {"id": request["id"], "error": traceback.format_exc()}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


main()
