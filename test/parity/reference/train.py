"""The reference training loop: PyTorch's AdamW and clipping, Transformers' forward pass and schedules."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from transformers import get_scheduler
from transformers.trainer_pt_utils import get_parameter_names

from . import adapters, data
from .experiment import Experiment

# transformers.Trainer.get_decay_parameter_names
NO_DECAY = [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"]


@dataclass
class History:
    """One entry a step; `evaluations` by step. `tokens` are the supervised ones, `input_tokens` all but padding."""

    losses: list[float] = field(default_factory=list)
    grad_norms: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    input_tokens: list[int] = field(default_factory=list)
    trainable: list[int] = field(default_factory=list)
    evaluations: dict[int, float] = field(default_factory=dict)


def summed_loss(model: nn.Module, samples: list[data.Sample]) -> torch.Tensor:
    """Cross-entropy summed over the supervised positions of a padded batch."""
    batch = data.collate(samples, pad=0)
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False).logits
    targets = batch["labels"][:, 1:]
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten(), ignore_index=data.IGNORED, reduction="sum")


def supervised_logits(model: nn.Module, samples: list[data.Sample]) -> torch.Tensor:
    """Logits of the positions that predict a supervised token, sample after sample: [supervised, vocabulary]."""
    rows = []
    with torch.no_grad():
        for sample in samples:
            logits = model(input_ids=torch.tensor([sample.ids]), use_cache=False).logits[0, :-1]
            rows.append(logits[torch.tensor(sample.labels[1:]) != data.IGNORED])
    return torch.cat(rows)


def evaluate(model: nn.Module, samples: list[data.Sample]) -> float:
    """Mean loss over all supervised tokens."""
    with torch.no_grad():
        total = sum(summed_loss(model, samples[i : i + 8]).item() for i in range(0, len(samples), 8))
    return total / sum(sample.supervised for sample in samples)


def optimiser(model: nn.Module, experiment: Experiment) -> torch.optim.AdamW:
    training = experiment.training
    decayed = set(get_parameter_names(model, [nn.LayerNorm], NO_DECAY))
    groups: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name in decayed].append(parameter)
    return torch.optim.AdamW(
        [
            {"params": groups[True], "weight_decay": training.weight_decay},
            {"params": groups[False], "weight_decay": 0.0},
        ],
        lr=training.learning_rate,
        betas=(training.beta1, training.beta2),
        eps=training.epsilon,
    )


class Freezing:
    """LaMDA's frozen columns: no gradient before the norm is taken, and put back after the optimiser moved them."""

    def __init__(self, model: nn.Module, experiment: Experiment):
        self.modules = [m for m in adapters.lamda_modules(model) if not m.core_only]
        self.steps = experiment.training.max_steps
        self.fraction = experiment.adapter.freeze_fraction
        self.kept: list[torch.Tensor] = []

    def frozen(self, module: adapters.LamdaLinear, step: int) -> int:
        """Columns that may not move in step `step` (1-based): those frozen after the one before."""
        return adapters.frozen_columns(module.rank, step - 1, self.steps, self.fraction)

    def before_update(self, step: int) -> None:
        self.kept = [module.pmb.detach()[:, : self.frozen(module, step)].clone() for module in self.modules]
        for module, kept in zip(self.modules, self.kept):
            module.pmb.grad[:, : kept.shape[1]] = 0

    def after_update(self) -> None:
        with torch.no_grad():
            for module, kept in zip(self.modules, self.kept):
                module.pmb[:, : kept.shape[1]] = kept

    def numbers(self, step: int) -> int:
        """How many numbers of the modules' second projections are frozen in this step."""
        return sum(module.pmb.shape[0] * self.frozen(module, step) for module in self.modules)


def snapshot(named: dict[str, nn.Parameter]) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone().contiguous() for name, parameter in named.items()}


def gradients(named: dict[str, nn.Parameter]) -> dict[str, torch.Tensor]:
    return {name: parameter.grad.detach().clone().contiguous() for name, parameter in named.items()}


# Micro-batches that the gradient of `basis: gradient` is averaged over.
SKETCHED = 8


def first_gradients(experiment: Experiment, rows: list) -> dict[str, torch.Tensor]:
    """dL/dW of each target's weight, where L is the base model's mean loss over the first micro-batches' tokens."""
    model = adapters.load_base(experiment.model)
    size = experiment.training.batch_size
    batches = [
        [sample for row in rows[start : start + size] for sample in row] for start in range(0, len(rows), size)
    ][:SKETCHED]
    tokens = sum(sample.supervised for batch in batches for sample in batch)
    for batch in batches:
        (summed_loss(model, batch) / tokens).backward()
    linears = adapters.target_linears(model, experiment.adapter)
    return {name: module.weight.grad.clone() for name, module in linears.items()}


def spectrum(gradients: dict[str, torch.Tensor], rank: int) -> dict[str, torch.Tensor]:
    """The top singular triples of each gradient, as `<module>.u`, `.sigma` and `.vt`."""
    parts = {}
    for name, gradient in gradients.items():
        for part, values in zip(("u", "sigma", "vt"), adapters.top_triples(gradient, rank)):
            parts[f"{name}.{part}"] = values.float().contiguous()
    return parts


def train(experiment: Experiment, out: Path) -> dict:
    """
    Runs the experiment and writes into `out`: initial, gradients (of step 1, before clipping) and final as
    safetensors, and logits (of step 1's first micro-batch, before training); where LaMDA starts from the gradient,
    that one's spectrum. Returns the history as plain values.
    """
    out.mkdir(parents=True, exist_ok=True)
    training = experiment.training
    rows = data.training_rows(experiment)
    held_out = evaluation_samples(experiment)
    gradient = first_gradients(experiment, rows) if experiment.adapter.basis == "gradient" else {}
    if gradient:
        save_file(spectrum(gradient, experiment.adapter.rank), out / "spectrum.safetensors")
    model = adapters.build(experiment, gradient)
    model.train()
    named = adapters.trainable(model)
    adam = optimiser(model, experiment)
    schedule = get_scheduler(training.scheduler, adam, training.warmup_steps, training.max_steps)
    freezing = Freezing(model, experiment)
    total = sum(parameter.numel() for parameter in named.values())
    history = History()
    save_file(snapshot(named), out / "initial.safetensors")

    plan = data.steps(rows, training.batch_size, training.gradient_accumulation, training.max_steps)
    for step, micro_batches in enumerate(plan, start=1):
        batches = [[sample for row in micro_batch for sample in row] for micro_batch in micro_batches]
        if step == 1:
            save_file({"logits": supervised_logits(model, batches[0])}, out / "logits.safetensors")
        tokens = sum(sample.supervised for batch in batches for sample in batch)
        adam.zero_grad(set_to_none=False)
        loss = 0.0
        for batch in batches:
            part = summed_loss(model, batch) / tokens
            part.backward()
            loss += part.item()
        freezing.before_update(step)
        if step == 1:
            save_file(gradients(named), out / "gradients.safetensors")
        norm = nn.utils.clip_grad_norm_(named.values(), training.max_grad_norm or float("inf"))
        history.learning_rates.append(schedule.get_last_lr()[0])
        adam.step()
        freezing.after_update()
        schedule.step()
        history.losses.append(loss)
        history.grad_norms.append(norm.item())
        history.tokens.append(tokens)
        history.input_tokens.append(sum(len(sample.ids) for batch in batches for sample in batch))
        history.trainable.append(total - freezing.numbers(step))
        if held_out and experiment.evaluate_every and step % experiment.evaluate_every == 0:
            history.evaluations[step] = evaluate(model, held_out)

    save_file(snapshot(named), out / "final.safetensors")
    return asdict(history)


def evaluation_samples(experiment: Experiment) -> list[data.Sample]:
    if "eval" not in experiment.data:
        return []
    tokenizer = data.load_tokenizer(experiment.model)
    return data.read_samples(tokenizer, experiment.data, experiment.folder / experiment.data["eval"])
