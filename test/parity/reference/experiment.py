"""Reads a *.tune.yaml into plain fields, with the defaults that the trainer documents."""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass
class Adapter:
    method: str = "lora"
    rank: int = 16
    alpha: float = 16
    target_modules: list[str] = field(default_factory=lambda: list(ALL_LINEAR))
    freeze_fraction: float = 0.3
    core_only: bool = False
    balance: bool = True
    basis: str = "weights"
    init_from: Path | None = None


@dataclass
class Training:
    max_steps: int = 10
    batch_size: int = 8
    gradient_accumulation: int = 1
    learning_rate: float = 1e-4
    scheduler: str = "constant"
    warmup_steps: int = 0
    weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    max_grad_norm: float | None = 1.0


@dataclass
class Experiment:
    folder: Path
    model: Path
    data: dict
    adapter: Adapter
    training: Training
    evaluate_every: int | None


def read_experiment(path: Path) -> Experiment:
    """YAML 1.1 reads 1e-8 as a string, hence the explicit conversions; paths are relative to the file."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    folder = path.parent
    return Experiment(
        folder=folder,
        model=(folder / raw["model"]).resolve(),
        data=raw["data"],
        adapter=read_adapter(raw.get("adapter") or {}, folder),
        training=read_training(raw.get("training") or {}),
        evaluate_every=(raw.get("evaluation") or {}).get("every"),
    )


def read_adapter(raw: dict, folder: Path) -> Adapter:
    adapter = Adapter()
    adapter.method = raw.get("method", adapter.method)
    adapter.rank = int(raw.get("rank", adapter.rank))
    adapter.alpha = float(raw.get("alpha", adapter.rank))
    targets = raw.get("target_modules", "all-linear")
    adapter.target_modules = list(ALL_LINEAR) if targets == "all-linear" else list(targets)
    adapter.freeze_fraction = float((raw.get("freeze") or {}).get("fraction", 0.3))
    adapter.core_only = bool(raw.get("core_only", False))
    adapter.balance = bool(raw.get("balance", True))
    adapter.basis = raw.get("basis", adapter.basis)
    source = raw.get("init_from")
    adapter.init_from = (folder / source).resolve() if source else None
    return adapter


def read_training(raw: dict) -> Training:
    if raw.get("shuffle", True) or raw.get("group_by_length", False):
        raise ValueError("the reference reads rows in file order: shuffle: false, group_by_length: false")
    training = Training()
    adam = raw.get("adam") or {}
    training.max_steps = int(raw["max_steps"])
    training.batch_size = int(raw["batch_size"])
    training.gradient_accumulation = int(raw.get("gradient_accumulation", 1))
    training.learning_rate = float(raw["learning_rate"])
    training.scheduler = raw["scheduler"]
    training.warmup_steps = int(raw.get("warmup_steps", 0))
    training.weight_decay = float(raw.get("weight_decay", 0))
    training.beta1 = float(adam.get("beta1", 0.9))
    training.beta2 = float(adam.get("beta2", 0.999))
    training.epsilon = float(adam.get("epsilon", 1e-8))
    clip = raw.get("max_grad_norm", 1.0)
    training.max_grad_norm = None if clip is None else float(clip)
    return training
