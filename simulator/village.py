"""A scripted village at night, and its verdict: people in bed, without a phone, with a new number, in a family."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from uuid6 import uuid7

from backend.lib.clock import now
from simulator.account import Account
from simulator.rest import Refused, Rest
from simulator.scenario import PLACE, Verdict

PEOPLE = 13
"""The leader, six on duty, and six in bed."""
FIRST = 3_990_000
OLD_PHONE, NEW_PHONE, FAMILY_PHONE = "13800007301", "13800007302", "13800007303"
EVERY_HOUR = {"start": "00:00", "end": "24:00"}


@dataclass
class Village:
    """One village, asked at night by its leader, over REST alone."""

    leader: Account
    on_duty: list[Account]
    in_bed: list[Account]
    unit: str
    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    async def play(self) -> Verdict:
        """Let them say what they agree to, ask them, and correct what is wrong in the record."""
        *agreeing, without_phone, refusing = self.in_bed
        for person in agreeing:
            await person.call(
                "PUT", "/api/v1/me/waking", {"consents": [{"categories": ["patrol"], **EVERY_HOUR}]}
            )
        await refusing.call("PUT", "/api/v1/me/waking", {"refused_hours": [EVERY_HOUR]})
        await self._note_word(without_phone)
        await self._note_word(refusing)  # a leader's word does not outrank a no
        await sync_to_async(_take_phone_away)(int(without_phone.identifier))

        task = await self._call_out(asked=len(self.on_duty) + len(agreeing) + 1)
        await self._note_answer(task, without_phone)
        await self._correct_phone(agreeing[0])
        await self._register_family()
        return Verdict(self.lines, self.faults)

    async def _note_word(self, person: Account) -> None:
        word = {
            "id": str(uuid7()),
            "categories": ["patrol"],
            "said_yes": True,
            "how": "phone",
            "said_at": now().isoformat(),
        }
        await self.leader.call("POST", f"/api/v1/volunteers/{person.identifier}/waking/words", word)

    async def _call_out(self, *, asked: int) -> str:
        """Ask the village at once: those on duty, and those in bed who may be woken."""
        at = now()
        body: dict[str, Any] = {
            "id": str(uuid7()),
            "unit": self.unit,
            "category": "patrol",
            "severity": "urgent",
            "title": "The river rises at the lower bridge",
            "place": PLACE,
            "starts_at": (at + timedelta(minutes=20)).isoformat(),
            "answer_by": (at + timedelta(minutes=15)).isoformat(),
            "headcount": asked,
        }
        await self.leader.call("POST", "/api/v1/tasks", body)
        sent = await self.leader.call(
            "POST", f"/api/v1/tasks/{body['id']}/call-outs", {"id": str(uuid7()), "units": [self.unit]}
        )
        self._expect("asked at night", sent["offered"], asked)
        self.lines.append(
            f"asked         {sent['offered']} of {PEOPLE - 1}: {len(self.in_bed) - 1} of them in bed"
        )
        return str(body["id"])

    async def _note_answer(self, task: str, person: Account) -> None:
        """Note what the person without a phone has said at the neighbour's."""
        path = f"/api/v1/tasks/{task}/recipients/{person.identifier}/answer"
        said = {"answer": "accept", "how": "phone", "said_at": now().isoformat(), "eta_min": 15}
        part = await self.leader.call("PUT", path, said)
        self._expect(
            "the answer of the one without a phone", (part["status"], part["way"]), ("accepted", "word")
        )
        self.lines.append("no phone      said yes at the neighbour's, and the leader has noted it")

    async def _correct_phone(self, person: Account) -> None:
        path = f"/api/v1/volunteers/{person.identifier}/corrections"
        for phone in (OLD_PHONE, NEW_PHONE):
            made = await self.leader.call("POST", path, {"id": str(uuid7()), "phone": phone})
        self._expect("the number that changed", (made["before"], made["after"]), (OLD_PHONE, NEW_PHONE))
        self.lines.append("new number    corrected by the leader; the person can take it back")

    async def _register_family(self) -> None:
        """Two of a family have one phone: the second is registered with a word that they share it."""
        path = f"/api/v1/units/{self.unit}/walk-ins"
        await self.leader.call("POST", path, {"id": str(uuid7()), "name": "王秀兰", "phone": FAMILY_PHONE})
        second = {"id": str(uuid7()), "name": "王小明", "phone": FAMILY_PHONE}
        try:
            await self.leader.call("POST", path, second)
            self.faults.append("a phone of another person was taken without a word that it is shared")
        except Refused as refused:
            self._expect("a phone of another person", refused.problem["type"], "/problems/phone-taken")
        await self.leader.call("POST", path, {**second, "id": str(uuid7()), "shared_phone": True})
        self.lines.append("a family      two people, one phone")

    def _expect(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            self.faults.append(f"{what}: {found}, it must be {wanted}")


def settle_village(rest: Rest, detachment: str) -> Village:
    """Make a village below a detachment: its leader, half of the others on duty, and half of them at home."""
    from backend.volunteers.models import Volunteer
    from backend.volunteers.number_scheme import unit_number, volunteer_number
    from simulator.people import make_people

    numbers = [number for number in map(volunteer_number, range(FIRST, FIRST + 100)) if number][:PEOPLE]
    unit = unit_number(7, 26, 98)
    made = make_people(numbers, line=[unit], below=detachment)
    leader, *others = [
        Account(rest, f"{one.number:08d}", "", access=one.access, refresh=one.refresh) for one in made
    ]
    on_duty, in_bed = others[: len(others) // 2], others[len(others) // 2 :]
    home = [leader, *in_bed]
    Volunteer.objects.filter(number__in=[int(one.identifier) for one in home]).update(
        duty_since=None, duty_until=None
    )
    return Village(leader, on_duty, in_bed, unit)


def _take_phone_away(number: int) -> None:
    from backend.accounts.models import Device

    Device.objects.filter(user__volunteer__number=number).delete()
