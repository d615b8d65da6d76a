"""Where the pages' client plays: processes with PostgreSQL and Redis, and one process with SQLite; each when needed."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.processes import free_port
from simulator.stage import Stage, one_process, procfile_processes
from simulator.throwaway import PrivatePostgres, PrivateRedis
from tests.faults.ground import Ground
from tests.faults.harness import run_python
from tests.faults.weather import is_embedded

ENVIRONMENT = {
    "SECRET_KEY": "faults-" + "k" * 40,
    "DJANGO_SETTINGS_MODULE": "backend.config.settings",
    "HEARTBEAT_S": "2",
}


class Grounds:
    """Both installations, with the people of all the seeds that are played there."""

    def __init__(self, folder: Path, seeds: Sequence[int]) -> None:
        self._folder = folder
        self._seeds = seeds
        self._made: dict[bool, tuple[Ground, Mapping[str, Any]]] = {}

    async def of(self, seed: int) -> tuple[Ground, Mapping[str, Any]]:
        """Return where a seed is played, and its people."""
        embedded = is_embedded(seed)
        if embedded not in self._made:
            self._made[embedded] = await asyncio.to_thread(self._make, embedded=embedded)
        ground, squads = self._made[embedded]
        return ground, squads[str(seed)]

    async def close(self) -> None:
        """End everything."""
        for ground, _ in self._made.values():
            await ground.mend()  # what is stopped does not end when it is asked to
            ground.stage.stop()
            if ground.redis:
                ground.redis.close()
            if ground.postgres:
                ground.postgres.close()

    def _make(self, *, embedded: bool) -> tuple[Ground, Mapping[str, Any]]:
        postgres, redis = (None, None) if embedded else (PrivatePostgres.make(), PrivateRedis.make())
        if postgres and redis:
            postgres.start()
            redis.start()
        log = self._folder / "server.log"
        database = postgres.url if postgres else f"sqlite:///{self._folder}/muster.sqlite3"
        environment = {**ENVIRONMENT, "DATABASE_URL": database, "REDIS_URL": redis.url if redis else ""}
        squads = run_python(
            "from django.core.management import call_command; call_command('migrate', verbosity=0); "
            "from tests.faults.squads import print_squads; "
            f"print_squads({[seed for seed in self._seeds if is_embedded(seed) == embedded]})",
            environment,
        )
        stage = _stage(environment, log, embedded=embedded)
        stage.start()
        stage.wait()
        return Ground(postgres=postgres, redis=redis, stage=stage), json.loads(squads)


def _stage(environment: dict[str, str], log: Path, *, embedded: bool) -> Stage:
    return one_process(environment, free_port(), log) if embedded else procfile_processes(environment, log)
