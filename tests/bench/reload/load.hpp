// A noad with a target and four senders, under way.
#pragma once

#include <memory>
#include <string>

#include "noa/switching.hpp"
#include "reload/accounts.hpp"

namespace noa::bench {

class Load {
public:
    // `rate`: messages a second of all four; 0: as many as are accepted. `defer`: see target.cpp.
    [[nodiscard]] static Result<Load> begin(const Context& context, std::uint64_t rate,
                                            std::uint64_t defer = 0);

    [[nodiscard]] Host& host() noexcept { return host_; }
    [[nodiscard]] noactl::Client& control() noexcept { return control_; }
    [[nodiscard]] Ledger& ledger() noexcept { return *ledger_; }

    // Lets it run; fails when noad ends meanwhile.
    [[nodiscard]] Result<void> run_for(std::chrono::nanoseconds time);
    // The same with delays and CPU counted: steady_p50_us, steady_p99_us, cpu_percent of the
    // cores that may be used.
    [[nodiscard]] Result<Values> watch_steady(std::chrono::nanoseconds time);
    // Stops the senders, waits until everything that was accepted is handled, and settles the
    // accounts: lost, reordered, duplicates_unflagged, duplicates_flagged, refused, forgotten.
    [[nodiscard]] Result<Values> end();

private:
    Load(LedgerMemory ledger, Host host, WireClient client, noactl::Client control)
        : ledger_(std::move(ledger)), host_(std::move(host)), client_(std::move(client)),
          control_(std::move(control)) {}

    LedgerMemory ledger_;
    Host host_;
    WireClient client_;
    noactl::Client control_;
};

} // namespace noa::bench
