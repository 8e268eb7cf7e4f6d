"""What Transformers and PEFT make of what the trainer wrote."""

from pathlib import Path

from peft import PeftModel
from safetensors.torch import save_file

from . import adapters
from .experiment import read_experiment
from .train import evaluate, evaluation_samples, supervised_logits


def inspect_export(config: Path, adapter: Path | None, merged: Path | None, out: Path) -> dict:
    """
    Loads an adapter folder with PEFT on the experiment's base, or a merged folder alone, and returns its evaluation
    loss; the logits of the first evaluation samples go to `out`/export-logits.safetensors.
    """
    experiment = read_experiment(config)
    samples = evaluation_samples(experiment)
    if merged is not None:
        model = adapters.load_base(merged)
    else:
        model = PeftModel.from_pretrained(adapters.load_base(experiment.model), adapter)
    model.eval()
    out.mkdir(parents=True, exist_ok=True)
    save_file({"logits": supervised_logits(model, samples[:4])}, out / "export-logits.safetensors")
    return {"loss": evaluate(model, samples), "numbers": sum(p.numel() for p in model.parameters())}
