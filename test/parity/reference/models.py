"""Tiny models with random weights, in the form in which the hub has them, and the tokenizer that goes with them."""

import json
import shutil
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    MistralConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

from .corpus import corpus_lines

SEED = 20260101
SHAPE = dict(
    hidden_size=64,
    intermediate_size=144,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=256,
    rms_norm_eps=1e-5,
    tie_word_embeddings=False,
)
LLAMA3_ROPE = dict(
    rope_type="llama3",
    rope_theta=10000.0,
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=32,
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' "
    "+ '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIALS = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]

# name -> (config class, what differs from SHAPE, how it is stored)
FAMILIES: dict[str, tuple[type, dict, dict]] = {
    "llama-gqa": (LlamaConfig, {}, {}),
    "llama-gqa-sharded": (LlamaConfig, {}, {"like": "llama-gqa", "shard": "100KB"}),
    "llama-gqa-bf16": (LlamaConfig, {}, {"like": "llama-gqa", "dtype": torch.bfloat16}),
    "llama3-rope": (LlamaConfig, {"rope_parameters": LLAMA3_ROPE, "num_hidden_layers": 3}, {"hub_rope": True}),
    "mistral": (MistralConfig, {"sliding_window": 12}, {"hub_rope": True}),
    "qwen2": (Qwen2Config, {"tie_word_embeddings": True}, {"bos": False}),
    "qwen3": (Qwen3Config, {"head_dim": 24, "tie_word_embeddings": True}, {"bos": False}),
    "smollm2": (LlamaConfig, {"num_hidden_layers": 3, "tie_word_embeddings": True}, {"hub_rope": True}),
    "golden": (
        LlamaConfig,
        {"hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 256},
        {"vocab": 288},
    ),
}


def make_tokenizer(vocab: int, bos: bool) -> PreTrainedTokenizerFast:
    """
    Byte-level BPE of its own corpus. With `bos` it splits as GPT-2's and puts `<s>` before each text as Llama's does;
    without, it splits and normalises as Qwen's.
    """
    tokenizer = Tokenizer(models.BPE())
    if bos:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(QWEN_SPLIT), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=SPECIALS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus_lines(), trainer)
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>" if bos else None,
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="</s>",
        chat_template=CHATML,
    )


def decaying(noise: torch.Tensor) -> torch.Tensor:
    """
    The same singular vectors and norm with values that fall geometrically, as a trained weight's do: a random
    matrix's top directions are hardly set apart from the rest, and no method of this kind is used on such.
    """
    u, sigma, vt = torch.linalg.svd(noise.double(), full_matrices=False)
    fallen = 0.92 ** torch.arange(len(sigma), dtype=torch.float64)
    return ((u * (fallen * sigma.norm() / fallen.norm())) @ vt).float()


def randomise(model: torch.nn.Module, seed: int) -> None:
    """
    Weights of about unit gain, so that every path of the network matters to the loss; Transformers' own 0.02 would
    leave a network this narrow almost linear. Norm weights and biases move off 1 and 0, or they would prove nothing.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "embed_tokens" in name or "lm_head" in name:
                parameter.copy_(noise * 0.3 * parameter.shape[1] ** -0.5)
            elif parameter.ndim == 2:
                parameter.copy_(decaying(noise * parameter.shape[1] ** -0.5))
            elif name.endswith("bias"):
                parameter.copy_(0.2 * noise)
            else:
                parameter.copy_(1 + 0.2 * noise)


def to_hub_rope(folder: Path) -> None:
    """config.json as Transformers 4 wrote it and most of the hub still has it: rope_theta and rope_scaling."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    config["torch_dtype"] = config.pop("dtype", "float32")
    path.write_text(json.dumps(config, indent=2) + "\n")


def template_into_config(folder: Path) -> None:
    """The chat template inside tokenizer_config.json, where it stood before it had a file of its own."""
    source = folder / "chat_template.jinja"
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config["chat_template"] = source.read_text()
    path.write_text(json.dumps(config, indent=2) + "\n")
    source.unlink()


def build_model(name: str, out: Path) -> None:
    """Writes the folder of one of FAMILIES; the same name always gives the same bytes."""
    config_class, differences, form = FAMILIES[name]
    bos = form.get("bos", True)
    tokenizer = make_tokenizer(form.get("vocab", 384), bos)
    config = config_class(
        **{**SHAPE, **differences},
        vocab_size=len(tokenizer),
        bos_token_id=1 if bos else None,
        eos_token_id=2,
        pad_token_id=2,
    )
    model = AutoModelForCausalLM.from_config(config).float()
    randomise(model, SEED + sorted(FAMILIES).index(form.get("like", name)))
    if "dtype" in form:
        model = model.to(form["dtype"])
    shutil.rmtree(out, ignore_errors=True)
    model.save_pretrained(out, **({"max_shard_size": form["shard"]} if "shard" in form else {}))
    tokenizer.save_pretrained(out)
    if form.get("hub_rope"):
        to_hub_rope(out)
        template_into_config(out)
