// Whether a runner runs, by what it answers when it is asked: pure.
//
// It is asked four times as often as it may be silent, so that it is missed no later than `limit`
// after its last sign, and no earlier than three quarters of that.
#pragma once

#include <cstdint>
#include <optional>

namespace noa::link {

class Heartbeat {
public:
    explicit Heartbeat(std::int64_t limit_ns) noexcept
        : interval_ns_(limit_ns / 4), patience_ns_(limit_ns - interval_ns_) {}

    // The number to ask it with now; nothing while it owes an answer.
    [[nodiscard]] std::optional<std::uint32_t> ask(std::int64_t now_ns) noexcept {
        if (asked_ != answered_) {
            return std::nullopt;
        }
        since_ns_ = now_ns;
        return ++asked_;
    }
    // False of an answer that was not asked for.
    [[nodiscard]] bool answer(std::uint32_t number) noexcept {
        answered_ = number;
        return number <= asked_;
    }
    // It is busy with something that has a limit of its own, and answers after that.
    void excuse(std::int64_t now_ns) noexcept { since_ns_ = now_ns; }

    [[nodiscard]] bool is_missed(std::int64_t now_ns) const noexcept {
        return asked_ != answered_ && now_ns - since_ns_ >= patience_ns_;
    }
    // When to look again.
    [[nodiscard]] std::int64_t due_ns(std::int64_t now_ns) const noexcept {
        return asked_ != answered_ && since_ns_ < now_ns ? since_ns_ + patience_ns_
                                                         : now_ns + interval_ns_;
    }

private:
    std::int64_t interval_ns_;
    std::int64_t patience_ns_; // from the question
    std::uint32_t asked_ = 0;
    std::uint32_t answered_ = 0;
    std::int64_t since_ns_ = 0; // it owes the answer
};

} // namespace noa::link
