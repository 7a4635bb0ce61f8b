"""What an evaluation leaves for people: its page in Chromium, its Markdown, and neither believes what a model says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import browser as chromium
import hostile_run
import pytest
from browser import PHONE, opened
from evaluation_cases import scripted
from loopback import said, serving
from playwright.sync_api import Browser, sync_playwright

from cluster.evaluation.evaluate import evaluate

HACK, MARKUP, SPELLED = hostile_run.HACK, hostile_run.MARKUP, hostile_run.SPELLED


@pytest.fixture(scope="module")
def browser(made: Path) -> Iterator[Browser]:
    """Started after the evaluation: Playwright keeps an event loop running in its thread."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.executable(playwright), args=list(chromium.OPTIONS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A script and a served model whose name and words try to break out, against two users, in two gyms."""
    root = tmp_path_factory.mktemp("evaluation")
    with serving([said(f"[action] {hostile_run.TEXT}")]) as server:
        agent = {"speaker": "endpoint", "endpoint": {"base_url": server.url, "model": f"a|b {hostile_run.TEXT}"}}
        settings = {"tasks": 3, "repeats": 2, "greedy": False, "agent": agent}
        outcome = evaluate(scripted(root, eval=settings), ["endpoint", "scripted:oracle"], report="userrl")
    assert re.fullmatch(r"[A-Za-z0-9._-]+", outcome.folder.name)
    return outcome.folder


def panel(shown, title):
    return shown.locator("figure").filter(has=shown.locator("figcaption", has_text=title))


def test_hostile_text_is_shown_and_does_nothing(browser, made):
    with opened(browser, made / "evaluation.html") as (shown, deeds):
        shown.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        for figure in shown.locator("figure").all():
            figure.locator("svg").hover()
        assert shown.evaluate("window.hacked") is None
        assert (deeds.said, deeds.asked) == ([], [])
        text = shown.locator("body").text_content()
        assert text.count(MARKUP) > 15 and SPELLED in text
        assert shown.locator("main script, main img").count() == 0
        assert MARKUP in shown.title()


def test_plots_have_a_point_and_an_interval_for_every_mean(browser, made):
    rows = json.loads((made / "evaluation.json").read_text())["rows"]
    of_gyms = [row for row in rows if row["gym"]]
    with opened(browser, made / "evaluation.html") as (shown, deeds):
        score = panel(shown, "score by gym")
        assert score.locator("circle").count() == len(of_gyms) == 8
        assert score.locator("path.interval").count() == 4 and score.locator("path.curve").count() == 0, "gyms are not joined"
        assert score.locator("svg text").all_text_contents()[-2:] == ["IntentionGym", "TelepathyGym"]
        score.locator("svg").focus()
        shown.keyboard.press("ArrowRight")
        tip = score.locator(".tip").inner_text()
        assert tip.splitlines()[0] == "IntentionGym" and "[" in tip
        assert panel(shown, "score by user: sampled, held-in").locator("circle").count() == 4
        reliability = panel(shown, "pass^k: oracle with training, sampled")
        assert reliability.locator("circle").count() == 4 and reliability.locator("path.curve").count() == 2
        assert deeds.said == []


def test_every_table_is_there_and_a_phone_has_no_sideways_scroll(browser, made):
    with opened(browser, made / "evaluation.html", width=PHONE) as (shown, _):
        titles = shown.locator("section.table h2").all_inner_texts()
        assert titles[0] == "Gym by gym" and titles[-2:] == ["Reliability", "By UserRL's rules"]
        assert [title for title in titles if title.startswith("Transfer")] == [
            f"Transfer: sampled, {tasks}" for tasks in ("held-in", "held-out", "all")
        ]
        assert shown.locator("section.table").first.locator("tbody tr").count() == 12
        assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_markdown_keeps_its_tables_whatever_a_model_is_called(made):
    text = (made / "evaluation.md").read_text()
    tables = [[line for line in block.splitlines() if line.startswith("|")] for block in text.split("## ")[1:]]
    for lines in tables:
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(lines) > 2 and len(cells) == 1, "as many cells in every line"
    assert "<script" not in text and "a\\|b" in text
    assert not set(hostile_run.CONTROL) & set(text) - set("[2Jgnp.exe")
    assert not re.search(r"(?<!\\)[\[`*]", text.replace("---", "")), "nothing of it is markup"
