"""The base of every REST view: an act is done once for each `Idempotency-Key`, in one space with the socket's keys."""

import copy
import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any, ClassVar
from uuid import UUID

import pydantic
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pydantic import UUID7, TypeAdapter
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.lib.clock import now
from backend.lib.encryption import KeyMissing, seal, unseal
from backend.lib.errors import Invalid, Refusal, TooMany, require
from backend.lib.openapi import add_problems
from backend.lib.problems import MAX_NAMED, is_refusal
from backend.lib.shapes import Request, names_of_given
from backend.realtime import keys
from backend.realtime.frames import LONGEST_EPOCH
from backend.realtime.log import epochs
from backend.realtime.models import KeyedAct
from backend.realtime.pace import count_act, uncount_act
from backend.realtime.registry import person_behind

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
EPOCH = "Muster-Epoch"
ACTS = ("post", "put", "patch", "delete")
WORDS = ("purpose",)
"""Parts of addresses that name something by a word of the code."""

_KEY: TypeAdapter[UUID7] = TypeAdapter(UUID7)
Handler = Callable[..., Response]


class EpochOver(Refusal):
    """The database was put back to an earlier moment since: what the numbers in it name may be another by now."""

    slug = "epoch-over"
    text = _(
        "The server was put back to an earlier state since. Look at how things stand, then decide again."
    )


class View(APIView):
    """A REST view. With an idempotency key the act and the record of its key commit together, or neither does.

    Each act declares the answer to its repetition. Either a method beside it, `post_again` for `post`, returns the
    present state: it checks the rights of the act, changes nothing, and finds in `made_before` what the act has put
    into `made`. Or the act is in `repeatable`: to do it again changes nothing anyway. Or it is in `own_keys`, and
    claims `wanted` itself.
    """

    repeatable: ClassVar[Collection[str]] = ()
    own_keys: ClassVar[Collection[str]] = ()
    secret: ClassVar[Collection[str]] = ()
    """Acts that tell a secret: their answer is sealed, for minutes, for the device that asked."""
    full_sign_in: ClassVar[Collection[str]] = ()
    """Methods that read, and are refused to a device whose sign-in another person has seen."""
    by_introduced: ClassVar[Collection[str]] = ()
    """Acts that such a device may do: to be reached, to answer, to go on duty. All others are refused to it."""
    uncounted: ClassVar[Collection[str]] = ()
    """Methods that are not acts of a person: their rows are not kept for good."""
    commands: ClassVar[Mapping[str, str]] = {}
    """Acts that are also commands of the socket, by their types there."""

    parameters: ClassVar[Mapping[str, Collection[str]]] = {}
    """The query parameters of each method; all others are refused, for an unlisted method all."""

    made = ""
    """The id or number of the object that the act made, if the request does not name it."""
    wanted: keys.Asked | None = None
    """The request under a key; None without a key."""
    earlier: KeyedAct | None = None
    """The record of the repeated act."""
    counted: int | None = None
    """The account whose acts this request was counted for."""
    epoch = ""
    """The epoch of the log, if the request names the epoch that its act was meant in."""

    def initial(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Authenticate the caller, count the act, then claim the key before the act."""
        super().initial(request, *args, **kwargs)
        method = str(request.method).lower()
        if request.auth and method in ACTS and method not in self.uncounted:
            user_id = int(request.user.pk or 0)
            count_act(user_id)
            self.counted = user_id
        _require_known(request, self.parameters.get("get" if method == "head" else method, ()))
        if method not in ACTS or not hasattr(self, method):
            return
        key, is_over = request.headers.get(HEADER), self._is_over(_epoch_of(request), request, kwargs)
        if key is None:
            require(not is_over, EpochOver)
            return
        act = partial(_refused, EpochOver) if is_over else getattr(self, method)
        setattr(self, method, partial(self._with_key, method, act, key))  # a view serves one request

    def _is_over(self, epoch: str | None, request: HttpRequest, address: Mapping[str, Any]) -> bool:
        """Tell whether an act was meant in another epoch and names an object by a number that the server issued.

        After a restore of the database such a number may have been issued a second time: to another post, or unit.
        Ids that clients made, and the caller's own things, are unchanged.
        """
        if epoch is None:
            return False
        self.epoch = epochs.current()
        if epoch == self.epoch:
            return False
        named = [value for name, value in address.items() if name not in WORDS]
        return not all(isinstance(value, UUID) for value in named) or _names_by_number(request)

    def finalize_response(self, request: HttpRequest, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Uncount a refused act, and return the epoch if the request named one (DRF's)."""
        if self.counted is not None and response.status_code >= 400:
            uncount_act(self.counted)
        if self.epoch:
            response[EPOCH] = self.epoch
        return super().finalize_response(request, response, *args, **kwargs)

    def content(self, request: HttpRequest, **kwargs: Any) -> Request | str:  # noqa: ARG002
        """Return the content of the request: other content under the same key is refused."""
        return f"{request.get_full_path()} {_canonical(request.body)}"

    def owner(self, request: HttpRequest) -> str:
        """Return the device of a caller before sign-in; empty where the address does not ask for it."""
        body = _json(request.body)
        device = body.get("device") if isinstance(body, dict) else None
        return str(device.get("id", "")) if isinstance(device, dict) else ""

    @property
    def made_before(self) -> str:
        """The object that the repeated act made."""
        return self.earlier.made if self.earlier else ""

    def told(self) -> Any:
        """Return the answer of the earlier act, for the device that asked. Raises KeyUsedOtherwise for others."""
        assert self.earlier is not None, "only repetitions ask"
        try:
            return json.loads(unseal(self.earlier.sealed, _seal_of(self.request, self.earlier)))
        except KeyMissing as error:
            raise keys.KeyUsedOtherwise("Another device has used this key.") from error

    def _with_key(self, method: str, act: Handler, key: str, request: HttpRequest, **kwargs: Any) -> Response:
        self.wanted = self._wanted(method, key, request, kwargs)
        if method in self.own_keys:
            return act(request, **kwargs)
        is_brief = method in self.secret or not request.auth
        kept = keys.BRIEFLY if is_brief else keys.KEPT
        if method in self.repeatable:
            return self._again(self.wanted, kept, partial(act, request, **kwargs))
        response = self._once(self.wanted, kept, method, partial(act, request, **kwargs))
        if response is None:
            response = replayed(getattr(self, f"{method}_again")(request, **kwargs))
        return response

    def _wanted(self, method: str, key: str, request: HttpRequest, kwargs: Mapping[str, Any]) -> keys.Asked:
        try:
            parsed = _KEY.validate_python(key.strip())
        except pydantic.ValidationError as error:
            wrong = {"pointer": f"/{HEADER}", "detail": "must be a UUIDv7"}
            raise Invalid(errors=[wrong]) from error
        act, content = self.name_of(method), self.content(request, **kwargs)
        if isinstance(content, Request):
            content = content.model_dump_json()
        digest = keys.digest_of(act, content)
        caller: Any = request.user
        if caller is None:
            own = keys.key_before_sign_in(parsed, act, self.owner(request))
            return keys.Asked(keys.NOBODY, own, act, digest)
        return keys.Asked(person_behind(caller), parsed, act, digest)

    @classmethod
    def name_of(cls, method: str) -> str:
        """Return the name of an act: that of the socket's command, or of the address."""
        return cls.commands.get(method) or f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}.{method}"

    def _once(
        self, wanted: keys.Asked, kept: timedelta, method: str, act: Callable[[], Response]
    ) -> Response | None:
        """Do the act in one transaction with its key; return None when the key has done it before.

        Rows that a refused act has written on purpose, for example the count of a wrong password, stay; its key does
        not. An unexpected exception rolls everything back.
        """
        with transaction.atomic():
            claim = keys.claim(wanted, at=now(), kept=kept)
            if not claim.is_new:
                self.earlier = claim.row
                return None
            outcome = _tried(act)
            if isinstance(outcome, Exception):
                keys.release([claim.row.pk])
            else:
                sealed = self._sealed(claim.row, outcome) if method in self.secret else ""
                keys.note(claim.row.pk, made=self.made, sealed=sealed)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _sealed(self, row: KeyedAct, response: Response) -> str:
        return seal(json.dumps(response.data), _seal_of(self.request, row))

    def _again(self, wanted: keys.Asked, kept: timedelta, act: Callable[[], Response]) -> Response:
        """Repeat an act that is safe to repeat; the key only tells whether it is the same one."""
        with transaction.atomic():
            claim = keys.claim(wanted, at=now(), kept=kept)
        self.earlier = None if claim.is_new else claim.row
        outcome = _tried(act)
        if isinstance(outcome, Exception):
            keys.release([claim.row.pk] if claim.is_new else [])
            raise outcome
        return outcome if claim.is_new else replayed(outcome)


def replayed(response: Response) -> Response:
    """Mark the answer to a repetition: it created nothing."""
    if response.status_code == 201:
        response.status_code = 200
    response[REPLAYED] = "true"
    return response


def _epoch_of(request: HttpRequest) -> str | None:
    """Return the epoch that a request names. Raises Invalid for a text that is not an epoch."""
    epoch: str | None = request.headers.get(EPOCH)
    if epoch is not None and len(epoch) > LONGEST_EPOCH:
        raise Invalid(
            errors=[{"pointer": f"/{EPOCH}", "detail": f"must have at most {LONGEST_EPOCH} characters"}]
        )
    return epoch


def _names_by_number(request: HttpRequest) -> bool:
    """Tell whether a body names an object by a number that the server issued; the fields are the same in all shapes."""
    content = _json(request.body) if request.content_type == "application/json" else None
    return isinstance(content, dict) and any(content.get(name) for name in names_of_given())


def _refused(refusal: type[Refusal], *_: Any, **__: Any) -> Response:
    """Refuse an act in its place, where its key has not done it yet."""
    raise refusal


def _tried(act: Callable[[], Response]) -> Response | Exception:
    """Return an act's answer, or its refusal; an unexpected exception is raised."""
    try:
        return act()
    except Exception as error:
        if not is_refusal(error):
            raise
        return error


def _seal_of(request: HttpRequest, row: KeyedAct) -> str:
    """Return the purpose under which an answer is sealed: this key and this device alone."""
    signed_in: Any = request.auth
    return f"answer {row.key.hex} {signed_in.device.hex}"


def _canonical(body: bytes) -> str:
    """Return the canonical form of a body: JSON of the same meaning is equal, in any order and spacing."""
    content = _json(body)
    if content is None:
        return hashlib.sha256(body).hexdigest()
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _json(body: bytes) -> Any:
    """Return the content of a body, None when it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def describe_keys(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the key to every act of the OpenAPI document, and the mark of a repetition to its answers (a hook)."""
    components = result["components"]
    components["parameters"] = {"IdempotencyKey": _PARAMETER, "MusterEpoch": _EPOCH_MEANT}
    components["headers"] = {"IdempotencyReplayed": _ANSWERED, "MusterEpoch": _EPOCH_NOW}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            if method in ACTS and "/api/v1/trackers/" not in path:
                _describe(operation)
                if set(re.findall("{([^{}]+)}", path)) - set(WORDS) or _sends_numbers(operation, components):
                    add_problems(operation, [EpochOver])
    return result


def _sends_numbers(operation: dict[str, Any], components: dict[str, Any]) -> bool:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    shape = components["schemas"].get(content.get("schema", {}).get("$ref", "").rpartition("/")[2], {})
    return bool(names_of_given() & set(shape.get("properties", ())))


def _describe(operation: dict[str, Any]) -> None:
    add_problems(operation, [keys.KeyUsedOtherwise, *([TooMany] if operation["security"] else [])])
    for name in ("IdempotencyKey", "MusterEpoch"):
        operation.setdefault("parameters", []).append({"$ref": f"#/components/parameters/{name}"})
    responses = operation["responses"]
    if "201" in responses:  # the created object exists already
        responses.setdefault("200", copy.deepcopy(responses["201"]))
    for status, response in responses.items():
        if status.startswith("2"):
            headers = response.setdefault("headers", {})
            headers[REPLAYED] = {"$ref": "#/components/headers/IdempotencyReplayed"}
            headers[EPOCH] = {"$ref": "#/components/headers/MusterEpoch"}


_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A UUIDv7, made when the person acts. The same again does nothing a second time, and is answered "
    "with how things stand now; with other content it is refused (`key-used-otherwise`). See offline.md.",
    "schema": {"type": "string", "format": "uuid"},
}
_EPOCH_MEANT = {
    "name": EPOCH,
    "in": "header",
    "required": False,
    "description": "The epoch of the log in which the person acted, as `hello` or catch-up named it. In another one an "
    "act whose address or body names a unit, person or post by its number is refused (`epoch-over`) unless its key "
    "has done it. See offline.md.",
    "schema": {"type": "string", "maxLength": LONGEST_EPOCH},
}
_EPOCH_NOW = {
    "description": "The epoch of the log now, for a request that names one.",
    "schema": {"type": "string"},
}
_ANSWERED = {
    "description": "`true` when the key had done the act before: the body is how things stand now.",
    "schema": {"type": "string", "const": "true"},
}


def _require_known(request: HttpRequest, known: Collection[str]) -> None:
    """Raise Invalid for an unknown query parameter, or for a second value of a single one.

    An ignored parameter would have the act done without it: a real act in the place of a rehearsal.
    """
    given = request.query_params
    wrong = {name: "there is no such parameter" for name in given if name not in known}
    wrong |= {name: "was given twice" for name in given if name in known and len(given.getlist(name)) > 1}
    if wrong:
        raise Invalid(
            errors=[
                {"pointer": f"/{name}", "detail": detail} for name, detail in islice(wrong.items(), MAX_NAMED)
            ]
        )
