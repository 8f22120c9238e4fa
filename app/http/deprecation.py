"""How a call that is to go says so.

Sources: RFC 9745, The Deprecation HTTP Response Header Field; RFC 8594, The Sunset HTTP Header Field.
"""

import datetime
from dataclasses import dataclass

from werkzeug.http import http_date

SHORTEST = datetime.timedelta(days=180)  # between the two days


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """Since when a call is deprecated, when it goes, and what is in its place."""

    since: datetime.date
    sunset: datetime.date
    instead: str  # a link: `/docs#get-v1-catalogues`

    def __post_init__(self) -> None:
        if self.sunset - self.since < SHORTEST:
            raise ValueError(f"Between {self.since} and {self.sunset} must lie {SHORTEST.days} days at least.")

    def headers(self) -> dict[str, str]:
        """What each of its answers tells."""
        since, sunset = (
            datetime.datetime.combine(day, datetime.time(), datetime.UTC) for day in (self.since, self.sunset)
        )
        return {
            "Deprecation": f"@{int(since.timestamp())}",
            "Sunset": http_date(sunset),
            "Link": f'<{self.instead}>; rel="deprecation"',
        }
