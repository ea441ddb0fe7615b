// A load on a cache server: connections that each send some requests, wait for all replies, and go
// on. The same for every server, so that figures of servers can be held against each other.
//
//     noa-cache-load resp|memcached unix:PATH|tcp:PORT set|get|fill ["{\"clients\": 50, …}"]
//
// Prints JSON: {"requests", "seconds", "rate", "p50_us", "p99_us", "max_us", "errors", "absent",
// "wrong", "dropped"}. `max_us` is the longest that a connection waited for its replies; `wrong`
// counts values that are another key's, `dropped` connections that ended.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include <nlohmann/json.hpp>

#include "cache/wire.hpp"

namespace noa::bench {

namespace {

using Clock = std::chrono::steady_clock;

struct Order {
    Wire wire = Wire::resp;
    std::string address;
    std::string operation; // set, get: keys at random; fill: each key once, in order
    unsigned clients = 50;
    unsigned pipeline = 1;
    unsigned requests = 100'000; // all clients together
    double seconds = 0;          // if above 0: for so long instead
    unsigned keys = 100'000;
    unsigned bytes = 100; // of a value
    long end_ms = 0;      // of life, in unix time; 0: none. memcached knows seconds only
    unsigned seed = 1;
};

struct Outcome {
    std::vector<float> waits_us; // one for each round of a connection
    unsigned long requests = 0;
    unsigned long errors = 0;
    unsigned long absent = 0;
    unsigned long wrong = 0;
    unsigned long dropped = 0;
    std::string error; // the first one
};

int open_socket(const std::string& address) {
    sockaddr_un path{};
    sockaddr_in port{};
    const bool local = address.starts_with("unix:");
    const std::string place = address.substr(address.find(':') + 1);
    path.sun_family = AF_UNIX;
    std::strncpy(path.sun_path, place.c_str(), sizeof path.sun_path - 1);
    port.sin_family = AF_INET;
    port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    port.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(place.c_str(), nullptr, 10)));
    const int fd = ::socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    if (!local) {
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    const auto* target =
        local ? reinterpret_cast<sockaddr*>(&path) : reinterpret_cast<sockaddr*>(&port);
    if (::connect(fd, target, local ? sizeof path : sizeof port) != 0) {
        throw std::runtime_error(address + ": " + std::strerror(errno));
    }
    return fd;
}

struct Connection {
    int fd = -1;
    std::string out;
    std::string in;
    std::size_t read = 0;           // of it
    std::vector<unsigned> expected; // keys asked for, in order
    std::size_t answered = 0;
    Clock::time_point sent;
    bool waits = false; // for replies
};

class Load {
public:
    explicit Load(Order order)
        : order_(std::move(order)), random_(order_.seed), any_(0, order_.keys - 1),
          end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(order_.seconds))) {}

    Outcome run() {
        epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
        for (unsigned at = 0; at < order_.clients; ++at) {
            connections_.push_back(std::make_unique<Connection>());
            connections_.back()->fd = open_socket(order_.address);
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.ptr = connections_.back().get();
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_.back()->fd, &event);
        }
        for (const auto& connection : connections_) {
            send_round(*connection);
        }
        std::array<epoll_event, 64> events{};
        while (waiting_ > 0) {
            const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
            for (int at = 0; at < count; ++at) {
                receive(*static_cast<Connection*>(events[static_cast<std::size_t>(at)].data.ptr));
            }
        }
        return std::move(outcome_);
    }

private:
    [[nodiscard]] bool more() const {
        return order_.seconds > 0 ? Clock::now() < end_ : begun_ < order_.requests;
    }

    void send_round(Connection& connection) {
        if (!more()) {
            return;
        }
        connection.out.clear();
        connection.expected.clear();
        connection.answered = 0;
        for (unsigned at = 0; at < order_.pipeline; ++at) {
            const unsigned key = order_.operation == "fill" ? begun_ % order_.keys : any_(random_);
            connection.expected.push_back(key);
            if (order_.operation == "get") {
                append_get(connection.out, order_.wire, key);
            } else {
                append_set(connection.out, order_.wire, key, order_.bytes, order_.end_ms);
            }
            ++begun_;
        }
        connection.sent = Clock::now();
        connection.waits = true;
        ++waiting_;
        for (std::size_t sent = 0; sent < connection.out.size();) {
            const ssize_t some = ::send(connection.fd, connection.out.data() + sent,
                                        connection.out.size() - sent, MSG_NOSIGNAL);
            if (some < 0) {
                drop(connection);
                return;
            }
            sent += static_cast<std::size_t>(some);
        }
    }

    void drop(Connection& connection) {
        ++outcome_.dropped;
        waiting_ -= connection.waits ? 1 : 0;
        connection.waits = false;
        ::close(connection.fd); // which takes it out of epoll
    }

    void receive(Connection& connection) {
        constexpr std::size_t at_a_time = 64U << 10U;
        const std::size_t had = connection.in.size();
        connection.in.resize(had + at_a_time);
        const ssize_t got = ::recv(connection.fd, connection.in.data() + had, at_a_time, 0);
        connection.in.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got <= 0) {
            drop(connection);
            return;
        }
        while (const auto reply = read_reply(
                   order_.wire, std::string_view(connection.in).substr(connection.read))) {
            check(*reply, connection.expected[connection.answered]);
            connection.read += reply->size;
            if (++connection.answered == connection.expected.size()) {
                finish_round(connection);
                return;
            }
        }
    }

    void check(const CacheReply& reply, unsigned key) {
        ++outcome_.requests;
        switch (reply.kind) {
        case CacheReply::Kind::stored: break;
        case CacheReply::Kind::absent: ++outcome_.absent; break;
        case CacheReply::Kind::value:
            outcome_.wrong += reply.text != value_of(key, order_.bytes) ? 1 : 0;
            break;
        case CacheReply::Kind::error:
            ++outcome_.errors;
            if (outcome_.error.empty()) {
                outcome_.error = reply.text;
            }
        }
    }

    void finish_round(Connection& connection) {
        const auto waited =
            std::chrono::duration<float, std::micro>(Clock::now() - connection.sent);
        outcome_.waits_us.push_back(waited.count());
        connection.in.clear();
        connection.read = 0;
        connection.waits = false;
        --waiting_;
        send_round(connection);
    }

    Order order_;
    std::minstd_rand random_;
    std::uniform_int_distribution<unsigned> any_;
    Clock::time_point end_;
    int epoll_ = -1;
    std::vector<std::unique_ptr<Connection>> connections_;
    unsigned begun_ = 0;
    unsigned waiting_ = 0;
    Outcome outcome_;
};

double at_percent(const std::vector<float>& sorted, double percent) {
    const auto place = static_cast<std::size_t>(percent / 100 * static_cast<double>(sorted.size()));
    return sorted.empty() ? 0 : static_cast<double>(sorted[std::min(place, sorted.size() - 1)]);
}

Order order_of(int count, char** arguments) {
    if (count < 4) {
        throw std::runtime_error(
            "usage: noa-cache-load resp|memcached ADDRESS set|get|fill [JSON]");
    }
    Order order;
    order.wire = std::string_view(arguments[1]) == "memcached" ? Wire::memcached : Wire::resp;
    order.address = arguments[2];
    order.operation = arguments[3];
    const auto given = nlohmann::json::parse(count > 4 ? arguments[4] : "{}");
    order.clients = given.value("clients", order.clients);
    order.pipeline = given.value("pipeline", order.pipeline);
    order.requests = given.value("requests", order.requests);
    order.seconds = given.value("seconds", order.seconds);
    order.keys = given.value("keys", order.keys);
    order.bytes = given.value("bytes", order.bytes);
    order.end_ms = given.value("end_ms", order.end_ms);
    order.seed = given.value("seed", order.seed);
    return order;
}

void run_load(int count, char** arguments) {
    const Order order = order_of(count, arguments);
    const auto begin = Clock::now();
    Outcome outcome = Load(order).run();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::sort(outcome.waits_us.begin(), outcome.waits_us.end());
    const nlohmann::json report{{"requests", outcome.requests},
                                {"seconds", seconds},
                                {"rate", static_cast<double>(outcome.requests) / seconds},
                                {"p50_us", at_percent(outcome.waits_us, 50)},
                                {"p99_us", at_percent(outcome.waits_us, 99)},
                                {"max_us", at_percent(outcome.waits_us, 100)},
                                {"errors", outcome.errors},
                                {"error", outcome.error},
                                {"absent", outcome.absent},
                                {"wrong", outcome.wrong},
                                {"dropped", outcome.dropped}};
    std::cout << report.dump() << '\n';
}

} // namespace

} // namespace noa::bench

int main(int count, char** arguments) {
    try {
        noa::bench::run_load(count, arguments);
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
