#include "reload/ledger.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <limits>
#include <numeric>
#include <utility>

namespace noa::bench {

constexpr double Histogram::middle_of(std::size_t bucket) noexcept {
    if (bucket < fine) {
        return static_cast<double>(bucket);
    }
    const auto shift = bucket / fine - 1;
    const auto begin = (std::uint64_t{bucket % fine} + fine) << shift;
    return static_cast<double>(begin) + static_cast<double>(std::uint64_t{1} << shift) / 2;
}

std::uint64_t Histogram::count() const noexcept {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

double Histogram::percentile(double percent) const noexcept {
    const auto wanted = static_cast<double>(count()) * percent / 100.0;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen != 0 && static_cast<double>(seen) >= wanted) {
            return middle_of(i);
        }
    }
    return 0;
}

void Ledger::raise(std::array<std::uint32_t, slots_max>& slots, std::int64_t at_ns,
                   std::int64_t value_ns) const noexcept {
    const auto slot = (at_ns - epoch_ns) / slot_ns;
    if (at_ns < epoch_ns || slot >= static_cast<std::int64_t>(slots_max) || value_ns < 0) {
        return;
    }
    auto& worst = slots[static_cast<std::size_t>(slot)];
    const auto value = std::min<std::int64_t>(value_ns, std::numeric_limits<std::uint32_t>::max());
    worst = std::max(worst, static_cast<std::uint32_t>(value));
}

bool Ledger::is_new(const Numbered& message) noexcept {
    auto& byte = seen[message.sender][message.number / 8];
    const auto bit = static_cast<std::uint8_t>(1U << (message.number % 8));
    const bool was_seen = (byte & bit) != 0;
    byte |= bit;
    return !was_seen;
}

void Ledger::note_delay(std::int64_t sent_ns, std::int64_t delay) noexcept {
    if (steady.load(std::memory_order_relaxed) != 0) {
        delays.add(static_cast<std::uint64_t>(std::max<std::int64_t>(delay, 0)));
    }
    raise(delay_ns, sent_ns, delay);
}

void Ledger::note(const Numbered& message, bool redelivered, std::int64_t now_ns) noexcept {
    if (message.sender >= senders_max || message.number == 0 || message.number >= numbers_max) {
        ++malformed;
        return;
    }
    auto& from = senders[message.sender];
    if (is_new(message)) {
        ++from.handled;
        from.reordered += static_cast<std::uint64_t>(!redelivered && message.number < from.highest);
        note_delay(message.sent_ns, now_ns - message.sent_ns);
    } else {
        ++(redelivered ? from.duplicates_flagged : from.duplicates_unflagged);
    }
    if (!redelivered) {
        from.highest = std::max(from.highest, message.number);
    }
    if (last_handled_ns != 0) {
        raise(silence_ns, now_ns, now_ns - last_handled_ns);
    }
    last_handled_ns = now_ns;
}

LedgerMemory LedgerMemory::map(UniqueFd fd) {
    LedgerMemory made;
    void* memory = ::mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (memory != MAP_FAILED) {
        made.fd_ = std::move(fd);
        made.ledger_ = static_cast<Ledger*>(memory);
    }
    return made;
}

LedgerMemory LedgerMemory::make() {
    UniqueFd fd(::memfd_create("noa-bench-ledger", MFD_CLOEXEC));
    if (!fd || ::ftruncate(fd.get(), sizeof(Ledger)) != 0) {
        return {};
    }
    return map(std::move(fd)); // all zero is an empty one
}

LedgerMemory LedgerMemory::open(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    return fd ? map(std::move(fd)) : LedgerMemory();
}

LedgerMemory::LedgerMemory(LedgerMemory&& other) noexcept
    : fd_(std::move(other.fd_)), ledger_(std::exchange(other.ledger_, nullptr)) {}

LedgerMemory& LedgerMemory::operator=(LedgerMemory&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(ledger_, other.ledger_);
    return *this;
}

LedgerMemory::~LedgerMemory() {
    if (ledger_ != nullptr) {
        ::munmap(ledger_, sizeof(Ledger));
    }
}

std::string LedgerMemory::path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

} // namespace noa::bench
