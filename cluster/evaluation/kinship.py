"""Whether those who should be independent are one language model: who judges its own words is lenient with them.

Told by the folder or by the name an endpoint knows the model by, nothing else: a model under two names is not found out.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from actors.config import SpeakerConfig, TinyModel
from cluster.evaluation.setting import PREFIX, Setting

JUDGE, USER = "the judge", "the user"
JUDGED = "judges are lenient with their own words"
AGREED = "a model finds its own words easier to follow than others do"


def warnings(setting: Setting) -> list[str]:
    """A sentence for every two of judge, users and agents that are the same model."""
    judge = setting.config.judges["default"]
    asked = judge.endpoint.model if judge.endpoint else None
    people = [(f"the agent {each.label}", each.name) for each in setting.subjects if each.kind != "script"]
    people += [(_called(name), model) for name, user in setting.users.items() if (model := _model(user))]
    people += [(JUDGE, model) for model in [asked or _name(judge.model)] if model]
    return [
        f"{one} and {other} are the same model, {Path(model).name}: {JUDGED if other == JUDGE else AGREED}."
        for (one, model), (other, same) in combinations(people, 2)
        if model == same and not (one.startswith(USER) and other.startswith(USER))
    ]


def _called(name: str) -> str:
    return f"{USER} {name.removeprefix(PREFIX)}"


def _model(user: SpeakerConfig) -> str | None:
    return user.endpoint.model if user.endpoint else _name(user.model)


def _name(model: TinyModel | str | None) -> str | None:
    if isinstance(model, TinyModel):
        return f"tiny {model.tiny}"
    return model and str(Path(model).expanduser().absolute())
