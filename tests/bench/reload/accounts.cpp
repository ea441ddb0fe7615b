#include "reload/accounts.hpp"

#include <algorithm>

namespace noa::bench {

namespace {

template <std::size_t N>
double worst_ms(const std::array<std::uint32_t, N>& slots, std::int64_t epoch_ns,
                const Window& window) {
    const auto slot_of = [&](std::int64_t at_ns) {
        const auto slot = std::max<std::int64_t>((at_ns - epoch_ns) / Ledger::slot_ns, 0);
        return std::min(static_cast<std::size_t>(slot), N - 1);
    };
    const auto* begin = slots.data() + slot_of(window.begin_ns);
    const auto* end = slots.data() + slot_of(window.end_ns) + 1;
    return static_cast<double>(*std::max_element(begin, end)) / 1e6;
}

} // namespace

Values settle_accounts(const Ledger& ledger, const std::vector<std::uint64_t>& accepted) {
    Values values{{"lost", 0},
                  {"reordered", 0},
                  {"duplicates_unflagged", 0},
                  {"duplicates_flagged", 0},
                  {"forgotten", ledger.forgotten},
                  {"malformed", ledger.malformed},
                  {"generations", ledger.generations}};
    for (std::size_t i = 0; i < accepted.size(); ++i) {
        const auto& from = ledger.senders[i];
        values["lost"] += static_cast<double>(accepted[i]) - static_cast<double>(from.handled);
        values["reordered"] += static_cast<double>(from.reordered);
        values["duplicates_unflagged"] += static_cast<double>(from.duplicates_unflagged);
        values["duplicates_flagged"] += static_cast<double>(from.duplicates_flagged);
        values["accepted"] += static_cast<double>(accepted[i]);
    }
    return values;
}

double worst_delay_ms(const Ledger& ledger, const Window& window) {
    return worst_ms(ledger.delay_ns, ledger.epoch_ns, window);
}

double worst_silence_ms(const Ledger& ledger, const Window& window) {
    return worst_ms(ledger.silence_ns, ledger.epoch_ns, window);
}

} // namespace noa::bench
