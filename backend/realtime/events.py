"""Base of every event: declared once; the log, the socket, AsyncAPI, the examples and the tests read the class."""

from typing import Any, ClassVar

from backend.lib.shapes import Shape

EVENTS: "dict[str, type[Event]]" = {}
"""Every declared event by its type."""


class Event(Shape):
    """Something that happened.

    Subclasses name their type and the kinds of topics that carry them: `class TaskCalled(Event, type="task.called",
    topics=("unit",))`. The docstring is the API documentation.
    """

    event_type: ClassVar[str]
    topic_kinds: ClassVar[tuple[str, ...]]

    @classmethod
    def __pydantic_init_subclass__(  # type: ignore[override]
        cls, *, type: str, topics: tuple[str, ...], **kwargs: Any
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.event_type = type
        cls.topic_kinds = topics
        EVENTS[type] = cls

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # The class arguments are read above; pydantic would take them for configuration.
        kwargs.pop("type", None)
        kwargs.pop("topics", None)
        super().__init_subclass__(**kwargs)
