// Subscriptions, and the subjects that they match.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "noa/sdk/function.hpp"
#include "noa/sdk/message.hpp"
#include "noa/sdk/result.hpp"

namespace noa::sdk {

// "*" stands for one token, a last ">" for one or more.
[[nodiscard]] constexpr bool subject_matches(std::string_view pattern,
                                             std::string_view subject) noexcept {
    for (;;) {
        const std::size_t pattern_end = pattern.find('.');
        const std::size_t subject_end = subject.find('.');
        const std::string_view wanted = pattern.substr(0, pattern_end);
        const std::string_view found = subject.substr(0, subject_end);
        if (found.empty()) {
            return false;
        }
        if (wanted == ">") {
            return pattern_end == std::string_view::npos;
        }
        if (wanted != "*" && wanted != found) {
            return false;
        }
        if (pattern_end == std::string_view::npos || subject_end == std::string_view::npos) {
            return pattern_end == subject_end;
        }
        pattern.remove_prefix(pattern_end + 1);
        subject.remove_prefix(subject_end + 1);
    }
}

struct Subscription {
    std::string pattern;
    Function<Status(const Event&)> run;
};

class Subscriptions {
public:
    void add(std::string pattern, Function<Status(const Event&)> run) {
        all_.push_back({std::move(pattern), std::move(run)});
    }

    // Every handler whose pattern matches, in the order of registration; the first error is
    // the event's. Handlers do not subscribe, so the vector stays as it is.
    Status deliver(const Event& event) {
        Status outcome;
        for (Subscription& subscription : all_) {
            if (subject_matches(subscription.pattern, event.subject())) {
                Status one = subscription.run(event);
                if (!one && outcome) {
                    outcome = std::move(one);
                }
            }
        }
        return outcome;
    }

    [[nodiscard]] const std::vector<Subscription>& all() const noexcept { return all_; }
    void clear() noexcept { all_.clear(); }

private:
    std::vector<Subscription> all_;
};

} // namespace noa::sdk
