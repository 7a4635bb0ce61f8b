"""The examples with judges and endpoints, played by the real actors; a server on loopback stands for the language model."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from loopback import Answer, said, serving

import envs
from actors.endpoint_speaker import EndpointSpeakers
from actors.judge_actor import PooledJudge, start_judges
from actors.judges import custom
from actors.pool import ActorPool
from actors.rollout import Cast, GroupRequest, run_group, scripted
from actors.speaker import Limits
from cluster.config import load, parse, yaml_text
from cluster.start.parts import partner_speakers
from envs.intention.baselines import Oracle

EXAMPLES = Path(__file__).parents[2] / "examples"
TASK = envs.load("IntentionGym", "heldout")[0]


class Model:
    """Plays the user and the judge of one task, as a language model would."""

    def __init__(self) -> None:
        self.details = [(detail.description, detail.slot, detail.value) for detail in TASK.hidden.details]

    def __call__(self, body: dict[str, Any]) -> Answer:
        heard = body["messages"][-1]["content"]
        if "response_format" not in body:
            told = [f"{slot} {value}" for name, slot, value in self.details if slot in heard or name in heard]
            return said(". ".join(told) or "Hm.")
        evidence = json.loads(heard)
        asked = [topic["index"] for topic in evidence["remaining"] if topic["detail"] in evidence["utterance"]]
        return said(f'{{"on_topic": true, "covered": {asked}}}')


def test_the_endpoint_example_plays_a_group(ray_cluster: None):
    """Its user and its judge, with a server on loopback in place of its own; the acting role is the oracle."""
    with serving(Model()) as server:
        where = [f"policies.user.mix.0.endpoint.base_url={server.url}", f"judges.default.endpoint.base_url={server.url}"]
        config = load(EXAMPLES / "endpoint.yaml", where)
        speaker, judge = partner_speakers(config)["endpoint"], config.judges["default"]
        pool = start_judges("default", judge, cpus=0.1, timeout_s=60)
        partner = EndpointSpeakers(speaker.endpoint, speaker.retry, Limits(64, 2048))

        async def play() -> tuple[list[dict[str, Any]], dict[str, Any]]:
            judges = ActorPool("judge", pool.handles)
            cast = Cast(lambda request, seed: Oracle(seed), {"endpoint": (1.0, partner)}, PooledJudge(judges, judge), {})
            table = await run_group(GroupRequest(TASK, 0, 0, (1, 2, 3)), cast, asyncio.Semaphore(8))
            return table.to_pylist(), await judges.call("ping", timeout_s=30)

        try:
            rows, vitals = asyncio.run(play())
        finally:
            pool.close()
    assert [(row["status"], row["score"], row["success"]) for row in rows] == [("ok", 1.0, True)] * 3
    sources = {r["source"] for row in rows for turn in row["turns"] for r in turn["rewards"] if r["name"] == "env"}
    assert "Qwen/Qwen3-8B@127.0.0.1" in sources
    assert vitals["endpoint"]["requests"] == vitals["done"]["verdicts"] > 0
    assert all(body["chat_template_kwargs"] == {"enable_thinking": False} for body in server.bodies)


def test_the_judge_example_decides_strictly(ray_cluster: None):
    default = {"backend": "examples.my_judge:StrictCoverage", "options": {"most_words": 2}}
    config = parse({"judges": {"default": default}}).judges["default"]
    pool = start_judges("default", config, cpus=0.1, timeout_s=60)
    cast = Cast(lambda request, seed: Oracle(seed), {"scripted": (1.0, scripted("user"))}, envs.RuleJudge(), {})
    strict = Cast(cast.acting, cast.partners, PooledJudge(ActorPool("judge", pool.handles), config), {})

    async def scores() -> list[float]:
        request = GroupRequest(TASK, 0, 0, (1,))
        return [(await run_group(request, who, asyncio.Semaphore(8)))["score"][0].as_py() for who in (cast, strict)]

    try:
        assert asyncio.run(scores()) == [1.0, 0.5], "no question has two words: only the answer pays"
    finally:
        pool.close()
    assert custom.make("examples.my_judge:StrictCoverage", {}).source == "strict-coverage@1"


def test_every_yaml_of_the_page_on_judges_is_a_config():
    page = (EXAMPLES.parent / "docs" / "judges.md").read_text()
    blocks = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]
    configs = [parse(yaml_text.parse(block, "docs/judges.md")) for block in blocks]
    backends = [config.judges["default"].backend for config in configs]
    assert backends == ["rules", "vllm", "endpoint", "examples.my_judge:StrictCoverage", "rules", "endpoint"]
    assert list(partner_speakers(configs[4])) == ["endpoint", "scripted"]
