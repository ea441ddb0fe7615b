// A load on a server that keeps configuration; the same for noa and etcd.
//
//     noa-config-load noa|etcd ADDRESS put|get|watch|follow ["{\"clients\": 50, …}"]
//
// put, get: `clients` connections, each with one request at a time. watch, follow: as many watch
// one key, and one more changes it, the next time when all have been told. Prints JSON:
// {"requests", "seconds", "rate", "p50_us", "p99_us", "max_us"}; of a watch the times are those
// from the change being sent to a watcher being told.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/client.hpp"
#include "raw/socket.hpp"

namespace noa::bench {

namespace {

using Clock = std::chrono::steady_clock;
constexpr long patience_ms = 30'000;

struct Order {
    std::string server;
    std::string address;
    std::string operation;
    unsigned clients = 50;
    unsigned requests = 10'000; // all clients together; of a watch: changes
    unsigned keys = 1000;
    unsigned bytes = 256; // of a value, about
};

struct Outcome {
    unsigned requests = 0;
    std::vector<double> times_us;
};

class Load {
public:
    explicit Load(Order order) : order_(std::move(order)), context_(make_context()) {}

    Outcome run() {
        return order_.operation == "watch" || order_.operation == "follow" ? run_watch()
                                                                           : run_requests();
    }

private:
    void connect(unsigned count) {
        for (unsigned at = 0; at < count; ++at) {
            clients_.push_back(order_.server == "noa"
                                   ? connect_to_noa(context_.get(), order_.address)
                                   : connect_to_etcd(order_.address));
            ready_.push_back(clients_.back()->readiness());
        }
        sent_.resize(count);
    }

    void ask(unsigned client) {
        const std::string key = "d" + std::to_string(begun_ % order_.keys);
        sent_[client] = Clock::now();
        if (order_.operation == "get") {
            clients_[client]->get(key);
        } else {
            clients_[client]->put(key, value_of(begun_));
        }
        ++begun_;
    }
    [[nodiscard]] std::string value_of(unsigned number) const {
        return R"({"n":)" + std::to_string(number) + R"(,"text":")" +
               std::string(order_.bytes, 'x') + "\"}";
    }

    // Calls `answered(client, count)` for each that has answers, until it returns false.
    template <class F>
    void poll_until(F&& answered) {
        for (;;) {
            if (::zmq_poll(ready_.data(), static_cast<int>(ready_.size()), patience_ms) <= 0) {
                throw std::runtime_error("no answer for 30 s");
            }
            for (unsigned client = 0; client < ready_.size(); ++client) {
                const unsigned count = ready_[client].revents != 0 ? clients_[client]->take() : 0;
                if (count > 0 && !answered(client, count)) {
                    return;
                }
            }
        }
    }
    void note(Clock::time_point since) {
        outcome_.times_us.push_back(
            std::chrono::duration<double, std::micro>(Clock::now() - since).count());
    }

    Outcome run_requests() {
        connect(order_.clients);
        for (unsigned client = 0; client < order_.clients; ++client) {
            ask(client);
        }
        poll_until([this](unsigned client, unsigned) {
            note(sent_[client]);
            if (begun_ < order_.requests) {
                ask(client);
            }
            return ++outcome_.requests < std::max(order_.requests, order_.clients);
        });
        return std::move(outcome_);
    }

    Outcome run_watch() {
        connect(order_.clients + 1);
        const unsigned writer = order_.clients;
        order_.keys = 1;
        unsigned open = 1;
        ask(writer); // so that there is something to watch
        poll_until([&](unsigned, unsigned) { return false; });
        for (open = order_.clients; const auto& client : clients_) {
            if (client != clients_.back()) {
                order_.operation == "watch" ? client->watch("d0") : client->follow("d0");
            }
        }
        poll_until([&](unsigned, unsigned count) { return (open -= count) > 0; });
        for (unsigned change = 0; change < order_.requests; ++change) {
            open = order_.clients + 1;
            ask(writer);
            poll_until([&](unsigned client, unsigned count) {
                if (client != writer) {
                    note(sent_[writer]);
                }
                return (open -= count) > 0;
            });
            ++outcome_.requests;
        }
        return std::move(outcome_);
    }

    Order order_;
    ZmqContext context_;
    std::vector<std::unique_ptr<ConfigClient>> clients_;
    std::vector<zmq_pollitem_t> ready_;
    std::vector<Clock::time_point> sent_;
    unsigned begun_ = 0;
    Outcome outcome_;
};

double at_percent(const std::vector<double>& sorted, double percent) {
    const auto place = static_cast<std::size_t>(percent / 100 * static_cast<double>(sorted.size()));
    return sorted.empty() ? 0 : sorted[std::min(place, sorted.size() - 1)];
}

void run_load(int count, char** arguments) {
    if (count < 4) {
        throw std::runtime_error(
            "usage: noa-config-load noa|etcd ADDRESS put|get|watch|follow [JSON]");
    }
    Order order{.server = arguments[1], .address = arguments[2], .operation = arguments[3]};
    const auto given = nlohmann::json::parse(count > 4 ? arguments[4] : "{}");
    order.clients = given.value("clients", order.clients);
    order.requests = given.value("requests", order.requests);
    order.keys = given.value("keys", order.keys);
    order.bytes = given.value("bytes", order.bytes);
    const auto begin = Clock::now();
    Outcome outcome = Load(order).run();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::sort(outcome.times_us.begin(), outcome.times_us.end());
    const nlohmann::json report{{"requests", outcome.requests},
                                {"seconds", seconds},
                                {"rate", outcome.requests / seconds},
                                {"p50_us", at_percent(outcome.times_us, 50)},
                                {"p99_us", at_percent(outcome.times_us, 99)},
                                {"max_us", at_percent(outcome.times_us, 100)}};
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
