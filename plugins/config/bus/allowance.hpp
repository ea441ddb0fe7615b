// How many entries of the audit log refusals may have, so that they do not drive out the rest.
#pragma once

#include <algorithm>
#include <chrono>

#include "noa/sdk.hpp"

namespace config {

// Sixty at once, one more each second.
class Allowance {
public:
    [[nodiscard]] bool take(noa::Time now) noexcept {
        const auto since = std::chrono::floor<std::chrono::seconds>(now - last_);
        left_ = static_cast<unsigned>(std::min<std::int64_t>(most, left_ + since.count()));
        last_ += since;
        if (left_ == 0) {
            return false;
        }
        --left_;
        return true;
    }

private:
    static constexpr unsigned most = 60;

    noa::Time last_{};
    unsigned left_ = most;
};

} // namespace config
