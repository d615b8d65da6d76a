"""The REST view of the skills that tasks can ask for."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.lib.api import answer
from backend.realtime.views import View
from backend.volunteers.queries.skills import all_skills
from backend.volunteers.schemas.skills import Skills


class SkillsView(View):
    """Every skill."""

    @extend_schema(operation_id="skills", responses=Skills, tags=["units"])
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Return every skill with its names, service categories first: what `requirements` of a task may name."""
        return answer(Skills(all_skills()))
