// What outlives the host's own end: which code was on trial, and what to think of it now.
#include "base/clock.hpp"
#include "base/core_hint.hpp"
#include "base/file.hpp"
#include "supervise/state.hpp"

namespace noa::supervise {

namespace {

constexpr std::int64_t unexplained_window_ns = 24LL * 3600 * 1'000'000'000;
constexpr std::size_t most_unexplained_kept = 16;
constexpr std::uint32_t max_unexplained = 1; // tried once more: it may have been the power

} // namespace

Supervisor::State::State(bus::Bus& the_bus, Log& the_log, Paths the_paths,
                         config::Sources the_sources)
    : bus(the_bus), log(the_log), paths(std::move(the_paths)), sources(std::move(the_sources)),
      wake([] {}), kept(paths.state_dir / "versions"), checkpoints(paths.state_dir / "checkpoints"),
      reloads([this](const ReloadRecord& record) { told(record); }),
      around{the_bus,
             the_log,
             leftovers,
             paths.state_dir / "agents",
             paths.spin,
             sockets,
             arenas,
             [this](Fault fault) {
                 {
                     const std::lock_guard lock(faults_mutex);
                     faults.push_back(std::move(fault));
                 }
                 wake();
             },
             paths.runner,
             link::ControlGroups::open(paths.control_group)},
      services(around_services()) {}

// Each step of a reload is an event; while new code is inside the host, the ledger knows it.
void Supervisor::State::told(const ReloadRecord& record) {
    bus.announce("host.reload." + record.agent, record.to_json().dump());
    if (record.digest.empty()) {
        return;
    }
    const bool inside = record.ending == Ending::open && record.phase >= Phase::load &&
                        record.phase <= Phase::confirm;
    const auto written = ledger->update(record.agent, Durable::no, [&](LedgerPage& page) {
        if (inside && !page.is_good(record.digest)) {
            const bool again = page.trial && page.trial->digest == record.digest;
            page.trial =
                Trial{record.digest, record.version,         std::string(name_of(record.phase)),
                      record.to,     record.started_unix_ns, again ? page.trial->unexplained : 0};
        } else if (record.ending != Ending::open && page.trial &&
                   page.trial->digest == record.digest && page.trial->generation == record.to) {
            page.trial.reset();
        }
    });
    if (!written) {
        log.error("ledger.not_written", written.error(), {{"agent", record.agent}}, Level::warning);
    }
}

// What crashed the host as a thread, and is no trial to be undone, is a process from now on.
void Supervisor::State::isolate(const std::optional<CrashReport>& crash) {
    if (!crash || crash->agent.empty() || crash->digest.empty()) {
        return;
    }
    const auto page = ledger->page(crash->agent);
    if (page.trial && page.trial->digest == crash->digest && page.fallback() != nullptr) {
        return;
    }
    const auto written = ledger->update(
        crash->agent, Durable::yes, [&](LedgerPage& changed) { changed.isolated = crash->digest; });
    if (!written) {
        log.error("ledger.not_written", written.error(), {{"agent", crash->agent}}, Level::warning);
    }
    log.write(Level::warning, "agent.isolated",
              {{"agent", crash->agent},
               {"digest", crash->digest},
               {"reason", "the host crashed in it: " + crash->text()}});
    bus.announce("host.agent." + crash->agent,
                 nlohmann::json{{"agent", crash->agent},
                                {"action", "isolated"},
                                {"generation", crash->generation},
                                {"text", "the host crashed in it: " + crash->text()}}
                     .dump());
}

// Times of crashes that no agent is known to be at fault for, a line each, the last ones.
std::vector<std::int64_t> Supervisor::State::unexplained_crashes() const {
    std::vector<std::int64_t> times;
    const auto text = read_file(paths.state_dir / "unexplained", 4096);
    std::istringstream lines(text ? *text : std::string());
    for (std::int64_t at = 0; lines >> at && times.size() < most_unexplained_kept;) {
        if (at <= unix_ns() && unix_ns() - at < unexplained_window_ns) {
            times.push_back(at);
        }
    }
    return times;
}

// Two in a window: every foreign agent is a process until the window has passed.
void Supervisor::State::count_unexplained(const std::optional<CrashReport>& crash) {
    auto times = unexplained_crashes();
    if (crash && crash->agent.empty()) {
        times.insert(times.begin(), unix_ns());
        std::string text;
        for (const auto at : times) {
            text += std::to_string(at) + '\n';
        }
        if (auto written = replace_file(paths.state_dir / "unexplained", text, Durable::yes,
                                        "remember a crash");
            !written) {
            log.error("crash.not_remembered", written.error(), {}, Level::warning);
        }
    }
    foreign_apart = times.size() >= 2;
    if (foreign_apart) {
        log.write(Level::warning, "host.foreign_apart",
                  {{"crashes", times.size()},
                   {"text", "the host crashed and nobody knows in whom: agents that do not come "
                            "with noa run as processes for a day"}});
    }
}

// Before the first start: code on trial when the host ended is rejected when it is to blame, and
// otherwise tried once more.
void Supervisor::State::settle_trials(const std::optional<CrashReport>& crash) {
    if (crash) {
        log.write(Level::error, "host.crashed",
                  {{"text", crash->text()},
                   {"agent", crash->agent},
                   {"generation", crash->generation},
                   {"certain", crash->certain()},
                   {"core", core_hint()}});
    }
    isolate(crash);
    count_unexplained(crash);
    for (const auto& agent : ledger->agents()) {
        const auto page = ledger->page(agent);
        if (!page.trial) {
            continue;
        }
        const auto& trial = *page.trial;
        const bool to_blame = crash && crash->agent == agent && crash->digest == trial.digest;
        // Without another version to run, trying again is all there is.
        const bool once_too_often =
            trial.unexplained >= max_unexplained && page.fallback() != nullptr;
        const auto reason = to_blame
                                ? "the host crashed in it: " + crash->text()
                                : "the host ended " + std::to_string(trial.unexplained + 1) +
                                      " times while it was on trial (phase " + trial.phase + ")";
        const auto written = ledger->update(agent, Durable::yes, [&](LedgerPage& changed) {
            if (to_blame || once_too_often) {
                changed.reject({trial.digest, trial.version, reason, unix_ns()});
            } else {
                ++changed.trial->unexplained;
            }
        });
        if (!written) {
            log.error("ledger.not_written", written.error(), {{"agent", agent}}, Level::warning);
        }
        log.write(Level::warning,
                  to_blame || once_too_often ? "version.rejected" : "version.tried_again",
                  {{"agent", agent},
                   {"version", trial.version},
                   {"digest", trial.digest},
                   {"reason", reason}});
    }
}

} // namespace noa::supervise
