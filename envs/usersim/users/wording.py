"""What rule users think and say; English and Chinese, written for Parley. `{concern}` is what worries them, `{memory}` what
they remember or keep saying."""

from __future__ import annotations

from dataclasses import dataclass

from envs.usersim.schema.enums import Move


@dataclass(frozen=True, slots=True)
class Voice:
    """One language. Of several answers the turn's number picks one, so that none repeats the one before."""

    intent: str
    concerns: str
    plan: str
    update: str
    tone: str
    ask: tuple[str, ...]
    yes: tuple[str, ...]
    fine: tuple[str, ...]
    no: tuple[str, ...]
    bye: tuple[str, ...]
    says: dict[Move, tuple[str, ...]]


EN = Voice(
    intent="From the words I take it that this caller wants me to go along with what was just said to me.",
    concerns="What I still have to know is {concern}, and until that is clear the rest can wait.",
    plan="I do one thing now and no more; if I get a straight answer I go on, if not I ask once more or leave.",
    update="It reminds me of this: {memory} So I let this turn change me a little and no more than that.",
    tone="Short and plain, the way I talk to people who ring me up in the middle of something.",
    ask=(
        "So {concern}?",
        "Before we go any further: {concern}?",
        "One thing I need to hear from you, {concern}?",
        "I keep coming back to it. {concern}?",
        "Let me be blunt then, {concern}?",
    ),
    yes=("Yes, let's do it.", "Sure, go ahead.", "All right, that's a deal.", "Fine, count me in.", "Okay, I agree."),
    fine=(
        "Fine with me, carry on.",
        "Good, sounds all right.",
        "Sure, I'm listening.",
        "Okay, why not.",
        "Yes, all good here.",
    ),
    no=("No, I don't want that.", "No. Not for me.", "I said no already.", "No way, leave it.", "Still no, whatever you say."),
    bye=("That was all I needed, goodbye.", "Right, I'm off now, bye.", "We are done here, goodbye."),
    says={
        "ask_evidence": ("Where is that written? Show me the page.", "And the proof of it? I'd want to see that in writing."),
        "ask_clarify": ("What exactly does it come to, with everything in it?", "Which part of that did you leave out?"),
        "redirect": ("What's behind me doesn't count. What is still ahead?", "That wasn't my question, mine was another one."),
        "name_tactic": (
            "You're making me feel I owe you something, and I don't.",
            "Funny how that always comes right before the ask.",
        ),
        "set_boundary": ("Stop there, nothing is agreed between us.", "I decide that in my own time, not in yours."),
        "counter_offer": (
            "I have another figure in mind, and a lower one.",
            "There's a third way, and that's the one I'd look at.",
        ),
        "express_emotion": ("That makes me uneasy, so let's stay with the facts.", "You're scaring me, and I don't like it."),
    },
)
ZH = Voice(
    intent="从他刚才的话里我听得出来，他是想让我顺着他说的意思往下走，别的先不提。",
    concerns="我现在还想弄清楚的是{concern}，这一点没有讲明白之前，别的事情都可以先放一放再说。",
    plan="我这会儿只做一件事，他要是正面回答我就接着谈，他要是绕开我就再问一遍，不然就挂电话。",
    update="这让我想起一件事：{memory}所以这一轮我的感觉只变了一点点，没有变得太多。",
    tone="话说得短一点直一点，就像平时手上正忙着又有人打电话进来的时候那样说。",
    ask=(
        "那{concern}？",
        "先别往下说，{concern}？",
        "我就想听您说清楚，{concern}？",
        "我还是那句话，{concern}？",
        "那我直说了，{concern}？",
    ),
    yes=("好的，我同意。", "行，就这么办。", "可以，成交吧。", "好，我接受。", "嗯，我同意了。"),
    fine=("行，您接着说。", "好，听着不错。", "嗯，我在听。", "可以，没问题。", "好的，都行。"),
    no=("不要，我不需要。", "不行，这个不适合我。", "我说过了，不办。", "算了，别再提了。", "还是不要，您说什么都一样。"),
    bye=("我想知道的就这些，再见。", "好了我先忙，再见。", "就到这里吧，挂了。"),
    says={
        "ask_evidence": ("这个哪里写着？给我看看那一页。", "有证据吗？我要看书面的东西。"),
        "ask_clarify": ("全部算进去到底一共多少？", "您刚才哪一部分没讲？"),
        "redirect": ("以前的不算，后面还要多少？", "我问的不是这个，是另外一件事。"),
        "name_tactic": ("您这么说是让我觉得欠了您的，我不欠。", "每次要我答应之前您都来这么一句。"),
        "set_boundary": ("先停一下，咱们什么都没说定。", "这个我自己慢慢定，不是您来定。"),
        "counter_offer": ("我心里有另外一个价，比这个低。", "还有第三种办法，我看的是那个。"),
        "express_emotion": ("您这么说我心里不舒服，还是讲事实吧。", "您在吓我，我不喜欢这样。"),
    },
)


def voice(locale: str) -> Voice:
    """The words of a locale's language; English, where there are none."""
    return ZH if locale.startswith("zh") else EN
