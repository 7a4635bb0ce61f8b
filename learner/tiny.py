"""Tiny models: made on first use where no model hub is reachable, trained in minutes on one core.

The recipe is the one that was measured to learn: Qwen3 architecture, hidden 64, two layers, tied embeddings,
wide initial weights (std 0.08: at .02 equal steps learn less), float32, and a byte-level BPE tokenizer trained on the
texts it will meet.

Invariants
- Equal arguments give equal files: same merges, same weights.
- `path` appears complete or not at all; an existing path is never overwritten.
- Token 0 is `<|endoftext|>` (pad), 2 is `<|im_end|>` (end of turn). The template prints contents verbatim, so what
  follows a known prefix depends on the later messages only.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM
from transformers.utils.logging import disable_progress_bar

from learner.folder import whole_folder

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")

CHAT_TEMPLATE = """\
{%- if tools %}{{ '<|im_start|>system\n' }}
{%- for tool in tools %}{{ tool | tojson + '\n' }}{% endfor %}{{ '<|im_end|>\n' }}{% endif %}
{%- for message in messages %}
{%- if message['role'] not in ['system', 'user', 'assistant', 'tool'] %}{{ raise_exception('unknown role') }}{% endif %}
{{- '<|im_start|>' + message['role'] + '\n' + (message['content'] or '') + '<|im_end|>\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""


def make_tiny(
    path: str | Path,
    texts: Iterable[str],
    seed: int,
    *,
    hidden: int = 64,
    layers: int = 2,
    heads: int = 2,
    kv_heads: int = 1,
    head_dim: int = 32,
    mlp: int = 192,
    vocabulary: int = 1024,
    context: int = 4096,
    init_std: float = 0.08,
) -> Path:
    """Write a random Qwen3 model and a tokenizer trained on `texts` to `path`, in Hugging Face format.

    `vocabulary` is what the tokenizer may have; short texts give fewer (about 700 on a gym's demonstrations). `seed`
    decides the weights. Raises FileExistsError if `path` exists.
    """
    tokenizer = _train_tokenizer(texts, vocabulary, context)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=mlp,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=head_dim,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        initializer_range=init_std,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )
    with whole_folder(path) as scratch:
        disable_progress_bar()  # of a file that is written in no time
        tokenizer.save_pretrained(scratch)
        _random_model(config, seed).save_pretrained(scratch)
    return Path(path)


def _train_tokenizer(texts: Iterable[str], vocabulary: int, context: int) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE(unk_token=None))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token=SPECIAL[0],
        eos_token=SPECIAL[2],
        extra_special_tokens=[SPECIAL[1]],
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _random_model(config: Qwen3Config, seed: int) -> Qwen3ForCausalLM:
    """Seeded without touching the caller's random state."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen3ForCausalLM(config).to(torch.float32)
    model.generation_config = GenerationConfig(eos_token_id=config.eos_token_id, pad_token_id=config.pad_token_id)
    return model
