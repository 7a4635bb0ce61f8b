"""Speed, measured: `make bench`, or `python -m tests.benchmarks [NAME ...]` from the repository.

    rollout       the conversation loop against the bare engine
    publish       weights from the learner into an engine
    gather        memory while a ZeRO-3 model is put together for a publication
    judge         verdicts in micro-batches against one by one
    arrow         trajectories as a table against Python rows
    overlap       playing while the learner steps, against taking turns
    recovery      seconds from a fault to the next optimizer step
    packing       useful tokens per second of the learner's packing against padding and against Transformers' packing
    learner_step  an optimizer step of the learner against plain torch
    gym_steps     turns per second of every gym
    usersim       the reasoning user's parser and state transition
    trl           a GRPO step against TRL's; not among those run when none is named: `make bench-trl`

Each is a module with `measure(setting, size) -> Outcome`, a size `FULL` and a size `SMALLEST`, which a test runs so that
nothing here rots. Each runs in a process of its own, since a process holds one vLLM engine. What is compared is measured
in one run, in turns (A, B, A, B), and ratios are those of neighbours. Nothing here is asserted about speed.
"""

NAMES = (
    "rollout",
    "publish",
    "gather",
    "judge",
    "arrow",
    "overlap",
    "recovery",
    "packing",
    "learner_step",
    "gym_steps",
    "usersim",
    "trl",
)
ON_REQUEST = ("trl",)
"""It needs an environment that `make` does not make by itself."""
