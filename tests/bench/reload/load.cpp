#include "reload/load.hpp"

#include <sched.h>

#include <algorithm>

#include "base/clock.hpp"
#include "harness/samples.hpp"

namespace noa::bench {

namespace {

using nlohmann::json;

const std::string target = "bench-target";

std::string sender_name(std::uint32_t sender) {
    return "sender" + std::to_string(sender);
}

WantedHost host_with_senders(const LedgerMemory& ledger, std::uint64_t defer) {
    WantedHost wanted;
    // Room for what comes while it is held, at full speed too. Half of the time to get quiet is
    // waited for what is open.
    wanted.agents.push_back({.name = target,
                             .plugin = target,
                             .settings = {{"ledger", ledger.path()}, {"defer", defer}},
                             .options = "queue_size = 100000\nquiesce_timeout = \"" +
                                        std::string(defer == 0 ? "5s" : "200ms") + "\"\n"});
    for (std::uint32_t i = 0; i < Ledger::senders_max; ++i) {
        wanted.agents.push_back({.name = sender_name(i), .plugin = "bench-sender"});
    }
    return wanted;
}

int usable_cores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    return ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
}

template <std::size_t N>
double worst_ms(const std::array<std::uint32_t, N>& slots, std::int64_t epoch_ns,
                const Window& window) {
    const auto slot_of = [&](std::int64_t at_ns) {
        const auto slot = std::max<std::int64_t>((at_ns - epoch_ns) / Ledger::slot_ns, 0);
        return std::min(static_cast<std::size_t>(slot), N - 1);
    };
    const auto* begin = slots.data() + slot_of(window.begin_ns);
    const auto* end = slots.data() + slot_of(window.end_ns) + 1;
    return static_cast<double>(*std::max_element(begin, end)) / 1e6;
}

} // namespace

Result<Load> Load::begin(const Context& context, std::uint64_t rate, std::uint64_t defer) {
    auto ledger = LedgerMemory::make();
    if (!ledger) {
        return fail_errno("make a ledger", "memfd", errno);
    }
    ledger->epoch_ns = monotonic_ns();
    auto host = Host::start(context, host_with_senders(ledger, defer));
    if (!host) {
        return tl::unexpected(host.error());
    }
    auto client = WireClient::connect(host->runtime_dir());
    auto control = noactl::Client::connect(host->runtime_dir());
    if (!client || !control) {
        return tl::unexpected(!client ? client.error() : control.error());
    }
    Load load(std::move(ledger), std::move(*host), std::move(*client), std::move(*control));
    auto ask = ask_through(load.client_);
    for (std::uint32_t i = 0; i < Ledger::senders_max; ++i) {
        const json order{{"target", target}, {"sender", i}, {"rate", rate / Ledger::senders_max}};
        if (auto begun = ask(sender_name(i), "begin", order).get(); !begun) {
            return tl::unexpected(begun.error());
        }
    }
    return load;
}

Result<void> Load::run_for(std::chrono::nanoseconds time) {
    // To the millisecond: it is only about letting time pass.
    if (host_.process().wait(std::chrono::ceil<std::chrono::milliseconds>(time))) {
        return fail(Errc::system, "watch noad", "noad", "it ended");
    }
    return {};
}

Result<Values> Load::watch_steady(std::chrono::nanoseconds time) {
    const auto cpu_begin = host_.process().cpu_ns();
    const auto begin = monotonic_ns();
    ledger_->steady = 1;
    if (auto ran = run_for(time); !ran) {
        return tl::unexpected(ran.error());
    }
    ledger_->steady = 0;
    const auto spent = static_cast<double>(host_.process().cpu_ns() - cpu_begin);
    const auto elapsed = static_cast<double>(monotonic_ns() - begin);
    const auto& delays = ledger_->delays;
    return Values{{"steady_p50_us", delays.percentile(50) / 1000},
                  {"steady_p99_us", delays.percentile(99) / 1000},
                  {"per_s", static_cast<double>(delays.count()) / elapsed * 1e9},
                  {"cpu_percent", 100 * spent / elapsed / usable_cores()}};
}

Result<Values> Load::end() {
    auto ask = ask_through(client_);
    std::vector<std::uint64_t> accepted;
    double refused = 0;
    double busy = 0;
    for (std::uint32_t i = 0; i < Ledger::senders_max; ++i) {
        auto report = ask(sender_name(i), "end", json::object()).get();
        if (!report) {
            return tl::unexpected(report.error());
        }
        accepted.push_back(report->value("accepted", std::uint64_t{0}));
        refused += report->value("refused", 0.0);
        busy += report->value("busy", 0.0);
    }
    // Behind everything that was accepted before it; a full inbox has no room yet.
    for (auto done = call(client_, target, "barrier"); !done;
         done = call(client_, target, "barrier")) {
        if (done.error().code != Errc::busy) {
            return tl::unexpected(done.error());
        }
        ::sched_yield();
    }
    auto values = settle_accounts(*ledger_, accepted);
    values["refused"] = refused;
    values["busy"] = busy;
    return values;
}

Values settle_accounts(const Ledger& ledger, const std::vector<std::uint64_t>& accepted) {
    Values values{{"lost", 0},
                  {"reordered", 0},
                  {"duplicates_unflagged", 0},
                  {"duplicates_flagged", 0},
                  {"forgotten", ledger.forgotten},
                  {"malformed", ledger.malformed},
                  {"generations", ledger.generations}};
    for (std::size_t i = 0; i < accepted.size(); ++i) {
        const auto& from = ledger.senders[i];
        values["lost"] += static_cast<double>(accepted[i]) - static_cast<double>(from.handled);
        values["reordered"] += static_cast<double>(from.reordered);
        values["duplicates_unflagged"] += static_cast<double>(from.duplicates_unflagged);
        values["duplicates_flagged"] += static_cast<double>(from.duplicates_flagged);
        values["accepted"] += static_cast<double>(accepted[i]);
    }
    return values;
}

double worst_delay_ms(const Ledger& ledger, const Window& window) {
    return worst_ms(ledger.delay_ns, ledger.epoch_ns, window);
}

double worst_silence_ms(const Ledger& ledger, const Window& window) {
    return worst_ms(ledger.silence_ns, ledger.epoch_ns, window);
}

} // namespace noa::bench
