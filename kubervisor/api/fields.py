"""The kinds of field a specification is made of, with the same bounds for Python and for the CRD.

The API server checks a new object with the schema generated from these types; `to_policy` checks
again with the types themselves, because an object may be older than the schema. JSON types are
strict: a quoted number is a string for both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel

from kubervisor.traffic.pattern_syntax import LONGEST_PATTERN
from kubervisor.traffic.patterns import compile_pattern

DAY = 86_400  # seconds
YEAR = 365 * DAY
INT32_MAX = 2**31 - 1

_PORT = r"([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HOST = r"([A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])"
_DURATION_PART = r"([0-9]{1,8})(\.[0-9]{1,9})?(h|ms|m|s)"

DNS_LABEL = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
SOURCE_NAME = r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
WATCHDOG_NAME = r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$"
LABEL_KEY = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
ADDRESS = rf'^{_HOST}(:{_PORT})?(/[!"$-~]*)?$'
DURATION = rf"^({_DURATION_PART})+$"
PERCENT = r"^(100|[1-9]?[0-9])%$"
URL_PATH = r'^/[!"$-~]*$'
TIME_OF_DAY = r"^(([01]?[0-9]|2[0-3]):[0-5][0-9]|(0?[1-9]|1[0-2]):[0-5][0-9] ?[AaPp][Mm])$"
WEEKDAY = (
    r"^(?i:mon(day)?|tue(s|sday)?|wed(nesday)?|thu(r|rs|rsday)?|fri(day)?|sat(urday)?|sun(day)?)$"
)
LABEL_NAME = r"^[a-zA-Z_][a-zA-Z0-9_]*$"

# What each pattern asks for, in words. All are valid in RE2 (API server) and in Rust (pydantic).
PATTERN_WORDS = {
    DNS_LABEL: "must be a DNS label: lower-case letters, digits and '-', starting with a letter",
    SOURCE_NAME: "must be a source name: letters, digits, '-', '_' and '.'",
    WATCHDOG_NAME: "must be a watchdog's name: letters, digits, '-', '_' and '.'",
    LABEL_KEY: "must be a label key such as topology.kubernetes.io/zone",
    ADDRESS: "must be host[:port][/path] without a scheme, user or spaces",
    TIME_OF_DAY: "must be a time of day such as 22:30 or 10:30PM",
    WEEKDAY: "must be a day of the week such as Mon or Monday",
    LABEL_NAME: "must be the name of a metric's label: letters, digits and '_'",
    URL_PATH: "must be a path that starts with / and has no spaces",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule over several fields, once for the API server (CEL) and once for Python.

    `message` completes a sentence that starts with the path of the object.
    """

    cel: str
    holds: Callable[[Any], bool]
    message: str


def _add_rules(schema: dict[str, Any], model: type[BaseModel]) -> None:
    rules: tuple[Rule, ...] = getattr(model, "rules", ())
    if rules:
        schema["x-kubernetes-validations"] = [
            {"rule": rule.cel, "message": rule.message} for rule in rules
        ]


class ApiModel(BaseModel):
    """Base of all objects in a specification: frozen, JSON names only, unknown fields ignored.

    The API server prunes unknown fields and nulls, so both mean nothing here too.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, frozen=True, extra="ignore", json_schema_extra=_add_rules
    )
    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _null_is_unset(cls, data: object) -> object:
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None}
        return data

    @model_validator(mode="after")
    def _keeps_rules(self) -> Self:
        for rule in self.rules:
            if not rule.holds(self):
                raise ValueError(rule.message)
        return self


def unset_means(new: str, original: str) -> str:
    """The end of a field's description where the new detectors have another default."""
    return f"Unset: {new}, or {original} where every detector is one of the original's."


def whole(value: object) -> object:
    """JSON has one number type: 3.0 is the integer 3, for the API server too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def seconds_of(value: object) -> float:
    """The seconds of a duration such as 1h30m. Raises ValueError where it is none.

    Go's durations, which the API server's `duration()` reads as well: hours are their longest
    unit. PromQL's are read by `kubervisor.traffic.promql.seconds`: they have days, weeks and years.
    """
    if isinstance(value, str) and len(value) <= 32 and re.fullmatch(DURATION[1:-1], value):
        unit = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
        parts = re.findall(_DURATION_PART, value)
        seconds: float = sum(float(whole + part) * unit[name] for whole, part, name in parts)
        if seconds <= YEAR:
            return seconds
    raise ValueError("must be a duration of at most 8760h such as 30s, 1h30m or 500ms")


def _pattern(value: str) -> str:
    try:
        compile_pattern(value)
    except ValueError as error:
        raise ValueError(
            f'must be a regular expression such as "5..": it {error}; write characters, classes, '
            "groups, | and * + ? {n,m} only, which are matched in linear time"
        ) from error
    return value


def _count_or_percent(value: object) -> int | str:
    value = whole(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= INT32_MAX:
        return value
    if isinstance(value, str) and re.fullmatch(PERCENT[1:-1], value):
        return value
    raise ValueError('must be a number of pods such as 3, or a percentage from "0%" to "100%"')


DnsLabel = Annotated[str, Field(pattern=DNS_LABEL, max_length=63)]
SourceName = Annotated[str, Field(pattern=SOURCE_NAME, max_length=63)]
WatchdogName = Annotated[str, Field(pattern=WATCHDOG_NAME, max_length=63)]
LabelKey = Annotated[str, Field(pattern=LABEL_KEY, max_length=317)]
Address = Annotated[str, Field(pattern=ADDRESS, max_length=1024)]
Text = Annotated[str, Field(min_length=1, max_length=256)]
Query = Annotated[str, Field(min_length=1, max_length=32_768)]
Expression = Annotated[str, Field(min_length=1, max_length=4096)]
Pattern = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_PATTERN,
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    # What RE2 cannot compile is an error of the rule, and so a refusal.
                    "rule": "'x'.matches(self) in [true, false]",
                    "message": "must be a regular expression such as 5..",
                }
            ]
        },
    ),
    AfterValidator(_pattern),
]
UrlPath = Annotated[str, Field(pattern=URL_PATH, max_length=1024)]
Values = Annotated[list[Annotated[str, Field(max_length=256)]], Field(max_length=1000)]

Switch = Annotated[bool, Field(strict=True)]
Uint = Annotated[int, Field(strict=True, ge=0, le=INT32_MAX), BeforeValidator(whole)]
Percent = Annotated[int, Field(strict=True, ge=1, le=100), BeforeValidator(whole)]
PercentOrNone = Annotated[int, Field(strict=True, ge=0, le=100), BeforeValidator(whole)]
Seconds = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0.01)]
LoadPercent = Annotated[int, Field(strict=True, ge=101, le=1000), BeforeValidator(whole)]
Steps = Annotated[int, Field(strict=True, ge=1, le=20), BeforeValidator(whole)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535), BeforeValidator(whole)]
Share = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]

Amount = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1e9)]
# The API server takes an integer's bounds for 64-bit integers.
Level = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e18, le=1e18)]

Duration = Annotated[
    float,
    BeforeValidator(seconds_of),
    PlainSerializer(
        lambda seconds: f"{seconds:.9f}".rstrip("0").rstrip(".") + "s", return_type=str
    ),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 32,
            "pattern": DURATION,
            "x-kubernetes-validations": [
                {
                    "rule": "duration(self) <= duration('8760h')",
                    "message": "must be a duration of at most 8760h such as 30s, 1h30m or 500ms",
                }
            ],
        }
    ),
]
CountOrPercent = Annotated[
    int | str,
    PlainValidator(_count_or_percent),
    WithJsonSchema(
        {
            "x-kubernetes-int-or-string": True,
            "minimum": 0,
            "maximum": INT32_MAX,
            "maxLength": 4,
            "pattern": PERCENT,
        }
    ),
]
