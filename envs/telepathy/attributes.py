"""What may be asked about the things of TelepathyGym, and in which words.

Invariants (tested)
- Within a source no two attributes share a model question, nor the words that carry its meaning.
- No wording of the one split is used in the other: questions here, openings in `wording.py`.

Generated things are named by their features, four words of four kinds, so a tiny model that learned to collect the words
that were confirmed can name a thing it never met. Hand-written things take knowledge of the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from envs.base import Split

Source = Literal["generated", "handwritten"]
Origin = Source | Literal["userrl"]
"""Where a task comes from; of what a file of UserRL's names no fact is known."""
Forms = Mapping[Split, tuple[str, ...]]

FEATURES: dict[str, tuple[str, ...]] = {
    kind: tuple(words.split())
    for kind, words in {
        "size": "tiny small large huge",
        "color": "red blue green yellow white black",
        "material": "wood steel glass stone plastic",
        "kind": "box ring lamp cup",
    }.items()
}
"""The kinds of feature in the order in which a name states them. Sizes side by side are maybes of each other."""

_FRAMES: dict[Split, str] = {"train": "Is it {word}?", "heldout": "Could it be {word}?"}

_HANDWRITTEN = {
    "alive": "Is it alive? Is it a living thing? | Does it breathe or grow?",
    "animal": "Is it an animal? | Would you call it an animal?",
    "plant": "Is it a plant? | Does it have roots?",
    "food": "Can you eat it? | Is it food?",
    "made": "Do people make it? Is it made by people? | Is it made by human hands?",
    "electric": "Does it need electricity? | Does it stop without electric current?",
    "small": "Does it fit in a hand? | Is it smaller than a shoe?",
    "big": "Is it bigger than a person? | Is it larger than an adult?",
    "flies": "Can it fly? | Does it travel through the air?",
    "water": "Do you find it in water? | Is it at home in rivers or seas?",
    "legs": "Does it have legs? | Does it stand on legs?",
    "wheels": "Does it have wheels? | Does it roll on wheels?",
    "metal": "Is it made of metal? | Is metal its main part?",
    "wood": "Is it made of wood? | Is wood its main part?",
    "soft": "Is it soft? | Does it feel soft to the touch?",
    "sound": "Does it make a sound? | Can you hear it?",
    "worn": "Can you wear it? | Do you put it on your body?",
    "indoors": "Do you find it in a house? | Does it belong indoors?",
    "kitchen": "Do you find it in a kitchen? | Does a cook use it?",
    "enter": "Can you go inside it? | Can a person walk into it?",
    "danger": "Is it dangerous? | Could it hurt somebody badly?",
    "round": "Is it round? | Does it look like a ball or a disc?",
    "sweet": "Is it sweet? | Does it taste of sugar?",
    "moves": "Does it move by itself? | Can it change place without a push?",
    "cold": "Is it cold? | Does it feel like ice?",
    "farm": "Do you find it on a farm? | Does a farmer keep it?",
    "sky": "Do you see it in the sky? | Do you look up to see it?",
    "toy": "Do children play with it? | Is it a kind of toy?",
    "tool": "Is it a tool? | Do you work with it?",
    "music": "Does it make music? | Can you play a tune on it?",
    "ride": "Can you ride in it or on it? | Does it take people from place to place?",
    "paper": "Is it made of paper? | Is paper its main part?",
    "fur": "Does it have fur? | Is it covered with hair?",
    "wild": "Does it live in the wild? | Would you meet it far from towns?",
}


def _split_forms(text: str) -> dict[Split, tuple[str, ...]]:
    train, heldout = ([f"{form.strip()}?" for form in part.split("?") if form.strip()] for part in text.split("|"))
    return {"train": tuple(train), "heldout": tuple(heldout)}


def _framed(kind: str, word: str) -> dict[Split, tuple[str, ...]]:
    named = f"a {word}" if kind == "kind" else word
    return {split: (frame.format(word=named),) for split, frame in _FRAMES.items()}


QUESTIONS: dict[Source, dict[str, Forms]] = {
    "generated": {word: _framed(kind, word) for kind, words in FEATURES.items() for word in words},
    "handwritten": {name: _split_forms(text) for name, text in _HANDWRITTEN.items()},
}
"""By source and attribute: its model questions, by split."""
