"""Where all rules stand about all objects, as it is stored: the whole memory of the controller."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from kubervisor.kube.rule_records import RuleObjectRecord
from kubervisor.rules.controller.stored import read_ref, read_standing
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.decision.states import Standing

Key: TypeAlias = tuple[str, str]
"""The uids of a rule and of an object."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Where a rule stands about an object, and the record that says so. `standing` and `ref` are
    None where nothing was stored in it yet.
    """

    record: RuleObjectRecord
    ref: ObjectRef | None
    standing: Standing | None

    @property
    def key(self) -> Key:
        """Whose it is."""
        uid = self.ref.uid if self.ref else self.record.object.partition("-")[2]
        return self.record.rule_uid, uid


class Memories:
    """Thread-safe; what was stored meanwhile counts at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[str, Memory] = {}
        self._by_key: dict[Key, Memory] = {}
        self._by_object: dict[str, dict[str, Memory]] = {}

    def take_in(self, records: Iterable[RuleObjectRecord]) -> None:
        """Have these for all that is stored."""
        read, known = {}, self._read
        for record in records:
            memory = known.get(record.uid)
            if memory is None or memory.record.resource_version != record.resource_version:
                memory = remembered(record)
            read[record.uid] = memory
        with self._lock:
            self._read, self._by_key, self._by_object = read, {}, {}
            for memory in read.values():
                self._file(memory)

    def put(self, record: RuleObjectRecord) -> Memory:
        """It was stored like this."""
        memory = remembered(record)
        with self._lock:
            self._read[record.uid] = memory
            self._file(memory)
        return memory

    def get(self, key: Key) -> Memory | None:
        """That of a rule and an object."""
        return self._by_key.get(key)

    def about(self, uid: str) -> tuple[Memory, ...]:
        """Those of all rules about one object."""
        with self._lock:
            return tuple(self._by_object.get(uid, {}).values())

    def all(self) -> tuple[Memory, ...]:
        """All of them."""
        with self._lock:
            return tuple(self._by_key.values())

    def _file(self, memory: Memory) -> None:
        rule, uid = memory.key
        self._by_key[rule, uid] = memory
        self._by_object.setdefault(uid, {})[rule] = memory


def remembered(record: RuleObjectRecord) -> Memory:
    """What a record says."""
    status = record.status
    return Memory(record, read_ref(status), read_standing(status))
