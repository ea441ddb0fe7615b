// How many deliveries of a trace are recorded as parts of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace communication {

// Who handles what is recorded has a span of its own, so that messages which lead to one another
// in a recorded trace cannot be counted by their spans: a loop of them ends by this bound, and by
// the count of what follows unrecorded. Two generations: what is forgotten begins anew.
class Traced {
public:
    static constexpr unsigned most = 128; // of one trace
    static constexpr std::size_t most_traces = 1024;

    // One more of this trace: whether it is to be recorded.
    [[nodiscard]] bool take(std::string_view trace) {
        if (young_.size() >= most_traces) {
            old_ = std::exchange(young_, {});
        }
        auto [place, first] = young_.try_emplace(std::string(trace), 0U);
        if (const auto before = first ? old_.find(place->first) : old_.end();
            before != old_.end()) {
            place->second = before->second;
        }
        if (place->second >= most) {
            return false;
        }
        ++place->second;
        return true;
    }

private:
    std::unordered_map<std::string, unsigned> young_;
    std::unordered_map<std::string, unsigned> old_;
};

} // namespace communication
