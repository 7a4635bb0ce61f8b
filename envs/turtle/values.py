"""The tables behind `catalogue.py`: values, their other names, and how they are asked and told. Data, no code."""

from __future__ import annotations

from envs.base import Split
from envs.turtle.wording import Source

GENERATED: dict[str, dict[str, str]] = {
    kind: dict.fromkeys(words.split(), "")
    for kind, words in {
        "who": "sailor cook nurse guard farmer singer baker clerk painter pilot king thief",
        "where": "cellar attic barn tower bridge garden boat church shop cave well roof",
        "what": "key letter rope lamp ring clock coin mask bell knife book map",
        "why": "fear love money revenge shame pride envy hunger duty hope anger grief",
    }.items()
}
"""By kind and value its other names; generated values have none: one word, one token."""

SCENES: dict[str, tuple[str, str]] = {
    "port": ("sailor guard clerk thief", "boat cellar bridge tower"),
    "village": ("farmer baker nurse singer", "barn well church garden"),
    "city": ("clerk pilot painter cook", "roof bridge shop attic"),
    "palace": ("king guard singer cook", "tower cellar garden roof"),
    "island": ("pilot sailor king painter", "cave boat well bridge"),
    "camp": ("nurse guard thief farmer", "cave barn boat attic"),
    "school": ("nurse clerk painter singer", "attic roof church garden"),
    "market": ("baker thief cook farmer", "shop cellar well barn"),
}
"""By the scene that a generated surface names: who it can be about, and where."""

EVENTS: dict[str, tuple[str, str]] = {
    "smoke": ("lamp letter book mask", "anger shame revenge grief"),
    "music": ("bell clock ring book", "love hope pride duty"),
    "silence": ("clock key map mask", "fear grief shame hope"),
    "laughter": ("mask coin bell ring", "pride envy money love"),
    "dust": ("map book coin rope", "money duty hunger hope"),
    "blood": ("knife rope key ring", "revenge anger envy fear"),
    "light": ("lamp key letter clock", "hope fear duty love"),
    "tears": ("letter ring knife lamp", "grief hunger love anger"),
}
"""By the event that a generated surface names: what it can be about, and why."""

SURFACES: dict[Split, tuple[str, ...]] = {
    "train": (
        "There was {event} in the {scene}.",
        "In the {scene} there was {event}.",
        "The {scene} had {event} at night.",
        "At night there was {event} in the {scene}.",
        "Nobody in the {scene} had seen {event}.",
    ),
    "heldout": ("Nobody had seen {event} in the {scene} at night.", "At night the {scene} had {event}."),
}
BOTTOMS: dict[Split, str] = {
    "train": "The {who} was in the {where} with the {what} because of {why}.",
    "heldout": "Because of {why} the {who} took the {what} to the {where}.",
}
"""The hidden story of a generated task."""
STATEMENTS: dict[Split, dict[str, str]] = {
    "train": {
        "who": "It is the {value}.",
        "where": "It is in the {value}.",
        "what": "It has the {value}.",
        "why": "It is for {value}.",
    },
    "heldout": {
        "who": "The {value} did it.",
        "where": "The place is the {value}.",
        "what": "The {value} is used.",
        "why": "The cause is {value}.",
    },
}

HANDWRITTEN: dict[str, dict[str, str]] = {
    "who": {
        "doctor": "doctors nurse nurses surgeon medic vet dentist midwife",
        "guard": "guards policeman policewoman police officer firefighter firefighters fireman lifeguard soldier keeper",
        "performer": "performers actor actress actors singer musician dancer clown magician acrobat",
        "craftsman": "craftsmen carpenter baker painter tailor mechanic cook builder plumber electrician gardener cleaner",
        "child": "children kid kids boy girl boys girls son daughter baby toddler schoolboy schoolgirl",
        "grandparent": "grandparents grandmother grandfather grandma grandpa granny",
        "neighbour": "neighbours neighbor neighbors lodger tenant",
        "creature": "creatures animal animals dog cat bird goat parrot monkey horse cow crow mouse fox hen donkey puppy kitten",
    },
    "where": {
        "home": "house flat apartment kitchen bedroom bathroom homes household",
        "hotel": "hotels inn hostel guesthouse lobby",
        "theatre": "theater cinema studio stage museum circus",
        "shop": "shops store supermarket workshop bakery bank office restaurant",
        "ship": "ships boat ferry harbour harbor yacht deck sea lake raft",
        "train": "trains bus tram carriage railway station taxi platform",
        "mountain": "mountains hill forest woods hut cliff glacier valley desert",
        "garden": "gardens park yard field lawn orchard farm zoo graveyard",
    },
    "what": {
        "letter": "letters note notes postcard envelope message diary telegram poem",
        "photograph": "photographs photo photos picture pictures portrait painting camera",
        "key": "keys lock padlock",
        "watch": "watches clock clocks alarm stopwatch timer",
        "costume": "costumes mask uniform coat dress gown wig suit clothes hat",
        "rope": "ropes string cord leash thread wire",
        "mirror": "mirrors glass glasses window windows spectacles",
        "lamp": "lamps candle candles lantern torch bulb lighthouse",
    },
    "why": {
        "love": "loved loves beloved affection",
        "kindness": "kindly comfort comforted mercy pity consideration",
        "revenge": "avenge vengeance retaliation",
        "envy": "envious jealous jealousy envied",
        "money": "pay paid payment profit cash wage wages savings",
        "pride": "proud vanity vain fame boast boasting record",
        "fear": "afraid feared fright frightened scared terrified phobia panic",
        "habit": "habits routine accustomed usual custom",
    },
    "how": {
        "rehearsal": "rehearsals rehearsing rehearsed film filming play scene",
        "game": "games contest race match tournament chess",
        "drill": "drills exercise training practice lesson exam",
        "surprise": "surprises surprised secretly secret party",
        "mistake": "mistaken mistook mistakes confused mixup misread misunderstood misheard",
        "illusion": "illusions reflection echo shadow shadows optical",
        "accident": "accidents accidentally slipped broke broken dropped spilled fell stuck",
        "weather": "storm fog frost snow ice rain wind thunder flood sun heat",
    },
}
"""Eight values of each of five kinds."""

GROUPS: dict[str, dict[str, tuple[str, str, str, str]]] = {
    "who": {
        "working": (
            "doctor guard performer craftsman",
            "work job working employed",
            "Is it about somebody at work?",
            "Does the one it turns on have a job?",
        ),
        "protecting": (
            "doctor guard",
            "protect protects rescue heal",
            "Does that person protect others?",
            "Is it a person who can rescue or heal others?",
        ),
        "related": (
            "child grandparent",
            "family relative kin",
            "Is it somebody of the family?",
            "Is it a relative of somebody?",
        ),
    },
    "where": {
        "inside": (
            "home hotel theatre shop",
            "inside building indoors",
            "Did it happen inside a building?",
            "Does the story take place indoors?",
        ),
        "sleeping": ("home hotel", "sleep overnight", "Do people sleep there?", "Do people stay there overnight?"),
        "travelling": ("ship train", "vehicle travel travelling", "Did it happen in a vehicle?", "Were they travelling?"),
    },
    "what": {
        "small": (
            "letter photograph key watch",
            "pocket small",
            "Does the main thing fit in a pocket?",
            "Is the decisive thing small?",
        ),
        "showing": ("letter photograph", "paper printed", "Is it made of paper?", "Can it be printed?"),
        "soft": ("costume rope", "cloth fibre woven", "Is it made of cloth?", "Is it woven?"),
    },
    "why": {
        "social": (
            "love kindness revenge envy",
            "somebody's feeling feelings",
            "Was it a feeling for a person?",
            "Were feelings for a person behind it?",
        ),
        "warm": ("love kindness", "warm friendly tender", "Was it a warm one?", "Was it friendly?"),
        "gaining": ("money pride", "gain win advantage", "Did somebody hope to gain by it?", "Was it for an advantage?"),
    },
    "how": {
        "staged": (
            "rehearsal game drill surprise",
            "staged planned purpose",
            "Was it staged?",
            "Was it planned by the people there?",
        ),
        "amusing": ("rehearsal game", "amuse fun spectators", "Was it done for fun?", "Did it amuse spectators?"),
        "misjudged": ("mistake illusion", "wrong misjudged deceived", "Did somebody get it wrong?", "Was somebody deceived?"),
    },
}
"""By kind: what a group holds, its words, its question in both wordings. Three questions find one value of eight."""


FRAMES: dict[Source, dict[Split, dict[str, str]]] = {
    "generated": {
        "train": {
            "who": "Is it the {value}?",
            "where": "Is it in the {value}?",
            "what": "Is it with the {value}?",
            "why": "Is it for {value}?",
        },
        "heldout": {
            "who": "Was it the {value}?",
            "where": "Was it in the {value}?",
            "what": "Was it with the {value}?",
            "why": "Was it for {value}?",
        },
    },
    "handwritten": {
        "train": {
            "who": "Is it about a {value}?",
            "where": "Did it happen at a place like a {value}?",
            "what": "Does a {value} matter?",
            "why": "Was {value} the reason?",
            "how": "Does {value} explain it?",
        },
        "heldout": {
            "who": "Does it turn on a {value}?",
            "where": "Is the place a {value} or the like?",
            "what": "Is a {value} decisive?",
            "why": "Did {value} move them?",
            "how": "Was {value} behind it?",
        },
    },
}
"""How a value of a kind is asked about."""

CLAUSES: dict[Source, dict[Split, dict[str, str]]] = {
    "generated": {
        "train": {"who": "The {value}", "where": "in the {value}", "what": "with the {value}", "why": "for {value}."},
        "heldout": {"who": "It was the {value}", "where": "in the {value}", "what": "with the {value}", "why": "for {value}."},
    },
    "handwritten": {
        "train": {
            "who": "It is about a {value}.",
            "where": "It happened at a {value}.",
            "what": "A {value} matters.",
            "why": "The reason was {value}.",
            "how": "What explains it is {value}.",
        },
        "heldout": {
            "who": "It turns on a {value}.",
            "where": "The place is a {value}.",
            "what": "A {value} is decisive.",
            "why": "They were moved by {value}.",
            "how": "Behind it was {value}.",
        },
    },
}
"""How a value of a kind is told."""
