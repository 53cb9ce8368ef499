"""What operators' programs see of the bot, composed: figures, whether it is ready, and a ping while all goes well."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.pulse import Pulse
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.adapters.ping import Ping
    from bot.adapters.prometheus import PrometheusMeter


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    prometheus: "PrometheusMeter"
    pulse: Pulse = field(default_factory=lambda: Pulse(time.monotonic))
    #: None where it is not configured.
    ping: "Ping | None"

    def ticked(self, went_well: bool) -> None:
        self.prometheus.ticked(went_well=went_well)
        if went_well:
            self.pulse.beat()
            if self.ping is not None:
                self.ping.send()

    async def finish(self) -> None:
        if self.ping is not None:
            await self.ping.finish()


def compose(settings: Settings) -> Watching:
    from bot.adapters.ping import Ping
    from bot.adapters.prometheus import PrometheusMeter

    ping = Ping(settings.ping_url.get_secret_value()) if settings.ping_url is not None else None
    return Watching(prometheus=PrometheusMeter(), ping=ping)
