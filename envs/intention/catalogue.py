"""General knowledge of the generated tasks: categories, their six slots with importance, and the slots' values.

Invariants (tested)
- Every slot, category and value is one lower-case word, and no word has two of these meanings.
- Importance depends on the category only, so it can be learned.

The vocabulary is small on purpose: one noun links question, reply and request (learnability.md 2).
"""

from __future__ import annotations

VALUES_PER_SLOT = 12
"""Enough that guessing in the closing turn hardly pays: one in twelve."""

VALUES: dict[str, tuple[str, ...]] = {
    slot: tuple(words.split())
    for slot, words in {
        "date": "january february march april may june july august september october november december",
        "time": "dawn morning brunch noon afternoon dusk sunset evening night midnight sunrise teatime",
        "place": "beach forest village castle harbor island desert valley lake mountain cave meadow",
        "price": "ten twenty thirty forty fifty sixty seventy eighty ninety hundred thousand free",
        "size": "tiny small medium large huge giant narrow wide short tall slim broad",
        "color": "red blue green yellow purple orange pink black white gray brown violet",
        "style": "modern classic rustic vintage plain elegant formal casual bold playful retro gothic",
        "material": "wood steel glass leather cotton wool silk paper stone plastic copper linen",
        "food": "pasta rice fish cheese soup salad bread beans pizza tacos sushi curry",
        "drink": "water tea coffee juice milk wine cider cocoa lemonade soda beer punch",
        "music": "jazz rock folk opera blues techno soul disco reggae country choir piano",
        "language": "english french german spanish italian greek latin dutch polish arabic hindi korean",
        "animal": "cat dog horse rabbit owl fox bear lion eagle turtle dolphin penguin",
        "group": "family friends couple team kids parents colleagues neighbors students retirees cousins club",
        "level": "novice beginner basic easy middle advanced hard expert master pro junior senior",
        "shape": "round square oval flat curved star heart cube spiral triangle diamond ring",
    }.items()
}

SLOTS: tuple[str, ...] = tuple(VALUES)

CATEGORIES: dict[str, dict[str, int]] = {
    category: {slot: int(level) for slot, level in (item.split(":") for item in items.split())}
    for category, items in {
        "trip": "date:3 place:3 group:2 price:2 food:1 language:1",
        "party": "date:3 group:3 food:2 drink:2 music:1 color:1",
        "gift": "price:3 size:2 color:2 material:2 shape:1 date:1",
        "cake": "size:3 shape:3 date:2 color:2 animal:1 price:1",
        "desk": "size:3 material:3 price:2 shape:2 color:1 style:1",
        "jacket": "size:3 color:3 material:2 style:2 price:1 animal:1",
        "course": "language:3 level:3 time:2 price:2 group:1 date:1",
        "garden": "size:3 style:2 place:2 shape:2 animal:1 color:1",
        "dinner": "food:3 time:3 drink:2 group:2 music:1 place:1",
        "room": "price:3 size:2 style:2 color:2 place:1 animal:1",
        "book": "language:3 level:3 style:2 animal:1 size:1 price:1",
        "film": "style:3 language:3 group:2 time:2 music:1 animal:1",
        "game": "group:3 level:3 animal:2 time:2 style:1 language:1",
        "concert": "music:3 date:3 price:2 place:2 time:1 drink:1",
        "wedding": "date:3 place:3 food:3 music:2 color:1 style:1",
        "poster": "size:3 color:2 style:2 language:2 shape:1 animal:1",
        "lamp": "shape:3 material:3 price:2 color:2 size:1 place:1",
        "picnic": "place:3 food:3 drink:2 time:2 group:1 animal:1",
        "mural": "place:3 animal:3 color:2 style:2 size:1 date:1",
        "costume": "animal:3 size:3 material:2 price:2 music:1 shape:1",
    }.items()
}

QUESTIONS: tuple[str, ...] = ("What is the {slot}?", "Which {slot} do you want?")
REQUESTS: tuple[str, ...] = ("I need a {category}", "I want a {category}", "Please plan a {category}")
HELDOUT_REQUEST = "I plan a {category}"
"""Asked for in no train task. Its words are known from there: what a small agent meets is another wording, no new words."""


def inquiries(slot: str) -> tuple[str, ...]:
    """The model questions for a slot."""
    return tuple(frame.format(slot=slot) for frame in QUESTIONS)
