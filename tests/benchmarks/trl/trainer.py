"""TRL's side of the comparison, in TRL's own environment: `python -P trainer.py JSON`. Imports nothing of ours.

Its first line of output tells versions. Then every line of input is a number of steps to do, answered by one line of JSON,
lists with an entry per step: `seconds`, `sampled_s` (until all was sampled and decoded), `sampled` tokens, and `seen`, all
tokens since the start. What GRPOTrainer would do besides a step is switched off: logs, checkpoints, recomputed activations,
bfloat16, a reference model.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer


class Conductor(TrainerCallback):
    """Lets the trainer step when it is asked to; pays its rewards, too, for these see the tokens."""

    def __init__(self, answers: Any, letter: str) -> None:
        self._answers, self._letter = answers, letter
        self._left = 0
        self._began = 0.0
        self._found: dict[str, list[float]] = {}

    def reward(self, completions: list[Any], completion_ids: list[list[int]], **_: Any) -> list[float]:
        """The share of a letter, as `recital.py` pays it."""
        self._found["sampled_s"].append(time.perf_counter() - self._began)
        self._found["sampled"].append(sum(map(len, completion_ids)))
        texts = [completion[0]["content"] for completion in completions]
        return [text.count(self._letter) / max(len(text), 1) for text in texts]

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._left == 0:
            line = sys.stdin.readline()
            if not line:
                raise SystemExit  # nobody asks any more
            self._left, self._found = int(line), {"seconds": [], "sampled_s": [], "sampled": [], "seen": []}
            self._began = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = time.perf_counter()
        self._found["seconds"].append(now - self._began)
        self._found["seen"].append(state.num_input_tokens_seen)
        self._began, self._left = now, self._left - 1
        if self._left == 0:
            self.say(self._found)

    def say(self, answer: Any) -> None:
        print(json.dumps(answer), file=self._answers, flush=True)


def main(options: dict[str, Any]) -> None:
    """Runs until its input ends."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what libraries print is no answer
        torch.set_num_threads(options["threads"])
        conductor = Conductor(answers, options["letter"])
        trainer = GRPOTrainer(
            model=options["model"],
            reward_funcs=conductor.reward,
            args=_arguments(options),
            train_dataset=Dataset.from_list([{"prompt": [{"role": "user", "content": text}]} for text in options["prompts"]]),
            processing_class=AutoTokenizer.from_pretrained(options["model"]),
            callbacks=[conductor],
        )
        conductor.say({name: version(name) for name in ("trl", "transformers", "torch")})
        trainer.train()


def _arguments(options: dict[str, Any]) -> GRPOConfig:
    """One batch of completions and one optimizer step per step; the end of a turn may not be sampled before its time."""
    episodes = len(options["prompts"]) * options["group_size"]
    return GRPOConfig(
        output_dir=options["scratch"],
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        per_device_train_batch_size=options["micro_batch"],
        gradient_accumulation_steps=episodes // options["micro_batch"],
        num_generations=options["group_size"],
        max_completion_length=options["completion"],
        generation_kwargs={"min_new_tokens": options["completion"]},
        max_steps=1 << 20,
        learning_rate=options["lr"],
        lr_scheduler_type="constant",
        report_to="none",
        logging_strategy="no",
        save_strategy="no",
        disable_tqdm=True,
    )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
