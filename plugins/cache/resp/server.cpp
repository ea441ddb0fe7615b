// The thread: its life, what it waits for, and who comes and goes. connections.cpp has the rest.
#include "server.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include "addresses.hpp"
#include "state.hpp"

namespace cache::resp {

using namespace std::chrono_literals;

namespace {

constexpr Instant upkeep_pause{100};
constexpr std::size_t upkeep_slice = 2000; // entries; then clients get their turn
constexpr int accept_pause_ms = 100;       // after the system had nothing to give
constexpr unsigned accepts_at_a_time = 64;
constexpr int events_at_a_time = 512;

bool fits_state(const Client& client) noexcept {
    constexpr std::size_t rest = 64U << 10U; // name, addresses, channels
    return client.input.size() + client.pending() + client.queued_bytes + rest <= largest_state;
}

} // namespace

Server::Server(const noa::sdk::Host& host, Shared<Opened>& store, Options options, Tally& tally)
    : host_(host), store_(store), hub_(std::move(options), tally) {}

Server::~Server() {
    stop(host_.now());
}

std::string Server::saved(const Client& client) {
    return save_client(client);
}

void Server::adopt(noa::sdk::Fd connection, std::string_view state) {
    auto client = std::make_unique<Client>();
    if (!restore_client(state, *client) || hub_.clients.contains(client->id)) {
        return;
    }
    const auto space =
        store_.with([&](Opened& kept) { return space_of_database(*kept.store, client->database); });
    client->space = space.value_or(0);
    client->database = space ? client->database : 0;
    client->fd = std::move(connection);
    hub_.last_id = std::max(hub_.last_id, client->id);
    hub_.clients.emplace(client->id, std::move(client));
}

noa::Status Server::start(std::vector<Listening> listening) {
    listening_ = std::move(listening);
    epoll_ = noa::sdk::Fd(::epoll_create1(EPOLL_CLOEXEC));
    wake_ = noa::sdk::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll_ || !wake_ || !watch(wake_.get(), EPOLLIN, &wake_)) {
        return noa::failed("epoll: " + std::system_category().message(errno));
    }
    for (Listening& one : listening_) {
        if (!watch(one.fd, EPOLLIN, &one)) {
            return noa::failed("wait on " + one.address + ": " +
                               std::system_category().message(errno));
        }
    }
    read_ = std::make_unique<std::array<char, read_bytes>>();
    set_time();
    hub_.started = hub_.clock.now();
    hub_.random_state ^= static_cast<std::uint64_t>(host_.now().time_since_epoch().count()) << 1U;
    stopping_ = false;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& failure) {
        return noa::failed(std::string("start a thread: ") + failure.what());
    }
    return {};
}

void Server::serve() noexcept {
    static_cast<void>(::eventfd_write(wake_.get(), 1));
}

void Server::stop(noa::Time deadline) noexcept {
    if (!thread_.joinable()) {
        return;
    }
    deadline_ns_ = deadline.time_since_epoch().count();
    stopping_ = true;
    static_cast<void>(::eventfd_write(wake_.get(), 1));
    thread_.join();
    std::erase_if(hub_.clients, [](const auto& one) { return one.second->dead; });
    hub_.to_flush.clear();
}

bool Server::watch(int fd, std::uint32_t events, void* what, bool again) const noexcept {
    epoll_event event{};
    event.events = events;
    event.data.ptr = what;
    return ::epoll_ctl(epoll_.get(), again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0;
}

// To serve, or to end at once.
void Server::wait_for_wake() noexcept {
    pollfd woken{wake_.get(), POLLIN, 0};
    while (::poll(&woken, 1, -1) < 0 && errno == EINTR) {}
    eventfd_t value = 0;
    static_cast<void>(::eventfd_read(wake_.get(), &value));
}

void Server::run() noexcept {
    ::pthread_setname_np(::pthread_self(), "noa-cache-io");
    wait_for_wake();
    if (stopping_) {
        return;
    }
    try {
        loop();
    } catch (const std::exception& failure) {
        broken_ = true;
        host_.log(noa::Level::error, "resp.thread_ended", failure.what());
    }
}

void Server::set_time() {
    const auto exact = host_.now().time_since_epoch();
    const auto now = std::chrono::duration_cast<Instant>(exact);
    const noa::Duration ahead = std::chrono::system_clock::now().time_since_epoch() - exact;
    hub_.clock.set(now, now.count() + std::chrono::ceil<Instant>(ahead).count());
}

// What the former generation has left undone.
void Server::resume() {
    store_.with([&](Opened& kept) {
        for (auto& [number, client] : hub_.clients) {
            const auto space = space_of_database(*kept.store, client->database);
            client->space = space.value_or(0);
            client->database = space ? client->database : 0;
        }
    });
    for (auto& [number, client] : hub_.clients) {
        if (!watch(client->fd.get(), EPOLLIN, client.get())) {
            client->dead = true;
        }
        hub_.watches.adopt(*client);
        // As if it came anew: the subscriptions are the client's, the channels ours.
        for (auto [names, patterns] : {std::pair{std::move(client->channels), false},
                                       std::pair{std::move(client->patterns), true}}) {
            (patterns ? client->patterns : client->channels).clear();
            for (const std::string& name : names) {
                patterns ? hub_.channels.subscribe_pattern(*client, name)
                         : hub_.channels.subscribe(*client, name);
            }
        }
        if (!client->input.empty() && !client->closing) {
            const std::string input = std::exchange(client->input, {});
            work(*client, input);
        }
        count(*client);
        hub_.flush_later(*client);
    }
    hub_.tally.connected.set(static_cast<double>(hub_.clients.size()));
    flush_all();
}

void Server::loop() {
    resume();
    std::array<epoll_event, events_at_a_time> events{};
    for (;;) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), events_at_a_time, pause());
        if (count < 0 && errno != EINTR) {
            throw std::system_error(errno, std::system_category(), "epoll_wait");
        }
        set_time();
        turn({events.data(), static_cast<std::size_t>(std::max(count, 0))});
        if (stopping_.load(std::memory_order_relaxed) && may_end()) {
            return;
        }
    }
}

void Server::turn(std::span<const epoll_event> ready) {
    if (!accepting_ && !ending_ && ready.empty()) {
        accepting(true);
    }
    for (const epoll_event& event : ready) {
        const auto* listening = static_cast<const Listening*>(event.data.ptr);
        if (event.data.ptr == &wake_) { // to end: once this turn is over
            eventfd_t value = 0;
            static_cast<void>(::eventfd_read(wake_.get(), &value));
            continue;
        }
        if (listening >= listening_.data() && listening < listening_.data() + listening_.size()) {
            accept_all(*listening);
            continue;
        }
        Client& client = *static_cast<Client*>(event.data.ptr);
        if ((event.events & EPOLLOUT) != 0) {
            hub_.flush_later(client);
        }
        if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && !client.dead) {
            receive(client);
        }
    }
    flush_all();
    keep_within_buffers();
    if (commands_ > 0) {
        hub_.tally.commands.add(std::exchange(commands_, 0));
        due_ = std::min(due_.value_or(upkeep_at_), upkeep_at_); // they may have set ends
    }
    if (due_ && *due_ <= hub_.clock.now()) {
        keep_up();
    }
}

int Server::pause() const noexcept {
    if (ending_) {
        const noa::Duration left(deadline_ns_.load() - host_.now().time_since_epoch().count());
        return static_cast<int>(
            std::clamp<std::int64_t>(std::chrono::ceil<Instant>(left).count(), 0, 60'000));
    }
    const int retry = accepting_ ? -1 : accept_pause_ms;
    if (!due_) {
        return retry;
    }
    const auto left = std::clamp<std::int64_t>((*due_ - hub_.clock.now()).count(), 0, 60'000);
    return retry < 0 ? static_cast<int>(left) : std::min(static_cast<int>(left), retry);
}

// Expired entries are not seen in the meantime, only not freed yet.
void Server::keep_up() {
    const Instant now = hub_.clock.now();
    due_ = store_.with([&](Opened& kept) -> std::optional<Instant> {
        return kept.store->upkeep(now, upkeep_slice) ? now : kept.store->next_due();
    });
    upkeep_at_ = now + upkeep_pause;
    if (due_ && *due_ != now) {
        due_ = std::max(*due_, upkeep_at_);
    }
}

// Nobody is served any more, but for those whose request or reply is too large to be handed on:
// these are, until the deadline.
bool Server::may_end() {
    const bool late = host_.now().time_since_epoch().count() >= deadline_ns_.load();
    bool wait = false;
    for (auto& [number, client] : hub_.clients) {
        const bool fits = fits_state(*client);
        wait = wait || !fits;
        if (!ending_ && fits) {
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, client->fd.get(), nullptr);
        }
    }
    if (!ending_ && wait) {
        accepting(false);
        ending_ = true;
    }
    return late || !wait;
}

void Server::accepting(bool on) {
    accepting_ = on;
    for (Listening& one : listening_) {
        if (on) {
            watch(one.fd, EPOLLIN, &one);
        } else {
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, one.fd, nullptr);
        }
    }
}

void Server::accept_all(const Listening& listening) {
    for (unsigned left = accepts_at_a_time; left > 0 && accepting_; --left) {
        noa::sdk::Fd connection(
            ::accept4(listening.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (connection) {
            welcome(std::move(connection), listening);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            host_.log(noa::Level::warning, "resp.not_accepted",
                      std::system_category().message(errno));
            accepting(false); // or it would be told of it over and over
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

void Server::welcome(noa::sdk::Fd connection, const Listening& listening) {
    if (hub_.clients.size() >= hub_.parameters.options().max_clients) {
        constexpr std::string_view full = "-ERR max number of clients reached\r\n";
        static_cast<void>(
            ::send(connection.get(), full.data(), full.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
        hub_.tally.refused.add();
        return;
    }
    auto client = std::make_unique<Client>();
    client->id = ++hub_.last_id;
    client->fd = std::move(connection);
    client->local = listening.address.starts_with("unix:");
    tell_addresses(*client, listening.address);
    client->authenticated = hub_.parameters.options().password.empty();
    client->since = client->last = hub_.clock.now();
    if (watch(client->fd.get(), EPOLLIN, client.get())) {
        hub_.tally.accepted.add();
        hub_.clients.emplace(client->id, std::move(client));
        hub_.tally.connected.set(static_cast<double>(hub_.clients.size()));
    }
}

} // namespace cache::resp
