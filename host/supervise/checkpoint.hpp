// What an agent had when the host was stopped, for the host that starts next: its state, and the
// messages that were accepted, not settled, and awaited by nobody. Whoever waits for an answer is
// answered when the host stops.
//
// One file an agent, replaced as a whole and removed once the agent has started on it: a crash of
// the host leaves none. A JSON object on the first line says what follows, then come the bytes of
// the state and those of the messages, little-endian. Hostile when read: bounded and checked,
// and compared with the digest that was written last.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/deliveries.hpp"
#include "bus/route_table.hpp"
#include "plugin/saved_state.hpp"

namespace noa::supervise {

struct Checkpoint {
    // Of the bodies together; what is beyond it becomes dead letters.
    static constexpr std::uint64_t max_messages_bytes = std::uint64_t{64} * 1024 * 1024;

    std::string version; // of the plugin that left it
    std::int64_t at_unix_ns = 0;
    plugin::SavedState state; // schema 0: none
    std::vector<bus::Item> messages;

    [[nodiscard]] bool empty() const noexcept { return state.schema() == 0 && messages.empty(); }
};

// Both clocks at one moment: deadlines are kept as times of day.
struct Now {
    std::int64_t monotonic_ns = 0;
    std::int64_t unix_ns = 0;
};

[[nodiscard]] std::string to_bytes(const Checkpoint& checkpoint, Now now);
// Senders get their place in `routes`.
[[nodiscard]] Result<Checkpoint> checkpoint_from_bytes(std::string_view bytes,
                                                       const std::string& object,
                                                       bus::RouteTable& routes, Now now);

// The folder of them. [any thread], one call an agent at a time.
class Checkpoints {
public:
    explicit Checkpoints(std::filesystem::path directory) : directory_(std::move(directory)) {}

    // An empty one is not written.
    [[nodiscard]] Result<void> write(const std::string& agent, const Checkpoint& checkpoint) const;
    // Nothing when there is none.
    [[nodiscard]] Result<std::optional<Checkpoint>> read(const std::string& agent,
                                                         bus::RouteTable& routes) const;
    void remove(const std::string& agent) const noexcept;
    // It is of no use as it is; where it lies now, for people.
    [[nodiscard]] std::filesystem::path put_aside(const std::string& agent) const noexcept;
    // Its state is of no use: puts it aside and leaves the messages.
    [[nodiscard]] Result<std::filesystem::path> put_state_aside(const std::string& agent,
                                                                bus::RouteTable& routes) const;

private:
    [[nodiscard]] std::filesystem::path file_of(const std::string& agent) const {
        return directory_ / (agent + ".checkpoint");
    }
    const std::filesystem::path directory_;
};

} // namespace noa::supervise
