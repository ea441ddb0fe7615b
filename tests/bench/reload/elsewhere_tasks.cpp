// The same switch where nobody holds the inbox: a plugin stopped and loaded in place, and a
// whole service restarted.
#include <array>

#include "base/clock.hpp"
#include "harness/samples.hpp"
#include "reload/load.hpp"
#include "reload/plain_host.hpp"
#include "reload/tasks.hpp"
#include "reload/ticker.hpp"

namespace noa::bench {

namespace {

const std::string target = "bench-target";
constexpr std::chrono::milliseconds warm_up{300};
constexpr std::chrono::milliseconds apart{20};

// Waits in the rhythm of the senders: this process has no other clock to wait on.
void let_run(std::chrono::milliseconds time) {
    const Ticker ticker(0, 0);
    for (const auto end = monotonic_ns() + std::chrono::nanoseconds(time).count();
         monotonic_ns() < end;) {
        static_cast<void>(ticker.wait());
    }
}

struct Tally {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
};

Tally send_to(PlainHost& host, std::uint32_t sender, std::uint64_t rate,
              const std::atomic<bool>& over) {
    Tally tally;
    Numbered message;
    message.sender = sender;
    message.number = 1;
    const Ticker ticker(rate, Ticker::tick_ns / Ledger::senders_max * sender);
    while (!over) {
        const auto due = ticker.wait();
        while (tally.accepted + tally.refused < due) {
            message.sent_ns = monotonic_ns();
            if (host.send(message)) {
                ++message.number;
                ++tally.accepted;
            } else {
                ++tally.refused;
            }
        }
    }
    return tally;
}

void put_each(Values& values, const char* what, double number, std::size_t switches) {
    values[what] = number;
    values[std::string(what) + "_each"] = number / static_cast<double>(switches);
}

Result<void> switch_in_place(PlainHost& host, const std::filesystem::path& plugin,
                             std::size_t switches, std::vector<double>& took,
                             std::vector<Window>& windows) {
    for (std::size_t i = 0; i < switches; ++i) {
        const auto begin = monotonic_ns();
        host.stop();
        if (auto started = host.start(plugin); !started) {
            return started;
        }
        took.push_back(static_cast<double>(monotonic_ns() - begin) / 1e6);
        let_run(apart);
        windows.push_back({begin, monotonic_ns()});
    }
    return {};
}

std::vector<double> silences(const Ledger& ledger, const std::vector<Window>& windows) {
    std::vector<double> all;
    for (const auto& window : windows) {
        all.push_back(worst_silence_ms(ledger, window));
    }
    return all;
}

// A program outside: sends until told to end, and counts what comes back as refused.
class OutsideSender {
public:
    OutsideSender(WireClient client, std::uint64_t rate)
        : client_(std::move(client)), rate_(rate), thread_([this] { run(); }) {}
    OutsideSender(const OutsideSender&) = delete;
    OutsideSender& operator=(const OutsideSender&) = delete;
    ~OutsideSender() { end(); }

    void end() {
        over_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    // After end: waits behind everything that was sent.
    Result<void> barrier() {
        auto answer = call(client_, target, "barrier");
        count_refusals();
        return answer ? Result<void>{} : Result<void>(tl::unexpected(answer.error()));
    }
    [[nodiscard]] std::uint64_t sent() const noexcept { return message_.number - 1; }
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

private:
    void run() {
        WireClient::Outgoing message;
        message.flags = wire_no_reply;
        message.to = target;
        message.subject = "put";
        message.body = {reinterpret_cast<const char*>(&message_), sizeof message_};
        message_.number = 1;
        const Ticker ticker(rate_, 0);
        while (!over_ && problem_.empty()) {
            const auto due = ticker.wait();
            while (message_.number <= due) {
                message_.sent_ns = monotonic_ns();
                if (auto sent = client_.send(message); !sent) {
                    problem_ = sent.error().text();
                    return;
                }
                ++message_.number;
            }
            count_refusals();
        }
    }
    void count_refusals() {
        WireMessage message;
        for (auto got = client_.receive(message, ZMQ_DONTWAIT); got && *got;
             got = client_.receive(message, ZMQ_DONTWAIT)) {
            refused_ += static_cast<std::uint64_t>(message.header.kind == wire_error);
        }
    }

    WireClient client_;
    std::uint64_t rate_;
    std::atomic<bool> over_{false};
    Numbered message_;
    std::uint64_t refused_ = 0;
    std::string problem_;
    std::thread thread_; // last: it uses everything above
};

Result<void> switch_host(Host& host, const std::string& how) {
    if (how == "restart") {
        return host.restart();
    }
    auto control = noactl::Client::connect(host.runtime_dir());
    auto outcome = control ? order_reload(*control, target, true, "reloaded")
                           : Result<nlohmann::json>(tl::unexpected(control.error()));
    return outcome ? Result<void>{} : Result<void>(tl::unexpected(outcome.error()));
}

} // namespace

Result<Values> measure_stop_and_load(const Context& context) {
    const auto switches = std::stoul(context.arguments.at(0));
    const auto rate = std::stoul(context.arguments.at(1)) / Ledger::senders_max;
    auto plugin = find_plugin(context, target);
    if (!plugin) {
        return tl::unexpected(plugin.error());
    }
    auto ledger = LedgerMemory::make();
    if (!ledger) {
        return fail_errno("make a ledger", "memfd", errno);
    }
    ledger->epoch_ns = monotonic_ns();
    PlainHost host(nlohmann::json{{"ledger", ledger.path()}}.dump());
    if (auto started = host.start(*plugin); !started) {
        return tl::unexpected(started.error());
    }
    std::atomic<bool> over{false};
    std::array<Tally, Ledger::senders_max> tallies;
    std::vector<std::thread> senders;
    for (std::uint32_t i = 0; i < Ledger::senders_max; ++i) {
        senders.emplace_back([&, i] { tallies[i] = send_to(host, i, rate, over); });
    }
    let_run(warm_up);
    std::vector<double> took;
    std::vector<Window> windows;
    auto switched = switch_in_place(host, *plugin, switches, took, windows);
    over = true;
    for (auto& sender : senders) {
        sender.join();
    }
    if (!switched) {
        return tl::unexpected(switched.error());
    }
    host.wait_empty();
    std::vector<std::uint64_t> accepted;
    double refused = 0;
    for (const auto& tally : tallies) {
        accepted.push_back(tally.accepted);
        refused += static_cast<double>(tally.refused);
    }
    auto values = settle_accounts(*ledger, accepted);
    put_each(values, "refused", refused, switches);
    put_each(values, "lost", values["lost"], switches);
    put_each(values, "forgotten", values["forgotten"], switches);
    auto silence = silences(*ledger, windows);
    values.insert({{"switch_p50_ms", percentile(took, 50)},
                   {"switch_p99_ms", percentile(took, 99)},
                   {"silence_p50_ms", percentile(silence, 50)},
                   {"silence_p99_ms", percentile(silence, 99)}});
    return values;
}

Result<Values> measure_switch_outside(const Context& context) {
    const auto switches = std::stoul(context.arguments.at(0));
    auto ledger = LedgerMemory::make();
    if (!ledger) {
        return fail_errno("make a ledger", "memfd", errno);
    }
    ledger->epoch_ns = monotonic_ns();
    auto host = Host::start(context, {.agents = {{.name = target,
                                                  .plugin = target,
                                                  .settings = {{"ledger", ledger.path()}},
                                                  .options = "queue_size = 100000\n"}}});
    auto client = host ? WireClient::connect(host->runtime_dir())
                       : Result<WireClient>(tl::unexpected(host.error()));
    if (!client) {
        return tl::unexpected(client.error());
    }
    OutsideSender sender(std::move(*client), std::stoul(context.arguments.at(1)));
    let_run(warm_up);
    std::vector<Window> windows;
    for (std::size_t i = 0; i < switches; ++i) {
        Window window{monotonic_ns(), 0};
        if (auto switched = switch_host(*host, context.arguments.at(2)); !switched) {
            return tl::unexpected(switched.error());
        }
        let_run(warm_up); // for a client that waits before it connects again
        window.end_ns = monotonic_ns();
        windows.push_back(window);
    }
    sender.end();
    if (!sender.problem().empty()) {
        return fail(Errc::system, "send from outside", target, sender.problem());
    }
    if (auto done = sender.barrier(); !done) {
        return tl::unexpected(done.error());
    }
    auto values = settle_accounts(*ledger, {sender.sent()});
    put_each(values, "refused", static_cast<double>(sender.refused()), switches);
    put_each(values, "lost", values["lost"] - values["refused"], switches);
    put_each(values, "forgotten", values["forgotten"], switches);
    auto silence = silences(*ledger, windows);
    values["silence_p50_ms"] = percentile(silence, 50);
    values["silence_p99_ms"] = percentile(silence, 99);
    return values;
}

} // namespace noa::bench
