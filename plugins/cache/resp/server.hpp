// Serves connections on a thread of its own.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../store/image.hpp"
#include "../store/shared.hpp"
#include "hub.hpp"

namespace cache::resp {

struct Listening {
    int fd; // the host's
    std::string address;
};

// Made, started, stopped and taken apart on the lane.
class Server {
public:
    // The host and the store outlive it.
    Server(const noa::sdk::Host& host, Shared<Opened>& store, Options options, Tally& tally);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    // Before the start: a connection of the former generation. It is closed when its state is not
    // to be read.
    void adopt(noa::sdk::Fd connection, std::string_view state);
    // All that can fail; nobody is served, and the store not touched, before `serve`.
    noa::Status start(std::vector<Listening> listening);
    void serve() noexcept;
    // Joins the thread: nothing is read or written any more. What does not fit into a state is
    // waited for until the deadline at most.
    void stop(noa::Time deadline) noexcept;
    // After stop: `give(Fd, std::string state)` for each connection that lives.
    template <class Give>
    void give_away(Give&& give) {
        for (auto& [number, client] : hub_.clients) {
            give(std::move(client->fd), saved(*client));
        }
        hub_.clients.clear();
    }
    // The thread has ended by itself.
    [[nodiscard]] bool broken() const noexcept { return broken_.load(); }

private:
    void run() noexcept;
    void wait_for_wake() noexcept;
    void loop();
    void turn(std::span<const epoll_event> ready);
    [[nodiscard]] int pause() const noexcept;
    void set_time();
    void resume();
    [[nodiscard]] bool may_end();

    bool watch(int fd, std::uint32_t events, void* what, bool again = false) const noexcept;
    void accept_all(const Listening& listening);
    void welcome(noa::sdk::Fd connection, const Listening& listening);
    void accepting(bool on);

    void receive(Client& client);
    void work(Client& client, std::string_view bytes);
    void keep_rest(Client& client, std::string_view bytes, std::size_t done);
    std::size_t run_requests(Store& store, Client& client, std::string_view bytes);
    void flush_all();
    void flush(Client& client);
    void settle(Client& client);
    void cut_off(Client& client, std::string_view why);
    void bury(Client& client);
    void count(Client& client) noexcept;
    void keep_within_buffers();
    void keep_up();
    static std::string saved(const Client& client);

    static constexpr std::size_t read_bytes = 64U << 10U;

    const noa::sdk::Host& host_;
    Shared<Opened>& store_;
    Hub hub_;
    std::vector<Listening> listening_;
    noa::sdk::Fd epoll_;
    noa::sdk::Fd wake_;
    std::thread thread_;
    std::atomic<bool> broken_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> deadline_ns_{0}; // with stopping_

    // The thread's, while it runs.
    bool ending_ = false; // only what does not fit into a state goes on
    bool accepting_ = true;
    std::size_t buffers_ = 0; // bytes that clients hold
    Instant upkeep_at_{0};    // not before
    std::optional<Instant> due_;
    std::uint64_t commands_ = 0;     // of this turn
    std::vector<std::string> spare_; // outputs to be used again
    std::unique_ptr<std::array<char, read_bytes>> read_;
};

} // namespace cache::resp
