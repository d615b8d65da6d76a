"""Dependency inversion between rooms: a lower room calls the rooms above it without an import of them.

The lower room declares a hook or a question in its `hooks.py` and calls it inside its transaction. The rooms above
answer in their `reactions.py`. Answers run in the order of the rooms, the lowest first. Where answers lock rows the
highest runs first, because locks are taken from the top.
"""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Hook(Generic[_P, _R]):
    """An occurrence; every room that it concerns may answer it, once."""

    def __init__(self, signature: Callable[_P, _R], *, from_the_top: bool = False) -> None:
        self.__doc__ = signature.__doc__
        self.name = _name_of(signature)
        self._from_the_top = from_the_top
        self.answers: dict[str, Callable[_P, _R]] = {}

    def answered_by(self, room: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
        """Register the answer of a room. Raises ValueError for a second answer of the same room."""

        def register(answer: Callable[_P, _R]) -> Callable[_P, _R]:
            if room in self.answers:
                raise ValueError(f"{room} answers {self.name} twice")
            self.answers[room] = answer
            return answer

        return register

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> list[_R]:
        """Call the answers of all rooms and return their results; a refusal is raised and rolls everything back."""
        answers = list(self.answers.values())
        ordered = reversed(answers) if self._from_the_top else answers
        return [answer(*args, **kwargs) for answer in ordered]


class Question(Generic[_P, _R]):
    """Knowledge that a room needs and only a room above has; exactly one room answers."""

    def __init__(self, signature: Callable[_P, _R]) -> None:
        self.__doc__ = signature.__doc__
        self.name = _name_of(signature)
        self._answer: Callable[_P, _R] | None = None

    def answer(self, function: Callable[_P, _R]) -> Callable[_P, _R]:
        """Register the one answer. Raises ValueError for a second answer."""
        if self._answer is not None:
            raise ValueError(f"{self.name} is answered twice")
        self._answer = function
        return function

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Return the answer. Raises LookupError when no room has registered one."""
        if self._answer is None:
            raise LookupError(f"no room answers {self.name}")
        return self._answer(*args, **kwargs)


def _name_of(signature: Callable[..., object]) -> str:
    """Return `room.name`: the package of the declaring `hooks.py`, and the function."""
    return f"{signature.__module__.removesuffix('.hooks').rpartition('.')[2]}.{signature.__name__}"


def hook(signature: Callable[_P, _R]) -> Hook[_P, _R]:
    """Declare a hook by a function without a body: its signature, and a docstring that says which locks are held."""
    return Hook(signature)


def locking_hook(signature: Callable[_P, _R]) -> Hook[_P, _R]:
    """Declare a hook whose answers lock rows: the highest room answers first, as in its own acts."""
    return Hook(signature, from_the_top=True)


def question(signature: Callable[_P, _R]) -> Question[_P, _R]:
    """Declare a question by a function without a body."""
    return Question(signature)
