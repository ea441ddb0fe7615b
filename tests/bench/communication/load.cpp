// Messages handed over for good: to noa by its outside gateway, and to peers by their own clients.
//
//     noa-message-load SERVER ADDRESS MESSAGES IN_FLIGHT BYTES [BATCH [RATE]]
//
// SERVER is noa (ADDRESS a runtime directory), redis, nats or mosquitto (a port of this machine).
// A message counts when the server has answered that it has it. noa: BATCH 1 is `send`, more is
// `send_many`; RATE messages a second, 0: as many as it takes; to agents r0, r1, … as many as
// RECIPIENTS in the environment says, and one in eight to DEAD where that is set. IN_FLIGHT 0: one
// at a time, from sent to acknowledged. Prints JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "communication/peers.hpp"
#include "noa/wire.hpp"

namespace noa::bench {

namespace {

using Clock = std::chrono::steady_clock;

std::string environment(const char* name, const char* fallback) {
    const char* value = std::getenv(name);
    return value == nullptr ? fallback : value;
}

class NoaLoad {
public:
    NoaLoad(const std::string& address, const Load& load, unsigned batch)
        : load_(load), batch_(batch), dead_(environment("DEAD", "")),
          recipients_(std::stoul(environment("RECIPIENTS", "1"))) {
        auto client = WireClient::connect(address);
        if (!client) {
            throw std::runtime_error("noa: nothing listens in " + address);
        }
        client_.emplace(*std::move(client));
    }

    // Each batch's time, in microseconds, until it was accepted.
    std::vector<double> run(double rate) {
        const auto begin = Clock::now();
        const std::size_t most = std::max(1U, load_.in_flight / batch_);
        for (unsigned sent = 0; sent < load_.messages || !open_.empty();) {
            const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
            const bool due = rate <= 0 || sent <= seconds * rate;
            if (sent < load_.messages && open_.size() < most && due) {
                open_.emplace(send(), Clock::now());
                sent += batch_;
            } else {
                take(std::chrono::milliseconds(due ? 60'000 : 1));
            }
        }
        return std::move(times_);
    }

    // From the moment it is sent until it was accepted, delivered and acknowledged.
    std::vector<double> one_by_one() {
        std::vector<double> times;
        for (unsigned number = 0; number < load_.messages; ++number) {
            const auto begin = Clock::now();
            const std::string accepted = answer(send());
            const std::size_t from = accepted.find("\"id\":\"") + 6;
            const std::string id = accepted.substr(from, accepted.find('"', from) - from);
            answer(ask("wait", R"({"wait_s":30,"id":")" + id + "\"}"));
            times.push_back(
                std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
        }
        return times;
    }

private:
    // One answer, or none in that time.
    void take(std::chrono::milliseconds patience) {
        client_->set_timeout(patience);
        WireMessage message;
        const auto came = client_->receive(message);
        if (!came || (*came && (message.header.kind != wire_reply ||
                                message.body.find("\"errors\"") != std::string_view::npos))) {
            throw std::runtime_error("noa: " + std::string(message.body));
        }
        const auto found = *came ? open_.find(message.header.correlation[1]) : open_.end();
        if (found != open_.end()) {
            times_.push_back(
                std::chrono::duration<double, std::micro>(Clock::now() - found->second).count());
            open_.erase(found);
        }
    }
    std::uint64_t send() {
        if (batch_ == 1) {
            return ask("send", one());
        }
        std::string body = R"({"messages":[)";
        for (unsigned number = 0; number < batch_; ++number) {
            body += (number == 0 ? "" : ",") + one();
        }
        return ask("send_many", body + "]}");
    }
    std::string one() {
        const unsigned long number = number_++;
        const std::string to =
            !dead_.empty() && number % 8 == 7 ? dead_ : "r" + std::to_string(number % recipients_);
        return R"({"operation":"echo","to":")" + to + R"(","body":")" +
               std::string(load_.bytes - 2, 'x') + "\"}";
    }
    std::uint64_t ask(std::string_view operation, const std::string& body) {
        WireClient::Outgoing message;
        message.to = "communication";
        message.subject = operation;
        message.body = body;
        message.timeout_ms = 60'000;
        const auto id = client_->send(message);
        if (!id) {
            throw std::runtime_error("noa: " + id.error().text());
        }
        return *id;
    }
    std::string answer(std::uint64_t id) {
        const auto told = client_->answer_to(id);
        if (!told) {
            throw std::runtime_error("noa: " + told.error().text());
        }
        return *told;
    }

    Load load_;
    unsigned batch_;
    std::string dead_;
    unsigned long recipients_;
    unsigned long number_ = 0;
    std::unordered_map<std::uint64_t, Clock::time_point> open_; // by id: when it was sent
    std::vector<double> times_;
    std::optional<WireClient> client_;
};

void print(const Load& load, double seconds, const std::vector<double>& times) {
    std::printf("{\"rate\": %.0f, \"seconds\": %.3f, \"microseconds\": [", load.messages / seconds,
                seconds);
    for (std::size_t at = 0; at < times.size(); ++at) {
        std::printf("%s%.1f", at == 0 ? "" : ",", times[at]);
    }
    std::printf("]}\n");
}

void run(const std::string& server, const std::string& address, const Load& load, unsigned batch,
         double rate) {
    std::vector<double> times;
    std::optional<NoaLoad> noa;
    if (server == "noa") {
        noa.emplace(address, load, batch);
    }
    const auto begin = Clock::now();
    if (noa) {
        times = load.in_flight == 0 ? noa->one_by_one() : noa->run(rate);
    } else {
        load_peer(server, address, load);
    }
    print(load, std::chrono::duration<double>(Clock::now() - begin).count(), times);
}

} // namespace

} // namespace noa::bench

int main(int count, char** words) {
    if (count < 6) {
        std::fprintf(stderr, "usage: %s SERVER ADDRESS MESSAGES IN_FLIGHT BYTES [BATCH [RATE]]\n",
                     words[0]);
        return 1;
    }
    const auto number = [&](int at, unsigned fallback) {
        return at < count ? static_cast<unsigned>(std::stoul(words[at])) : fallback;
    };
    try {
        noa::bench::run(words[1], words[2], {number(3, 0), number(4, 0), number(5, 0)},
                        number(6, 1), number(7, 0));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
    return 0;
}
