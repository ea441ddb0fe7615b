// What goes through a connection: in, through the store, out.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include "execute.hpp"
#include "server.hpp"

namespace cache::resp {

namespace {

constexpr std::size_t least_room = 16U << 10U; // to read on into
constexpr std::size_t most_room = 1U << 20U;   // whatever was announced
constexpr std::size_t kept_input = 1024;       // of a client that has sent all
constexpr std::size_t kept_output = 16U << 10U;
constexpr std::size_t most_spare = 256;

} // namespace

void Server::receive(Client& client) {
    const std::size_t have = client.input.size();
    ssize_t got = 0;
    try {
        if (have == 0) {
            got = ::recv(client.fd.get(), read_->data(), read_->size(), 0);
        } else {
            const std::size_t room = std::clamp(client.reader.missing(have), least_room, most_room);
            client.input.resize(have + room);
            got = ::recv(client.fd.get(), client.input.data() + have, room, 0);
            client.input.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        }
        if (got > 0) {
            hub_.tally.input_bytes.add(static_cast<std::uint64_t>(got));
            client.last = hub_.clock.now();
            work(client, have == 0 ? std::string_view(read_->data(), static_cast<std::size_t>(got))
                                   : std::string_view(client.input));
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            client.dead = true;
        }
    } catch (const std::bad_alloc&) {
        cut_off(client, "there is no memory for it");
    }
    count(client);
    hub_.flush_later(client);
}

// `bytes` are what the client's reader stands at the beginning of: its input, or what goes on
// from none.
void Server::work(Client& client, std::string_view bytes) {
    if (client.output.capacity() < kept_input && client.output.empty() && !spare_.empty()) {
        client.output = std::move(spare_.back());
        spare_.pop_back();
    }
    const std::size_t done =
        store_.with([&](Opened& kept) { return run_requests(*kept.store, client, bytes); });
    keep_rest(client, bytes, done);
}

std::size_t Server::run_requests(Store& store, Client& client, std::string_view bytes) {
    std::size_t done = 0;
    while (!client.dead && !client.closing && !client.overflown) {
        const auto state = client.reader.read(
            bytes.substr(done), client.authenticated ? RequestLimits{} : RequestLimits::stranger());
        if (state == RequestReader::State::incomplete) {
            break;
        }
        if (state == RequestReader::State::broken) {
            Reply(client.output, client.protocol, SIZE_MAX)
                .error(std::string("ERR ").append(client.reader.fault()));
            client.closing = true;
            break;
        }
        if (!client.reader.args().empty()) {
            ++commands_;
            execute(hub_, store, client, client.reader.args());
        }
        done += client.reader.size();
        client.reader.next();
    }
    return done;
}

void Server::keep_rest(Client& client, std::string_view bytes, std::size_t done) {
    if (client.dead || client.closing || client.overflown) {
        client.input = {};
        return;
    }
    if (client.input.empty()) {
        client.input.assign(bytes.substr(done));
    } else if (done > 0) {
        client.input.erase(0, done);
    }
    if (client.input.empty() && client.input.capacity() > kept_input) {
        client.input = {};
    }
    if (client.input.size() > largest_request + longest_line) {
        cut_off(client, "its request is too large");
    }
}

void Server::flush_all() {
    // Nobody joins in the meantime.
    for (std::size_t at = 0; at < hub_.to_flush.size(); ++at) {
        Client& client = *hub_.to_flush[at];
        client.flush_due = false;
        if (client.overflown && !client.dead) {
            cut_off(client, "it does not read its replies");
        }
        if (!client.dead) {
            flush(client);
        }
        if (client.dead) {
            bury(client);
        }
    }
    hub_.to_flush.clear();
}

void Server::flush(Client& client) {
    while (client.pending() > 0) {
        const ssize_t sent = ::send(client.fd.get(), client.output.data() + client.sent,
                                    client.pending(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            client.dead = errno != EAGAIN;
            break;
        }
        client.sent += static_cast<std::size_t>(sent);
        hub_.tally.output_bytes.add(static_cast<std::uint64_t>(sent));
    }
    settle(client);
}

// After what could be sent was.
void Server::settle(Client& client) {
    if (client.pending() == 0) {
        client.output.clear();
        client.sent = 0;
        if (client.output.capacity() > kept_output) {
            client.output = {};
        } else if (client.output.capacity() >= kept_input && spare_.size() < most_spare) {
            spare_.push_back(std::exchange(client.output, {}));
        }
        client.dead = client.dead || client.closing;
    } else if (client.sent > client.output.size() / 2) {
        client.output.erase(0, client.sent);
        client.sent = 0;
    }
    const bool waits = client.pending() > 0 && !client.dead;
    if (waits != client.waits_to_write && !client.dead) {
        client.waits_to_write = waits;
        watch(client.fd.get(), waits ? EPOLLIN | EPOLLOUT : EPOLLIN, &client, true);
    }
    count(client);
}

void Server::cut_off(Client& client, std::string_view why) {
    client.dead = true;
    hub_.tally.cut_off.add();
    host_.log(noa::Level::warning, "resp.cut_off",
              std::string(client.address).append(": ").append(why));
}

void Server::bury(Client& client) {
    hub_.channels.forget(client);
    hub_.watches.forget(client);
    buffers_ -= client.counted;
    hub_.clients.erase(client.id); // its descriptor leaves epoll as it closes
    hub_.tally.connected.set(static_cast<double>(hub_.clients.size()));
    if (!accepting_ && !ending_) {
        accepting(true);
    }
}

void Server::count(Client& client) noexcept {
    const std::size_t held = client.held() + client.queued_bytes;
    buffers_ += held - client.counted;
    client.counted = held;
}

void Server::keep_within_buffers() {
    while (buffers_ > hub_.parameters.options().buffers_limit && !hub_.clients.empty()) {
        const auto largest = std::max_element(
            hub_.clients.begin(), hub_.clients.end(),
            [](const auto& a, const auto& b) { return a.second->counted < b.second->counted; });
        cut_off(*largest->second, "clients have too much kept, and it the most");
        bury(*largest->second);
    }
}

} // namespace cache::resp
