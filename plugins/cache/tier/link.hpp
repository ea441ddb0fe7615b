// The way to the server: commands from the lane, their answers back on the lane, a thread between
// that alone waits. When the server is away commands are refused at once, and it is probed, ever
// more seldom, until it is back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "connection.hpp"
#include "noa/sdk/fd.hpp"

namespace cache::tier {

struct Options {
    Address address;
    std::string password;
    std::string channel; // subscribed to
    noa::Duration timeout = std::chrono::milliseconds(500);
};

// What is told on the lane, and how to get there. All outlive the link.
struct Listener {
    std::function<noa::Status(noa::sdk::Function<void()>)> post; // [any]
    std::function<void(std::string message)> message;            // of the channel
    // The server is away, and why; or is back.
    std::function<void(bool away, const std::string& why)> changed;
};

// [lane] every function.
class Link {
public:
    static constexpr std::size_t most_waiting = 16'384; // commands
    static constexpr std::size_t most_bytes = 64U << 20U;

    using Done = noa::sdk::Function<void(const Reply&)>;
    struct Figures {
        std::atomic<std::uint64_t> requests{0};
        std::atomic<std::uint64_t> failed{0};  // no answer, or an error
        std::atomic<std::uint64_t> dropped{0}; // not sent: away, or too much waits
        std::atomic<std::uint64_t> microseconds{0};
    };

    explicit Link(Listener listener) : listener_(std::move(listener)) {}
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link() { stop(); }

    noa::Status start(const Options& options);
    // Joins the thread. What has no answer yet is dropped uncalled.
    void stop() noexcept;

    // `done` is called once: later, or at once when the server is away or too much waits.
    void send(std::vector<std::string> arguments, Done done);
    [[nodiscard]] bool away() const noexcept { return away_; }
    [[nodiscard]] const std::string& why() const noexcept { return why_; }
    [[nodiscard]] const Figures& figures() const noexcept { return figures_; }

private:
    using Clock = std::chrono::steady_clock;
    struct Command {
        std::uint64_t id;
        std::vector<std::string> arguments;
        std::size_t bytes;
        Clock::time_point since;
    };
    // Something to be told on the lane.
    struct News {
        enum class Kind : std::uint8_t { answer, message, away, back } kind;
        std::uint64_t id = 0;
        Reply reply = {}; // or, in its text, a message or why
    };
    enum class State : std::uint8_t { idle, greeting, ready };

    // The thread.
    void run() noexcept;
    void turn();
    [[nodiscard]] int pause(Clock::time_point now) const;
    void take_commands();
    void connect(Clock::time_point now);
    void greet();
    void greeted(const Reply& reply);
    void forward();
    void answer(const Command& command, Reply reply);
    void check_deadlines(Clock::time_point now);
    void lost(std::string why, Clock::time_point now);
    void listen(Clock::time_point now);
    void tell(News news);

    // [lane]
    bool enqueue(Command command);
    void deliver();

    Listener listener_;
    Options options_;
    std::thread thread_;
    noa::sdk::Fd wake_;
    std::atomic<bool> stopping_{false};
    Figures figures_;

    // The lane's.
    std::map<std::uint64_t, Done> waiting_;
    std::uint64_t last_id_ = 0;
    bool away_ = false;
    std::string why_;

    std::mutex mutex_;
    std::deque<Command> commands_; // guarded by mutex_
    std::size_t bytes_ = 0;        // guarded by mutex_: of commands without an answer
    std::vector<News> news_;       // guarded by mutex_
    bool posted_ = false;          // guarded by mutex_: the lane will take the news

    // The thread's.
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<Connection> channel_;
    State state_ = State::idle;
    std::deque<Command> held_;                          // until the greeting is over
    std::map<std::uint64_t, Clock::time_point> on_way_; // id: since when; in order
    Clock::time_point greeting_since_;
    std::string why_refused_; // by an error of the server
    unsigned failures_ = 0;   // in a row
    bool circuit_open_ = false;
    std::chrono::milliseconds back_off_{0};
    Clock::time_point probe_at_;
    Clock::time_point listen_at_;
    std::uint64_t random_ = 0;
};

} // namespace cache::tier
