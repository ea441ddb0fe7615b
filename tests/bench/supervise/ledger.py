"""What a target saw of its senders: reload/ledger.hpp, read from outside while it is written."""
import ctypes
import math
import mmap
import os
import time

SENDERS_MAX = 4
NUMBERS_MAX = 1 << 25
SLOT_NS = 100_000
SLOTS_MAX = 2_400_000
FINE = 32  # steps of a histogram for each doubling
BUCKETS = 60 * FINE


class Sender(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in (
        "handled", "highest", "reordered", "duplicates_flagged", "duplicates_unflagged")]


class Layout(ctypes.Structure):
    _fields_ = [("epoch_ns", ctypes.c_int64), ("steady", ctypes.c_uint32),
                ("generations", ctypes.c_uint32), ("forgotten", ctypes.c_uint32),
                ("malformed", ctypes.c_uint32), ("last_handled_ns", ctypes.c_int64),
                ("senders", Sender * SENDERS_MAX), ("delays", ctypes.c_uint64 * BUCKETS),
                ("delay_ns", ctypes.c_uint32 * SLOTS_MAX),
                ("silence_ns", ctypes.c_uint32 * SLOTS_MAX),
                ("seen", (ctypes.c_uint8 * (NUMBERS_MAX // 8)) * SENDERS_MAX)]


class Ledger:
    """A new one, of this process; others find it at `path` while this lives."""

    def __init__(self):
        self.fd = os.memfd_create("noa-bench-ledger")
        os.ftruncate(self.fd, ctypes.sizeof(Layout))
        self.path = f"/proc/{os.getpid()}/fd/{self.fd}"
        self.memory = Layout.from_buffer(mmap.mmap(self.fd, ctypes.sizeof(Layout)))
        self.memory.epoch_ns = time.monotonic_ns()

    def close(self):
        os.close(self.fd)

    def steady(self, on):
        self.memory.steady = int(on)

    def steady_p50_ns(self):
        """The median of accepted to handled, while steady, to about 3 %."""
        counts = list(self.memory.delays)
        wanted, seen = sum(counts) / 2, 0
        for bucket, count in enumerate(counts):
            seen += count
            if seen and seen >= wanted:
                shift = max(bucket // FINE - 1, 0)
                return ((bucket % FINE + FINE * (bucket >= FINE)) << shift) + (1 << shift) / 2
        raise RuntimeError("no message was handled in a steady stretch")

    def _slots(self, begin_ns, end_ns):
        first, last = ((at - self.memory.epoch_ns) // SLOT_NS for at in (begin_ns, end_ns))
        if last >= SLOTS_MAX:
            raise RuntimeError("the run is longer than its ledger")
        return first, last + 1

    def worst_delay_ms(self, begin_ns, end_ns):
        """Of the messages sent in that stretch."""
        first, last = self._slots(begin_ns, end_ns)
        return max(self.memory.delay_ns[first:last]) / 1e6

    def first_after_longest_silence_ns(self, begin_ns, end_ns):
        """When the message was handled that ended it, to 0.1 ms."""
        first, last = self._slots(begin_ns, end_ns)
        silences = self.memory.silence_ns[first:last]
        longest = max(range(len(silences)), key=silences.__getitem__)
        return self.memory.epoch_ns + (first + longest + 1) * SLOT_NS

    def settle(self, accepted):
        """The account of sender 0 against what it had accepted."""
        sender = self.memory.senders[0]
        # Bit by bit: who is killed between a bit and the count of them leaves that wrong.
        bits = memoryview(self.memory.seen[0])[:math.ceil((accepted + 1) / 8)].tobytes()
        handled = int.from_bytes(bits, "little").bit_count()
        if self.memory.malformed or (accepted and not handled):
            raise RuntimeError("the ledger makes no sense: is it still that of ledger.hpp?")
        return {"accepted": accepted, "lost": accepted - handled, "reordered": sender.reordered,
                "duplicates_flagged": sender.duplicates_flagged,
                "duplicates_unflagged": sender.duplicates_unflagged}
