"""The environment of processes that will own an engine. Apart from the engine, whose imports take seconds."""

from __future__ import annotations

ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # one process: 2 s to start and a third of the memory
    "TORCHDYNAMO_DISABLE": "1",  # the first logprobs request would compile for seconds, for no gain in eager mode
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",  # two OpenMP threads on shared cores collapse to a hundredth of the speed
    "TOKENIZERS_PARALLELISM": "false",
}
"""What a process needs before it imports vllm."""
