"""The model of an experiment: Transformers', with PEFT's adapters or the plain modules of LaMDA."""

import math
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import AutoModelForCausalLM

from .experiment import Adapter, Experiment

PEFT_PREFIX = "base_model.model."


class LamdaLinear(nn.Module):
    """
    y = W x + (B S - B0 S0) A x, with W = U Sigma Vt: A the first r rows of Vt, frozen for ever (`pma`); S trained
    (`lda`); B trained until its columns are frozen (`pmb`). Balanced: c = rms(sigma) goes from the core to B.
    """

    def __init__(self, base: nn.Linear, rank: int, balance: bool, core_only: bool):
        super().__init__()
        self.base = base
        self.rank = rank
        self.core_only = core_only
        u, sigma, vt = torch.linalg.svd(base.weight.detach().double(), full_matrices=False)
        u, sigma, vt = u[:, :rank], sigma[:rank], vt[:rank]
        scale = sigma.square().mean().sqrt() if balance else 1.0
        self.register_buffer("pma", vt.float())
        self.register_buffer("lda0", torch.diag(sigma / scale).float())
        self.register_buffer("pmb0", (u * scale).float())
        self.lda = nn.Parameter(self.lda0.clone())
        self.pmb = nn.Parameter(self.pmb0.clone(), requires_grad=not core_only)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = x @ self.pma.T
        return self.base(x) + (h @ self.lda.T) @ self.pmb.T - (h @ self.lda0.T) @ self.pmb0.T


def frozen_columns(rank: int, step: int, steps: int, fraction: float) -> int:
    """Columns of the PMB that are frozen after optimiser step `step`: the largest singular values first."""
    last = math.ceil(fraction * steps)
    return rank if step >= last else min(rank, (rank * step) // last)


def load_base(folder: Path) -> nn.Module:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def is_target(name: str, targets: list[str]) -> bool:
    return name.rsplit(".", 1)[-1] in targets


def inject_lamda(model: nn.Module, adapter: Adapter) -> None:
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Linear) and is_target(name, adapter.target_modules):
            parent = model.get_submodule(name.rsplit(".", 1)[0])
            setattr(
                parent,
                name.rsplit(".", 1)[-1],
                LamdaLinear(module, adapter.rank, adapter.balance, adapter.core_only),
            )


def lora_config(adapter: Adapter, **more) -> LoraConfig:
    return LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        target_modules=adapter.target_modules,
        lora_dropout=0.0,
        task_type="CAUSAL_LM",
        **more,
    )


def build(experiment: Experiment) -> nn.Module:
    """Everything that trains has requires_grad, and nothing else."""
    adapter = experiment.adapter
    model = load_base(experiment.model)
    if adapter.method == "full":
        return model
    if adapter.method == "lamda":
        model.requires_grad_(False)
        inject_lamda(model, adapter)
        return model
    if adapter.method == "pissa":
        # Scale 1, as the trainer's.
        adapter.alpha = adapter.rank
        return get_peft_model(model, lora_config(adapter, init_lora_weights="pissa"))
    if adapter.method == "lora" and adapter.init_from is not None:
        return PeftModel.from_pretrained(model, adapter.init_from, is_trainable=True)
    if adapter.method == "lora":
        # No two libraries draw the same numbers: for timing only.
        return get_peft_model(model, lora_config(adapter))
    raise ValueError(f"no reference for {adapter.method}")


def write_lora_adapter(model_folder: Path, out: Path, adapter: Adapter, seed: int) -> None:
    """An adapter as PEFT saves it, with a second factor that is not 0, as after some training."""
    torch.manual_seed(seed)
    model = get_peft_model(load_base(model_folder), lora_config(adapter))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.05)
    model.save_pretrained(out)


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """By the trainer's names: `<module>.lora_A`, `<module>.lda`, or the weight's own in a full run."""
    named = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            name = name.removeprefix(PEFT_PREFIX)
            named[name.replace(".default.weight", "")] = parameter
    return named


def lamda_modules(model: nn.Module) -> list[LamdaLinear]:
    return [module for module in model.modules() if isinstance(module, LamdaLinear)]
