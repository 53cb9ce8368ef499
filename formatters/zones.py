"""The time zones that a form offers, by part of the world; any other can be named in a command."""

from collections.abc import Mapping
from typing import Final

from bot.core.language import N_

#: IANA names, from west to east within each group.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    N_("Asia"): (
        "Asia/Jerusalem", "Asia/Beirut", "Asia/Baghdad", "Asia/Riyadh", "Asia/Tehran", "Asia/Dubai", "Asia/Baku",
        "Asia/Yerevan", "Asia/Kabul", "Asia/Karachi", "Asia/Tashkent", "Asia/Kolkata", "Asia/Colombo",
        "Asia/Kathmandu", "Asia/Dhaka", "Asia/Almaty", "Asia/Yangon", "Asia/Bangkok", "Asia/Ho_Chi_Minh",
        "Asia/Jakarta", "Asia/Novosibirsk", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei",
        "Asia/Singapore", "Asia/Kuala_Lumpur", "Asia/Manila", "Asia/Urumqi", "Asia/Tokyo", "Asia/Seoul",
        "Asia/Vladivostok",
    ),
    N_("Europe"): (
        "Atlantic/Azores", "Atlantic/Reykjavik", "Europe/Dublin", "Europe/Lisbon", "Europe/London", "Europe/Amsterdam",
        "Europe/Berlin", "Europe/Brussels", "Europe/Copenhagen", "Europe/Madrid", "Europe/Oslo", "Europe/Paris",
        "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich",
        "Europe/Budapest", "Europe/Athens", "Europe/Bucharest", "Europe/Helsinki", "Europe/Kyiv", "Europe/Sofia",
        "Europe/Istanbul", "Europe/Moscow",
    ),
    N_("America"): (
        "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Vancouver", "America/Tijuana",
        "America/Phoenix", "America/Denver", "America/Edmonton", "America/Chicago", "America/Mexico_City",
        "America/Winnipeg", "America/Bogota", "America/Lima", "America/New_York", "America/Toronto", "America/Caracas",
        "America/Halifax", "America/Santiago", "America/St_Johns", "America/Argentina/Buenos_Aires",
        "America/Montevideo", "America/Sao_Paulo",
    ),
    N_("Australia and Pacific"): (
        "Australia/Perth", "Australia/Darwin", "Australia/Adelaide", "Australia/Brisbane", "Australia/Sydney",
        "Australia/Melbourne", "Pacific/Auckland", "Pacific/Fiji",
    ),
    N_("Africa"): (
        "Africa/Accra", "Africa/Casablanca", "Africa/Lagos", "Africa/Algiers", "Africa/Tunis", "Africa/Cairo",
        "Africa/Johannesburg", "Africa/Nairobi", "Africa/Addis_Ababa",
    ),
    N_("Everywhere"): ("UTC",),
}  # fmt: skip

#: Those of them that a short list has: a few for each offset, from west to east, and one for everywhere.
FEW: Final[tuple[str, ...]] = (
    "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Chicago",
    "America/New_York", "America/Sao_Paulo", "UTC", "Europe/London", "Africa/Lagos",
    "Europe/Paris", "Europe/Berlin", "Africa/Cairo", "Africa/Johannesburg", "Asia/Jerusalem",
    "Europe/Moscow", "Asia/Riyadh", "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Bangkok",
    "Asia/Jakarta", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore",
    "Asia/Kuala_Lumpur", "Asia/Manila", "Asia/Tokyo", "Asia/Seoul", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
