"""Objects that cannot be read: each is left out by itself, and the others go on.

An API server of another version may give a field a type that we do not know. Such an object is
skipped, and what is known of it from before stays; everything else is taken in as ever. What does
not even say which object it is, is no object, but an answer that was garbled on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from kubervisor.kube.failures import UNREADABLE
from kubervisor.kube.text import one_line

T = TypeVar("T")

Raw = bytes | msgspec.Raw
WHY_BYTES = 256


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The object that could not be read, and what is wrong with it."""

    namespace: str
    name: str
    uid: str
    why: str


class _Meta(msgspec.Struct, gc=False):
    name: str
    uid: str
    namespace: str = ""


class _Named(msgspec.Struct, gc=False):
    metadata: _Meta


_names = msgspec.json.Decoder(_Named)


def or_unreadable(decode: Callable[[Raw], T]) -> Callable[[Raw], T | Unreadable]:
    """Return a decoder that says of an object which it cannot read that it is Unreadable.

    The decoder raises what `decode` raises where the object has no readable name and uid.
    """

    def decode_or_name(raw: Raw) -> T | Unreadable:
        try:
            return decode(raw)
        except UNREADABLE as error:
            meta = _names.decode(raw).metadata
            return Unreadable(meta.namespace, meta.name, meta.uid, one_line(str(error), WHY_BYTES))

    return decode_or_name
