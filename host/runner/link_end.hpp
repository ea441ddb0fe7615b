// The runner's end of the link.
//
// Whoever waits for something reads for everybody: the lane while it has nothing to do, any thread
// that waits for an answer. So an answer never waits for a thread of its own to wake, and who is
// stopped by a full link takes in what the host sends meanwhile.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.hpp"
#include "link/channel.hpp"
#include "link/protocol.hpp"
#include "link/sealed.hpp"

namespace noa::runner {

class LinkEnd {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    struct Arrived {
        link::Kind kind{};
        std::string payload;
        link::Frame frame;       // its descriptors
        link::SealedView memory; // of a message whose body is large
    };

    // `bell`: an eventfd.
    LinkEnd(UniqueFd socket, UniqueFd bell);

    // [any thread] To be sent by flush, or with what follows.
    template <class Fill>
    bool put(link::Kind kind, Fill&& fill) {
        return channel_.put(kind, std::forward<Fill>(fill));
    }
    void flush();
    [[nodiscard]] std::size_t waiting() const noexcept { return channel_.waiting(); }

    // [any thread] Has the host do `function`, and waits: NOA_E_RETIRED when the link is gone,
    // NOA_E_TOO_LARGE when it does not fit into a frame.
    template <class Fill>
    [[nodiscard]] noa_status ask(link::Ask function, Arrived& answer, Fill&& fill) {
        const auto id = begin_ask(answer);
        const bool fits = channel_.put(link::Kind::ask, [&](link::Writer& out) {
            out.number(id);
            out.number(function);
            fill(out);
        });
        return finish_ask(id, fits);
    }

    // [lane] What the host wants done between messages; messages and replies, urgent ones first.
    [[nodiscard]] std::optional<Arrived> next_control();
    [[nodiscard]] std::optional<Arrived> next_message();
    // Out of its turn, before the messages that wait.
    [[nodiscard]] std::optional<Arrived> next_reply();
    void drop_messages();
    // [lane] Until something has arrived, `ring`, or `due_ns`. `for_control`: messages may wait.
    void wait(std::int64_t due_ns, bool for_control = false);
    // [any thread]
    void ring();
    [[nodiscard]] bool is_broken();

private:
    struct Asking {
        Arrived* answer = nullptr;
        noa_status status = NOA_E_RETIRED;
        bool done = false;
    };

    [[nodiscard]] std::uint32_t begin_ask(Arrived& answer);
    [[nodiscard]] noa_status finish_ask(std::uint32_t id, bool fits);
    // [mutex held] Reads for everybody, or waits for whoever does.
    void turn(std::unique_lock<std::mutex>& lock, std::int64_t due_ns, short events,
              bool with_bell);
    void take_in();
    void sort(link::Frame& frame);

    link::Channel channel_;
    const UniqueFd bell_;

    std::mutex mutex_;
    std::condition_variable changed_;
    // under mutex_
    bool reading_ = false;
    bool broken_ = false;
    bool rung_ = false;
    std::uint32_t last_ask_ = 0;
    std::unordered_map<std::uint32_t, Asking> asking_;
    std::deque<Arrived> control_;
    std::deque<Arrived> urgent_;
    std::deque<Arrived> messages_;
};

} // namespace noa::runner
