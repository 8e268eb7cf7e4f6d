"""What an adapter changes in a model's weights, by the whole decompositions of both."""

import json
from pathlib import Path

import torch
from safetensors import safe_open

PREFIX = "base_model.model."


def relation(weight: torch.Tensor, change: torch.Tensor, rank: int) -> dict:
    """
    The singular values of a change, and how its top `rank` directions lie to those of the weight: the overlap of Hu et
    al. 2021, eq. 4, with the top 1, 2, ... of the weight's, and the share of the energy outside the top `rank` of them.
    """
    left, _, right = torch.linalg.svd(weight.double(), full_matrices=False)
    change = change.double()
    own, values, _ = torch.linalg.svd(change, full_matrices=False)
    own = own[:, :rank] * (values[:rank] > 1e-12 * values[0])
    cosines = (left.T @ own).square().sum(dim=1)
    overlaps = torch.cumsum(cosines, dim=0) / rank
    energy = values.square().sum()
    inside = (left[:, :rank].T @ change @ right[:rank].T).square().sum()
    return {
        "rank": rank,
        "values": values.tolist(),
        "frobenius": energy.sqrt().item(),
        "overlap": overlaps[rank - 1].item(),
        "fresh": (1 - inside / energy).item(),
        "overlaps": overlaps.tolist(),
    }


def adapter_changes(model: Path, adapter: Path, rank: int) -> dict:
    """The relation of each module that a PEFT adapter changes, by the module's path."""
    config = json.loads((adapter / "adapter_config.json").read_text())
    scale = config["lora_alpha"] / config["r"]
    with (
        safe_open(model / "model.safetensors", framework="pt") as weights,
        safe_open(adapter / "adapter_model.safetensors", framework="pt") as factors,
    ):
        found = {}
        for name in factors.keys():
            if not name.endswith(".lora_A.weight"):
                continue
            module = name.removeprefix(PREFIX).removesuffix(".lora_A.weight")
            a = factors.get_tensor(name).double()
            b = factors.get_tensor(name.replace("lora_A", "lora_B")).double()
            found[module] = relation(weights.get_tensor(f"{module}.weight"), scale * b @ a, rank)
        return found
