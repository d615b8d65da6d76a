"""Signs a simulated phone in and keeps its tokens fresh, as an app would."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from uuid6 import uuid7

from simulator.rest import Refused, Rest

PATIENT_TIMES = 5
LONGEST_WAIT_S = 10
RENEW_AFTER_S = 11 * 60.0
"""An access token lives for fifteen minutes."""


@dataclass
class Account:
    """One person on one device. `refresh` may be stored between runs: a refresh costs no password hash."""

    rest: Rest
    identifier: str
    password: str
    device: UUID = field(default_factory=uuid7)
    refresh: str = ""
    access: str = ""
    fresh_until: float = 0.0
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def token(self) -> str:
        """Return an access token, renewed in time; sign in without a token to renew."""
        if not self.access or time.monotonic() > self.fresh_until:
            await self.renew()
        return self.access

    async def renew(self) -> None:
        """Take new tokens for the refresh token, or by password when the refresh token has expired.

        Several sockets may share an account. While a refresh is in progress they all wait for its tokens, because a
        refresh token that is used twice looks stolen.
        """
        before = self.access
        async with self._renewing:
            if self.access in ("", before):
                await self._renew()

    async def _renew(self) -> None:
        if self.refresh:
            try:
                self._keep(await self._patiently("/api/v1/token/refresh", {"refresh": self.refresh}))
                return
            except Refused as refused:
                if refused.status not in (400, 401, 403, 422):
                    raise
        self._keep(await self._sign_in())

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call a REST endpoint as this person; an expired token is renewed once."""
        token = await self.token()
        try:
            return await self.rest.call(method, path, body, token=token)
        except Refused as refused:
            if refused.status != 401:
                raise
        await self.renew()
        return await self.rest.call(method, path, body, token=self.access)

    async def _sign_in(self) -> dict[str, Any]:
        device = {"id": str(self.device), "name": "simulated phone", "platform": "other"}
        body = {"identifier": self.identifier, "password": self.password, "device": device}
        return await self._patiently("/api/v1/sign-in", body)

    async def _patiently(self, path: str, body: Any) -> dict[str, Any]:
        """Retry after the time that a busy server names."""
        for _ in range(PATIENT_TIMES):
            try:
                return dict(await self.rest.call("POST", path, body))
            except Refused as refused:
                if refused.status not in (429, 503) or "retry_after_s" not in refused.problem:
                    raise
                await asyncio.sleep(min(refused.problem["retry_after_s"], LONGEST_WAIT_S))
        return dict(await self.rest.call("POST", path, body))

    def _keep(self, tokens: dict[str, Any]) -> None:
        self.access, self.refresh = tokens["access"], tokens["refresh"]
        self.fresh_until = time.monotonic() + RENEW_AFTER_S
