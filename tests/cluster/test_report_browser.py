"""The pages as people see them: in Chromium, from disk, wide and narrow, light and dark, full of hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import browser as chromium
import hostile_run
import pytest
import synthetic_run
from browser import PHONE, opened
from playwright.sync_api import Browser, Page, sync_playwright

from cluster.record.run_directory import RunDirectory
from cluster.report import compare_view, page
from cluster.report.compare import compare

ITERATIONS = 40


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.executable(playwright), args=list(chromium.OPTIONS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunDirectory:
    made = synthetic_run.make(tmp_path_factory.mktemp("page"), iterations=ITERATIONS)
    page.write(made.path)
    return made


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    return page.write(hostile_run.make(tmp_path_factory.mktemp("hostile")).path)


def panel(shown: Page, title: str):
    return shown.locator("figure").filter(has=shown.locator("figcaption", has_text=title))


def points(path) -> int:
    drawn = path.get_attribute("d")
    return drawn.count("M") + drawn.count("L")


def test_a_page_asks_for_nothing_and_draws_every_point(browser, run):
    with opened(browser, run.page) as (shown, deeds):
        score = panel(shown, "Score and success")
        assert score.locator("path.curve").count() == score.locator("path.raw").count() == 2
        assert {points(score.locator(f"path.{kind}").nth(n)) for kind in ("curve", "raw") for n in (0, 1)} == {ITERATIONS}
        assert panel(shown, "Held-out score").locator("circle").count() == 2
        assert (deeds.said, deeds.asked) == ([], [])


def test_hover_and_arrow_keys_show_what_was_measured(browser, run):
    rows = run.read_metrics()
    with opened(browser, run.page) as (shown, deeds):
        figure = panel(shown, "Entropy")
        tip, svg = figure.locator(".tip"), figure.locator("svg")
        assert tip.is_hidden()
        box = svg.bounding_box()
        svg.hover(position={"x": box["width"] - 13, "y": 60})
        assert tip.inner_text().splitlines()[0] == f"iteration {ITERATIONS}"
        assert float(tip.inner_text().split()[-1]) == pytest.approx(rows[-1]["learner/entropy"], rel=1e-3)
        box = svg.bounding_box()  # the page scrolled to it
        over, around = tip.bounding_box(), figure.bounding_box()
        assert over["y"] >= box["y"] and over["y"] + over["height"] <= around["y"] + around["height"], "on its own curves"
        assert over["x"] >= around["x"] and over["x"] + over["width"] <= around["x"] + around["width"]
        svg.focus()
        shown.keyboard.press("ArrowLeft")
        assert float(tip.inner_text().split()[-1]) == pytest.approx(rows[-2]["learner/entropy"], rel=1e-3)
        shown.mouse.move(0, 0)
        assert tip.is_hidden()
        assert deeds.said == []


def test_smoothing_and_the_legend_change_the_curves(browser, run):
    with opened(browser, run.page) as (shown, deeds):
        score = panel(shown, "Score and success")
        before = score.locator("path.curve").first.get_attribute("d")
        shown.locator("#smoothing").fill("0")
        assert score.locator("path.raw").count() == 0
        assert score.locator("path.curve").first.get_attribute("d") != before
        score.locator("button", has_text="success").click()
        assert score.locator("path.curve").count() == 1
        assert deeds.said == []


def test_a_closed_chart_is_drawn_anew_when_it_is_opened(browser, run):
    with opened(browser, run.page) as (shown, deeds):
        loss = panel(shown, "learner/loss")
        shown.locator("#smoothing").fill("0")
        shown.set_viewport_size({"width": PHONE, "height": 800})  # while it is closed
        assert not loss.locator("svg").is_visible()
        shown.locator("summary", has_text="All other metrics").click()
        loss.locator("path.curve").wait_for()
        shown.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert points(loss.locator("path.curve")) == ITERATIONS
        assert loss.locator("path.raw").count() == 0
        width = loss.locator("svg").bounding_box()["width"]
        assert float(loss.locator("line.grid").first.get_attribute("x2")) == pytest.approx(width - 12, abs=1), "as wide as now"
        assert deeds.said == []


def test_a_heading_sorts_its_table(browser, run):
    with opened(browser, run.page) as (shown, _):
        table = shown.locator("table", has=shown.locator("th", has_text="baseline"))
        column = lambda: [float(text.split()[0]) for text in table.locator("td.number").all_inner_texts()]  # noqa: E731
        heading = table.locator("th button", has_text="score")
        heading.click()
        assert column() == sorted(column())
        heading.click()
        assert column() == sorted(column(), reverse=True)


def test_hostile_text_is_shown_and_does_nothing(browser, hostile):
    with opened(browser, hostile) as (shown, deeds):
        shown.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        for figure in shown.locator("figure").all():
            figure.locator("svg").hover()
        assert shown.evaluate("window.hacked") is None
        assert (deeds.said, deeds.asked) == ([], [])
        text = shown.locator("body").text_content()
        assert text.count(hostile_run.MARKUP) > 15, "shown as it was written, wherever it was written"
        assert hostile_run.SPELLED in text
        assert not set(hostile_run.CONTROL) & set(shown.locator("main").text_content()) - set("[2Jgnp.exe")
        assert shown.locator("main script, main img").count() == 0
        assert "<b>run" in shown.title()


def test_the_policy_stops_what_escaping_would_have_missed(browser, hostile, tmp_path):
    injected = f"<script>{hostile_run.HACK}</script><img src='http://127.0.0.1:9/x' onerror='{hostile_run.HACK}'></main>"
    broken = tmp_path / "broken.html"
    broken.write_text(hostile.read_text().replace("</main>", injected))
    with opened(browser, broken) as (shown, deeds):
        assert shown.evaluate("window.hacked") is None
        assert len(deeds.said) == 3, "Chromium complains about script, image and handler"
        assert panel(shown, "Entropy").locator("path.curve").count() == 1, "our own script still runs"


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_has_no_sideways_scroll_in_either_mode(browser, run, hostile, dark):
    for path in (run.page, hostile):
        with opened(browser, path, width=PHONE, dark=dark) as (shown, _):
            shown.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
            assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE
            red = shown.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
            assert (int(red) < 60) == dark


def test_compared_runs_share_their_axes(browser, run, tmp_path):
    other = synthetic_run.make(tmp_path, "<i>other", iterations=7)
    runs = [run.path, other.path]
    compare_view.write(compare(runs), runs, tmp_path / "compare.html")
    with opened(browser, tmp_path / "compare.html") as (shown, deeds):
        score = panel(shown, "Score and success: score")
        assert [points(path) for path in score.locator("path.curve").all()] == [ITERATIONS, 7]
        assert score.locator("button").all_inner_texts() == ["quick", "<i>other"]
        assert (deeds.said, deeds.asked) == ([], [])
    with opened(browser, tmp_path / "compare.html", width=PHONE) as (shown, _):
        assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE
