// What a ledger says when all is over.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/task.hpp"
#include "reload/ledger.hpp"

namespace noa::bench {

// The accounts of a ledger against what each of its senders had accepted.
[[nodiscard]] Values settle_accounts(const Ledger& ledger,
                                     const std::vector<std::uint64_t>& accepted);

// A stretch of a run, on the monotonic clock.
struct Window {
    std::int64_t begin_ns = 0;
    std::int64_t end_ns = 0;
};
// The worst of a ledger's slots within it, ms.
[[nodiscard]] double worst_delay_ms(const Ledger& ledger, const Window& window);
[[nodiscard]] double worst_silence_ms(const Ledger& ledger, const Window& window);

} // namespace noa::bench
