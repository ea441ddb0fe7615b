#include "reload/load.hpp"

#include <sched.h>

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

} // namespace noa::bench
