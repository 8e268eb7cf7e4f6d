"""The model of an experiment: Transformers', with PEFT's adapters or the plain modules of LaMDA."""

import math
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import AutoModelForCausalLM

from .experiment import Adapter, Experiment

PEFT_PREFIX = "base_model.model."


def top_triples(matrix: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The first `rank` singular triples: u [outputs, rank], sigma [rank], vt [rank, inputs]."""
    u, sigma, vt = torch.linalg.svd(matrix.detach().double(), full_matrices=False)
    return u[:, :rank], sigma[:rank], vt[:rank]


class LamdaLinear(nn.Module):
    """
    y = W x + (B S - B0 S0) A x, with W = U Sigma Vt: A the first r rows of Vt, frozen for ever (`pma`); S trained
    (`lda`); B trained until its columns are frozen (`pmb`). Balanced: c = rms(sigma) goes from the core to B. With a
    gradient of W the singular vectors are that one's instead, and S starts at 0.
    """

    def __init__(self, base: nn.Linear, adapter: Adapter, gradient: torch.Tensor | None):
        super().__init__()
        self.base = base
        self.rank = adapter.rank
        self.core_only = adapter.core_only
        u, sigma, vt = top_triples(base.weight if gradient is None else gradient, adapter.rank)
        scale = sigma.square().mean().sqrt() if adapter.balance else 1.0
        if gradient is not None:
            sigma, scale = torch.zeros_like(sigma), 1.0
        self.register_buffer("pma", vt.float())
        self.register_buffer("lda0", torch.diag(sigma / scale).float())
        self.register_buffer("pmb0", (u * scale).float())
        self.lda = nn.Parameter(self.lda0.clone())
        self.pmb = nn.Parameter(self.pmb0.clone(), requires_grad=not adapter.core_only)

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


def target_linears(model: nn.Module, adapter: Adapter) -> dict[str, nn.Linear]:
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and is_target(name, adapter.target_modules)
    }


def inject_lamda(model: nn.Module, adapter: Adapter, gradients: dict[str, torch.Tensor]) -> None:
    for name, module in target_linears(model, adapter).items():
        parent, own = name.rsplit(".", 1)
        setattr(model.get_submodule(parent), own, LamdaLinear(module, adapter, gradients.get(name)))


def lora_config(adapter: Adapter, **more) -> LoraConfig:
    return LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        target_modules=adapter.target_modules,
        lora_dropout=0.0,
        task_type="CAUSAL_LM",
        **more,
    )


def build(experiment: Experiment, gradients: dict[str, torch.Tensor] | None = None) -> nn.Module:
    """Everything that trains has requires_grad, and nothing else. `gradients` by module, where LaMDA starts from them."""
    adapter = experiment.adapter
    model = load_base(experiment.model)
    if adapter.method == "full":
        return model
    if adapter.method == "lamda":
        model.requires_grad_(False)
        inject_lamda(model, adapter, gradients or {})
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
