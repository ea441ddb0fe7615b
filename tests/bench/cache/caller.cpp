// Asks the cache over the bus, so many requests in flight at a time, and tells how long it took.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace noa::bench {

struct Order {
    std::string operation;   // get, get_many, set_many
    std::string format;      // json, batch
    std::uint32_t keys = 64; // of a message
    std::uint32_t messages = 10'000;
    std::uint32_t in_flight = 16;
    std::uint32_t key_space = 100'000;
    static constexpr auto fields() {
        return noa::fields(noa::field("operation", &Order::operation),
                           noa::field("format", &Order::format),
                           noa::optional_field("keys", &Order::keys),
                           noa::optional_field("messages", &Order::messages),
                           noa::optional_field("in_flight", &Order::in_flight),
                           noa::optional_field("key_space", &Order::key_space));
    }
};

struct Outcome {
    double seconds = 0;
    std::uint64_t bytes = 0; // of replies
    std::uint64_t failed = 0;
    static constexpr auto fields() {
        return noa::fields(noa::field("seconds", &Outcome::seconds),
                           noa::field("bytes", &Outcome::bytes),
                           noa::field("failed", &Outcome::failed));
    }
};

class Caller final : public Agent {
public:
    static constexpr PluginInfo info{
        .id = "cache-caller", .version = "1.0.0", .description = "Asks the cache, many times"};

    void setup(Setup& setup) override {
        setup.operation("run", "Asks, and tells how long it took",
                        [this](const Order& order, Responder responder) {
                            begin(order, std::move(responder));
                        });
    }

private:
    struct Run {
        Order order;
        Responder responder;
        std::vector<std::string> bodies; // made before: they are not what is measured
        std::uint32_t sent = 0;
        std::uint32_t answered = 0;
        Time begun;
        Outcome outcome = {};
    };

    void begin(const Order& order, Responder responder) {
        run_ =
            std::make_unique<Run>(Run{order, std::move(responder), bodies_of(order), 0, 0, now()});
        const std::uint32_t first = std::min(order.in_flight, order.messages);
        while (run_->sent < first) {
            ask();
        }
    }
    void ask() {
        const std::string& body = run_->bodies[run_->sent++ % run_->bodies.size()];
        const Body sent(body, run_->order.format == "batch" ? "application/x-noa-cache-batch"
                                                            : json_content_type);
        request("cache", run_->order.operation, sent)
            .timeout(std::chrono::seconds(60))
            .then([this](const Reply& reply) { take(reply); });
    }
    void take(const Reply& reply) {
        run_->outcome.bytes += reply.body().size();
        run_->outcome.failed += reply.ok() ? 0 : 1;
        ++run_->answered;
        if (run_->sent < run_->order.messages) {
            ask();
        } else if (run_->answered == run_->order.messages) {
            run_->outcome.seconds = std::chrono::duration<double>(now() - run_->begun).count();
            run_->responder.reply(run_->outcome);
            run_.reset();
        }
    }

    static std::string key_of(std::uint64_t number) {
        std::string digits = std::to_string(number);
        return "key:" + std::string(12 - digits.size(), '0') + digits;
    }
    static void append_text(std::string& out, std::string_view text) {
        for (unsigned at = 0; at < 4; ++at) {
            out += static_cast<char>(text.size() >> (8U * at) & 0xffU);
        }
        out += text;
    }
    static std::vector<std::string> bodies_of(const Order& order) {
        std::vector<std::string> bodies;
        std::uint64_t next = 0;
        for (unsigned body = 0; body < 1024; ++body) {
            std::vector<std::string> keys;
            for (std::uint32_t key = 0; key < order.keys; ++key) {
                keys.push_back(key_of(next = (next + 7919) % order.key_space));
            }
            bodies.push_back(order.format == "batch" ? batch(order, keys) : json(order, keys));
        }
        return bodies;
    }
    static std::string batch(const Order& order, const std::vector<std::string>& keys) {
        std::string body{'\1', '\0'};
        const auto count = static_cast<std::uint32_t>(keys.size());
        for (unsigned at = 0; at < 4; ++at) {
            body += static_cast<char>(count >> (8U * at) & 0xffU);
        }
        for (const std::string& key : keys) {
            if (order.operation == "set_many") {
                body.append(5, '\0'); // bytes, no end
            }
            append_text(body, key);
            if (order.operation == "set_many") {
                append_text(body, std::string(100, 'v'));
            }
        }
        return body;
    }
    static std::string json(const Order& order, const std::vector<std::string>& keys) {
        if (order.operation == "get") {
            return Json{{"key", keys.front()}}.dump();
        }
        if (order.operation == "get_many") {
            return Json{{"keys", keys}}.dump();
        }
        Json values = Json::object();
        for (const std::string& key : keys) {
            values[key] = std::string(100, 'v');
        }
        return Json{{"values", values}}.dump();
    }

    std::unique_ptr<Run> run_; // one at a time
};

} // namespace noa::bench

NOA_PLUGIN(noa::bench::Caller);
