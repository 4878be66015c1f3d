"""Every resource type that the rendered template can hold."""

from emulator import application, data, network, operations
from emulator.kinds import Kind

KINDS: dict[str, Kind] = {
    kind.type: kind for group in (network, data, application, operations) for kind in group.KINDS
}

# What is known and left out, by "Type.Property" or in words; printed with the figures.
UNMODELLED = (
    *(f"{kind.type}.{name}" for kind in KINDS.values() for name in sorted(kind.ignore)),
    "replacement of a resource: a change that needs it is refused",
    "key policies: no service asks them",
    "schedules, event patterns and alarms: stored, never evaluated",
    "engine versions: any text is accepted",
)
