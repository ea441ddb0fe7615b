// Serves clients on a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ground.hpp"

namespace console::http {

struct Listening {
    int fd; // the host's
    Entrance entrance;
};

// Made, started, stopped and taken apart on the lane.
class Server {
public:
    // `site` and `tally` outlive it.
    Server(Site& site, Limits limits, Tally& tally);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    // Before the start: a connection of the former generation. It is closed when its state is not
    // to be read.
    void adopt(noa::sdk::Fd connection, std::string_view state);
    // An error in words, or "". Nobody is served before `serve`.
    std::string start(const std::vector<Listening>& listening);
    void serve();
    // Answers what is under way, and joins the thread, by `patience` at the latest. What goes into
    // keeping is returned.
    std::vector<Kept> stop(std::chrono::nanoseconds patience);
    // The thread has ended by itself.
    [[nodiscard]] bool broken() const noexcept;

    // Has `run` called on the thread, while that runs.  [any]
    void post(std::function<void()> run);
    // On the thread, or before it starts.
    [[nodiscard]] Hub& hub() noexcept;
    [[nodiscard]] asio::io_context& io() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace console::http
