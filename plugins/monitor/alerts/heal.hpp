// What the host is asked to do about an alert or a check: a strategy, by the reason that it knows.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "noa/sdk/json.hpp"

namespace monitor {

struct HealSetting {
    std::string target; // an agent or "service:NAME"; empty: the alert's label `agent`
    std::string reason; // `for`: "check-failed", "high-error-rate" …; empty: nothing is asked
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("target", &HealSetting::target),
                           noa::field("for", &HealSetting::reason));
    }
    [[nodiscard]] bool wanted() const noexcept { return !reason.empty(); }
    // `named`: a target is needed, there being no label.
    [[nodiscard]] noa::Status check(bool named) const;
};

// Asks on the host's control socket, as noactl does, and waits for the end of it, or for `stop`:
// the host goes on with it. Off the lane. Who may do so is the host's to say, as are its limits,
// and it logs what was done. Errors  the host's word; NOA_E_UNAVAILABLE when there is no answer.
[[nodiscard]] noa::Status ask_heal(const std::string& socket, const std::string& target,
                                   const std::string& reason, std::chrono::milliseconds timeout,
                                   const std::stop_token& stop);

} // namespace monitor
