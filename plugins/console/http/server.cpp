#include "server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <exception>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "connection.hpp"
#include "head.hpp"
#include "hub.hpp"

namespace console::http {

namespace {

constexpr std::chrono::milliseconds turn_time{250};
constexpr unsigned accepts_at_a_time = 64;

// A listening socket of the host's, by a descriptor of one's own.
struct Door {
    Door(asio::io_context& io, int fd, Entrance by) : descriptor(io, fd), entrance(by) {}
    asio::posix::stream_descriptor descriptor;
    Entrance entrance;
    bool waiting = false;
};

asio::generic::stream_protocol protocol_of(int fd) noexcept {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as the system wants it
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        return {AF_INET, 0};
    }
    return {address.ss_family, 0};
}

} // namespace

struct Server::State {
    State(Site& site, Limits limits, Tally& tally) : ground(io, site, limits, tally), hub(ground) {
        ground.hub = &hub;
    }

    void run() noexcept {
        try {
            io.run();
        } catch (const std::exception&) { // of memory: the agent's health tells
            broken = true;
        }
    }

    void turn() {
        ground.now = Clock::now();
        const std::int64_t second = std::time(nullptr);
        if (second != dated) {
            dated = second;
            ground.date = http_date(second);
        }
        ground.tally.connected.set(static_cast<double>(connections()));
        for (const auto& [connection, owner] : ground.connections) {
            connection->look();
        }
        hub.look();
        for (auto& door : doors) {
            wait_at(*door);
        }
        if (ground.leaving && (connections() == 0 || ground.now >= patience)) {
            end();
            return;
        }
        timer.expires_after(ground.leaving ? std::chrono::milliseconds(10) : turn_time);
        timer.async_wait([this](const boost::system::error_code& error) {
            if (!error) {
                turn();
            }
        });
    }

    [[nodiscard]] std::size_t connections() const noexcept {
        return ground.connections.size() + hub.size();
    }

    void end() {
        for (const auto& [connection, owner] : ground.connections) {
            connection->close();
        }
        hub.close();
        more.reset();
        asio::post(io, [this] { io.stop(); });
    }

    void leave(Clock::time_point until) {
        ground.leaving = true;
        patience = until;
        for (auto& [fd, before] : adopted) { // nobody was served yet
            ground.kept.push_back({std::move(fd), std::move(before)});
        }
        adopted.clear();
        doors.clear();
        for (const auto& [connection, owner] : ground.connections) {
            connection->leave();
        }
        hub.leave();
        timer.cancel();
        asio::post(io, [this] { turn(); });
    }

    void wait_at(Door& door) {
        if (door.waiting) {
            return;
        }
        door.waiting = true;
        door.descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                   [this, &door](const boost::system::error_code& error) {
                                       if (!error) {
                                           door.waiting = false;
                                           accept_all(door);
                                       }
                                   });
    }

    // What is left, for want of descriptors or by number, waits for the next turn.
    void accept_all(Door& door) {
        for (unsigned count = 0; count < accepts_at_a_time; ++count) {
            if (connections() >= ground.limits.connections) {
                if (!somebody_waits(door)) {
                    break;
                }
                if (!make_room()) {
                    ground.tally.shed.add();
                    return;
                }
            }
            const int fd = ::accept4(door.descriptor.native_handle(), nullptr, nullptr,
                                     SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (fd >= 0) {
                welcome(noa::sdk::Fd(fd), door.entrance, "");
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                ground.tally.shed.add();
                return;
            } else if (errno != EINTR && errno != ECONNABORTED) {
                break;
            }
        }
        wait_at(door);
    }

    static bool somebody_waits(Door& door) noexcept {
        pollfd listening{door.descriptor.native_handle(), POLLIN, 0};
        return ::poll(&listening, 1, 0) > 0;
    }

    // The one that has been idle for longest goes.
    bool make_room() {
        Connection* oldest = nullptr;
        for (const auto& [connection, owner] : ground.connections) {
            if (connection->idle() &&
                (oldest == nullptr || connection->deadline() < oldest->deadline())) {
                oldest = connection;
            }
        }
        if (oldest != nullptr) {
            ground.tally.shed.add();
            const auto owner = ground.connections.extract(oldest);
            oldest->close();
        }
        return oldest != nullptr;
    }

    std::optional<Socket> socket_of(noa::sdk::Fd fd) {
        const auto protocol = protocol_of(fd.get());
        if (protocol.family() != AF_UNIX) {
            const int on = 1;
            ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        Socket socket(io);
        boost::system::error_code error;
        socket.assign(protocol, fd.get(), error);
        if (error) {
            return std::nullopt;
        }
        static_cast<void>(fd.release());
        return socket;
    }

    void welcome(noa::sdk::Fd fd, Entrance entrance, std::string_view before) {
        if (auto socket = socket_of(std::move(fd))) {
            ground.tally.accepted.add();
            std::make_shared<Connection>(ground, std::move(*socket), entrance)->begin(before);
        }
    }

    void go_on(noa::sdk::Fd fd, std::string_view state) {
        if (state.starts_with('s')) {
            unsigned topics = 0;
            std::from_chars(state.data() + 1, state.data() + state.size(), topics);
            if (auto socket = socket_of(std::move(fd))) {
                hub.adopt(std::move(*socket), topics);
            }
        } else if (!state.empty()) {
            welcome(std::move(fd), state.front() == 'p' ? Entrance::probe : Entrance::main,
                    state.substr(1));
        }
    }

    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> more{io.get_executor()};
    asio::steady_timer timer{io};
    Ground ground;
    Hub hub;
    std::vector<std::unique_ptr<Door>> doors;
    std::vector<std::pair<noa::sdk::Fd, std::string>> adopted;
    std::int64_t dated = 0;
    Clock::time_point patience{};
    std::atomic<bool> broken{false};
    std::thread thread;
};

Server::Server(Site& site, Limits limits, Tally& tally)
    : state_(std::make_unique<State>(site, limits, tally)) {}

Server::~Server() {
    if (state_->thread.joinable()) { // it was never stopped: its start failed
        state_->io.stop();
        state_->thread.join();
    }
}

void Server::adopt(noa::sdk::Fd connection, std::string_view state) {
    state_->adopted.emplace_back(std::move(connection), state);
}

std::string Server::start(const std::vector<Listening>& listening) {
    for (const Listening& one : listening) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg)
        const int fd = ::fcntl(one.fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0) {
            return "a descriptor: " + std::system_category().message(errno);
        }
        state_->doors.push_back(std::make_unique<Door>(state_->io, fd, one.entrance));
    }
    try {
        state_->thread = std::thread([state = state_.get()] { state->run(); });
    } catch (const std::system_error& failure) {
        return std::string("a thread: ") + failure.what();
    }
    return {};
}

void Server::serve() {
    post([state = state_.get()] {
        for (auto& [fd, before] : state->adopted) {
            state->go_on(std::move(fd), before);
        }
        state->adopted.clear();
        state->turn();
    });
}

std::vector<Kept> Server::stop(std::chrono::nanoseconds patience) {
    if (!state_->thread.joinable()) {
        return {};
    }
    const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(patience);
    post([state = state_.get(), until] { state->leave(until); });
    state_->thread.join();
    return std::move(state_->ground.kept);
}

bool Server::broken() const noexcept {
    return state_->broken;
}

void Server::post(std::function<void()> run) {
    asio::post(state_->io, std::move(run));
}

Hub& Server::hub() noexcept {
    return state_->hub;
}

asio::io_context& Server::io() noexcept {
    return state_->io;
}

} // namespace console::http
