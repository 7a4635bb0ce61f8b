"""What scripted agents say around the facts of an SOP, and what they listen for; English and Chinese, written for Parley."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences with `{fact}`, `{ask}`, `{issue}`, `{value}`, `{unit}` to fill in; several, so that no turn repeats another."""

    state: str
    prove: str
    nothing_more: str
    ask: tuple[str, ...]
    concede: str
    unknown: tuple[str, ...]
    soothe: tuple[str, ...]
    push: tuple[str, ...]
    evade: tuple[str, ...]
    join: str
    """Between two sentences."""
    end: str
    """Of a sentence."""


EN = Wording(
    state="To your question: {fact}.",
    prove="You have it in black and white, I am sending the page right away: {fact}.",
    nothing_more="Everything I have told you so far is on the page you already got.",
    ask=("Would you {ask}?", "Shall we do it like that, would you {ask}?"),
    concede="I looked at {issue} once more and can make it {value} {unit}.",
    unknown=("That is not in my papers, I would have to find out.", "On that point I have nothing written in front of me."),
    soothe=("Really, nothing about this should keep you awake.", "Believe me, this runs smoothly for everyone."),
    push=(
        "Let us not make it bigger than it is. Would you {ask}?",
        "Most people have settled this within a minute. Would you {ask}?",
        "I have you on the line already, so it is quickest like this: would you {ask}?",
    ),
    evade=(
        "Let me tell you about how our house came to be first.",
        "A colleague of mine could explain the background of that at length.",
        "There are several layers to this, technically speaking.",
    ),
    join=" ",
    end=".",
)
ZH = Wording(
    state="您问的这个：{fact}。",
    prove="白纸黑字写着的，我现在就把那一页发过去：{fact}。",
    nothing_more="刚才说的内容，都在您收到的那一页上。",
    ask=("您愿意{ask}吗？", "那咱们就这样办，您{ask}，可以吗？"),
    concede="{issue}这一项我又看了一下，可以给到{value}{unit}。",
    unknown=("这个我手上的资料里没有，得去问一下。", "这一点我面前没有写着的东西。"),
    soothe=("真的，这事不用您操心。", "您听我的，大家办起来都很顺。"),
    push=("咱们别把事情想复杂了，您{ask}吧？", "一般人一分钟就定下来了，您{ask}怎么样？", "电话都通着呢，这样最快：您{ask}？"),
    evade=("我先跟您讲讲我们公司是怎么来的。", "这个背景我同事能讲很久。", "技术上说，这里面有好几层。"),
    join="",
    end="。",
)
PROOF = re.compile(
    r"\b(in writing|written|evidence|proof|prove|show me|where does it say|says who|document|the page)\b"
    r"|书面|证据|凭什么|哪里写|写在",
    re.IGNORECASE,
)
"""A user that wants to see something."""
REFUSAL = re.compile(
    r"\b(no|not interested|don'?t want|won'?t|refuse|stop calling)\b|不要|不需要|不办|不行|算了", re.IGNORECASE
)
BYE = re.compile(r"\b(good ?bye|bye|hang(?:ing)? up)\b|再见|挂了", re.IGNORECASE)


def wording(locale: str) -> Wording:
    """The words of a locale's language; English, where there are none."""
    return ZH if locale.startswith("zh") else EN
