#include "control/server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <system_error>
#include <thread>
#include <utility>

namespace noa::control {

namespace {

constexpr const char* opening = "open control socket";
constexpr mode_t socket_mode = 0660;

struct Client {
    Connection connection;
    std::atomic<bool> done = false;
    std::thread thread;

    Client(UniqueFd socket, Peer peer, Connection::Timeouts timeouts)
        : connection(std::move(socket), std::move(peer), timeouts) {}
};

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& text = path.native();
    if (text.size() >= sizeof address.sun_path) {
        return fail(Errc::invalid, opening, text,
                    "the path is longer than " + std::to_string(sizeof address.sun_path - 1) +
                        " bytes",
                    "use a shorter runtime directory");
    }
    std::memcpy(address.sun_path, text.data(), text.size());
    return address;
}

// Removes what a dead host left; refuses what is alive, or not a socket.
Result<void> make_room(const std::filesystem::path& path, const sockaddr_un& address) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        return errno == ENOENT ? Result<void>() : fail_errno(opening, path, errno);
    }
    if (!S_ISSOCK(found.st_mode)) {
        return fail(Errc::refused, opening, path, "something that is not a socket is in its place",
                    "remove it");
    }
    const UniqueFd trial(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!trial) {
        return fail_errno(opening, path, errno);
    }
    if (::connect(trial.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
        errno == EAGAIN) {
        return fail(Errc::busy, opening, path, "another host answers on it",
                    "stop that one, or use another runtime directory");
    }
    if (errno != ECONNREFUSED) {
        return fail_errno(opening, path, errno);
    }
    return ::unlink(path.c_str()) == 0 || errno == ENOENT ? Result<void>()
                                                          : fail_errno(opening, path, errno);
}

Result<UniqueFd> listen_on(const std::filesystem::path& path, const AccessPolicy& policy) {
    const auto address = address_of(path);
    if (!address) {
        return Failure(address.error());
    }
    if (auto room = make_room(path, *address); !room) {
        return Failure(std::move(room.error()));
    }
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // The mode before the name: at no moment is it open to more.
    if (!fd || ::fchmod(fd.get(), socket_mode) != 0 ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
        return fail_errno(opening, path, errno, "the runtime directory must be writable");
    }
    if (::chmod(path.c_str(), socket_mode) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
        return fail_errno(opening, path, errno);
    }
    // Only root and members can give it away; others still have their own host's socket.
    if (policy.group_id) {
        static_cast<void>(::lchown(path.c_str(), static_cast<uid_t>(-1), *policy.group_id));
    }
    return fd;
}

} // namespace

struct Server::State {
    State(ServerOptions the_options, Verbs the_verbs, Log& the_log)
        : options(std::move(the_options)), verbs(std::move(the_verbs)), log(the_log),
          policy(AccessPolicy::of_this_process(options.group)),
          path(options.runtime_dir / socket_name) {}

    const ServerOptions options;
    const Verbs verbs;
    Log& log;
    const AccessPolicy policy;
    const std::filesystem::path path;
    UniqueFd listener;
    // Given up to accept, and refuse, a client when the process is out of descriptors: one that
    // is left waiting would keep fd() readable for ever.
    UniqueFd spare{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    std::list<Client> clients; // touched by the accepting thread alone

    void forget_finished() {
        for (auto client = clients.begin(); client != clients.end();) {
            if (client->done.load(std::memory_order_acquire)) {
                client->thread.join();
                client = clients.erase(client);
            } else {
                ++client;
            }
        }
    }

    void turn_away(int socket, const std::string& reason, std::string advice) const {
        const Error error{Errc::busy, "connect", path, reason, std::move(advice)};
        static_cast<void>(write_all(socket, answer_line(AnswerKind::error, error_to_json(error)),
                                    std::chrono::milliseconds(0)));
    }

    [[nodiscard]] UniqueFd accept() {
        UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!socket && (errno == EMFILE || errno == ENFILE)) {
            spare.reset();
            const UniqueFd refused(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            turn_away(refused.get(), "the host is out of file descriptors",
                      "raise LimitNOFILE of its service");
        }
        if (!spare) {
            spare = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        }
        return socket;
    }

    void serve(UniqueFd socket) {
        auto peer = peer_of(socket.get());
        if (!peer) {
            log.error("control.peer_unknown", peer.error());
            return;
        }
        const int raw = socket.get();
        auto& client = clients.emplace_back(std::move(socket), std::move(*peer), options.timeouts);
        try {
            client.thread = std::thread([this, &client] {
                client.connection.serve(verbs, policy, log);
                client.connection.shut_down();
                client.done.store(true, std::memory_order_release);
            });
        } catch (const std::system_error& error) {
            turn_away(raw, std::string("no thread: ") + error.what(), "try again");
            clients.pop_back();
        }
    }
};

Server::Server(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;

Server& Server::operator=(Server&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

Server::~Server() {
    if (state_ != nullptr) {
        shut_down();
    }
}

Result<Server> Server::open(const ServerOptions& options, Verbs verbs, Log& log) {
    auto state = std::make_unique<State>(options, std::move(verbs), log);
    auto listener = listen_on(state->path, state->policy);
    if (!listener) {
        return Failure(std::move(listener.error()));
    }
    state->listener = std::move(*listener);
    return Server(std::move(state));
}

int Server::fd() const noexcept {
    return state_->listener.get();
}

void Server::accept_one() {
    state_->forget_finished();
    if (!state_->listener) {
        return;
    }
    UniqueFd socket = state_->accept();
    if (!socket) {
        return;
    }
    if (state_->clients.size() >= state_->options.max_connections) {
        state_->turn_away(socket.get(),
                          std::to_string(state_->clients.size()) + " clients are connected already",
                          "close one, or try again");
        return;
    }
    state_->serve(std::move(socket));
}

void Server::shut_down() {
    if (state_->listener) {
        ::unlink(state_->path.c_str());
        state_->listener.reset();
    }
    for (auto& client : state_->clients) {
        client.connection.shut_down();
    }
    for (auto& client : state_->clients) {
        client.thread.join();
    }
    state_->clients.clear();
}

} // namespace noa::control
