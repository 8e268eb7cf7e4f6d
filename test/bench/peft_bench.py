"""
Trains a *.tune.yaml with Transformers and PEFT as their documentation shows it, and prints one JSON object: what a
step takes in time and memory, and the losses.

    python peft_bench.py FILE.tune.yaml [--threads 2] [--warmup 2] [--checkpointing]

f32, AdamW, batches padded on the right to their longest row, the model's own loss. Rows, their tokens and their order
are those of the trainer (../parity/reference). Times are of whole steps: forward, backward, clipping and update.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "parity"))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import peft  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from reference import adapters, data  # noqa: E402
from reference.experiment import read_experiment  # noqa: E402
from reference.train import optimiser  # noqa: E402


def peak_mb() -> float:
    """The most memory that this process ever had resident, as the kernel counts it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM in /proc/self/status: peak memory is measured on Linux only")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiment", type=Path)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--warmup", type=int, default=2, help="steps that are not timed")
    parser.add_argument("--checkpointing", action="store_true", help="gradient checkpointing")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    transformers.utils.logging.disable_progress_bar()
    experiment = read_experiment(arguments.experiment)
    training = experiment.training
    rows = [row[0] for row in data.training_rows(experiment)]
    pad = data.load_tokenizer(experiment.model).pad_token_id
    model = adapters.build(experiment)
    model.train()
    if arguments.checkpointing:
        model.gradient_checkpointing_enable()
        model.enable_input_require_grads()
    adam = optimiser(model, experiment)
    schedule = transformers.get_scheduler(training.scheduler, adam, training.warmup_steps, training.max_steps)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    losses, seconds, tokens, inputs, padded = [], [], [], [], []
    for (samples,) in data.steps(rows, training.batch_size, 1, training.max_steps):
        begun = time.perf_counter()
        batch = data.collate(samples, pad)
        loss = model(**batch, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, training.max_grad_norm or float("inf"))
        adam.step()
        schedule.step()
        adam.zero_grad()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - begun)
        tokens.append(sum(sample.supervised for sample in samples))
        inputs.append(sum(len(sample.ids) for sample in samples))
        padded.append(batch["input_ids"].numel())

    timed = slice(arguments.warmup, None)
    total = sum(seconds[timed])
    result = {
        "seconds_per_step": statistics.median(seconds[timed]),
        "supervised_tokens_per_s": sum(tokens[timed]) / total,
        "input_tokens_per_s": sum(inputs[timed]) / total,
        "padding": 1 - sum(inputs) / sum(padded),
        "peak_rss_mb": round(peak_mb()),
        "losses": losses,
        "threads": torch.get_num_threads(),
        "trainable": sum(parameter.numel() for parameter in parameters),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
    }
    print(json.dumps(result))


main()
