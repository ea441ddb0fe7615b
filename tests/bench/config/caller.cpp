// An agent that keeps the config agent busy, reads from it, watches, and answers by itself as a
// round trip to compare with; it tells how long each took.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace noa::bench {

struct CallerSettings {
    std::string mark;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("mark", &CallerSettings::mark));
    }
};

struct WriteOrder {
    std::uint32_t changes = 10'000;
    std::uint32_t in_flight = 256;
    std::uint32_t documents = 1000;
    std::uint32_t bytes = 256;  // of a value, about
    std::uint32_t pause_ms = 0; // above 0: one at a time, with pauses between
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("changes", &WriteOrder::changes),
                           noa::optional_field("in_flight", &WriteOrder::in_flight),
                           noa::optional_field("documents", &WriteOrder::documents),
                           noa::optional_field("bytes", &WriteOrder::bytes),
                           noa::optional_field("pause_ms", &WriteOrder::pause_ms));
    }
};

struct ReadOrder {
    std::string name;
    std::string peer; // that answers as many bytes
    std::uint32_t times = 10'000;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &ReadOrder::name),
                           noa::field("peer", &ReadOrder::peer),
                           noa::optional_field("times", &ReadOrder::times));
    }
};

struct Times {
    double seconds = 0;
    std::uint64_t failed = 0;
    std::vector<double> microseconds; // of each, in order
    static constexpr auto fields() {
        return noa::fields(noa::field("seconds", &Times::seconds),
                           noa::field("failed", &Times::failed),
                           noa::field("microseconds", &Times::microseconds));
    }
};

class Caller final : public Agent {
public:
    static constexpr PluginInfo info{.id = "config-caller",
                                     .version = "1.0.0",
                                     .description = "Uses the config agent a lot",
                                     .settings_schema =
                                         R"({"properties": {"mark": {"type": "string"}}})"};

    void setup(Setup& setup) override {
        setup.settings<CallerSettings>(
            [this](const CallerSettings& settings) { settings_ = settings; });
        setup.operation("mark", "What is set", [this] { return settings_; });
        setup.operation(
            "write", "Changes documents", [this](const WriteOrder& order, Responder responder) {
                run_ = std::make_unique<Run>(Run{order, {}, std::move(responder), now()});
                for (std::uint32_t at = 0; at < std::min(order.in_flight, order.changes); ++at) {
                    write();
                }
            });
        setup.operation(
            "read", "Reads a document, and asks a peer, in turns",
            [this](const ReadOrder& order, Responder responder) {
                run_ = std::make_unique<Run>(Run{{}, order, std::move(responder), now()});
                read();
            });
        setup.operation("hold", "Answers with this from now on",
                        [this](const Request& request) { held_ = request.body(); });
        setup.operation("answer", "What is held", [this] {
            return OwnedBody{held_, json_content_type};
        });
        setup.subscribe("config.changed.watched", [this](const Event& event) { take(event); });
        setup.operation("told", "How long after the change, of each; and begins anew", [this] {
            return Times{0, 0, std::exchange(told_us_, {})};
        });
    }

private:
    struct Run {
        WriteOrder write;
        ReadOrder read;
        Responder responder;
        Time begun;
        std::uint32_t sent = 0;
        std::uint32_t answered = 0;
        Times outcome = {};
    };

    static constexpr std::uint32_t turn = 100;

    static double us_since(Time then, Time now) {
        return std::chrono::duration<double, std::micro>(now - then).count();
    }

    void write() {
        const std::uint32_t number = run_->sent++;
        const std::int64_t instant = now().time_since_epoch().count();
        const std::string name = run_->write.pause_ms > 0
                                     ? "watched"
                                     : "d" + std::to_string(number % run_->write.documents);
        const std::string body = R"({"name":")" + name + R"(","value":{"at":)" +
                                 std::to_string(instant) + R"(,"text":")" +
                                 std::string(run_->write.bytes, 'x') + R"("}})";
        request("config", "set", Body(body, json_content_type))
            .timeout(std::chrono::seconds(60))
            .then([this, begun = now()](const Reply& reply) { written(reply, begun); });
    }
    void written(const Reply& reply, Time begun) {
        run_->outcome.failed += reply.ok() ? 0 : 1;
        run_->outcome.microseconds.push_back(us_since(begun, now()));
        if (++run_->answered == run_->write.changes) {
            finish();
        } else if (run_->sent < run_->write.changes && run_->write.pause_ms == 0) {
            write();
        } else if (run_->write.pause_ms > 0) {
            static_cast<void>(
                after(std::chrono::milliseconds(run_->write.pause_ms), [this] { write(); }));
        }
    }

    // Turns of many, so that what else happens on the machine meets both alike.
    void read() {
        const bool of_config = run_->answered / turn % 2 == 0;
        const std::string body = R"({"name":")" + run_->read.name + R"("})";
        request(std::string_view(of_config ? "config" : run_->read.peer),
                of_config ? "get" : "answer", Body(body, json_content_type))
            .then([this, begun = now()](const Reply& reply) {
                run_->outcome.microseconds.push_back(us_since(begun, now()));
                run_->outcome.failed += reply.ok() ? 0 : 1;
                if (++run_->answered == 2 * run_->read.times) {
                    finish();
                } else {
                    read();
                }
            });
    }

    void finish() {
        run_->outcome.seconds = std::chrono::duration<double>(now() - run_->begun).count();
        run_->responder.reply(run_->outcome);
        run_.reset();
    }

    void take(const Event& event) {
        const Time told = now();
        const std::string_view body = event.body();
        constexpr std::string_view patch = R"("path":"/at","value":)";
        if (const auto found = body.find(patch); found != std::string_view::npos) {
            const std::string digits(body.substr(found + patch.size(), 20));
            told_us_.push_back(us_since(Time(Duration(std::stoll(digits))), told));
        }
    }

    CallerSettings settings_;
    std::unique_ptr<Run> run_; // one at a time
    std::string held_;
    std::vector<double> told_us_;
};

} // namespace noa::bench

NOA_PLUGIN(noa::bench::Caller);
