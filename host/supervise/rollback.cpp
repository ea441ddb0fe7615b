// Back to an earlier version, by hand.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/unique_fd.hpp"
#include "noa/plugin.h"
#include "supervise/state.hpp"

namespace noa::supervise {

namespace {

constexpr std::size_t shortest_digest = 6;

bool is_called(const GoodVersion& version, const std::string& wanted) {
    return version.version == wanted ||
           (wanted.size() >= shortest_digest && version.digest.starts_with(wanted));
}

std::string listed(const std::vector<GoodVersion>& versions) {
    std::string out;
    for (const auto& each : versions) {
        out += (out.empty() ? "" : ", ") + each.version + " (" + each.digest.substr(0, 12) + ")";
    }
    return out.empty() ? "none" : out;
}

} // namespace

// [operation held]
Result<CatalogEntry> Supervisor::State::rollback_target(const Agent& agent,
                                                        const config::AgentConfig& config,
                                                        const RollbackOptions& options) {
    const auto page = ledger->page(agent.name);
    const auto running = agent.current ? agent.current->blueprint().file.digest : std::string();
    const auto found = std::find_if(page.good.begin(), page.good.end(), [&](const auto& each) {
        return each.plugin == config.plugin &&
               (options.to.empty() ? each.digest != running && !page.rejection_of(each.digest)
                                   : is_called(each, options.to));
    });
    if (found == page.good.end()) {
        return fail(Errc::not_found, "roll back", agent.name,
                    options.to.empty() ? "no earlier version of it is kept"
                                       : "no kept version is called \"" + options.to + "\"",
                    "kept: " + listed(page.good));
    }
    if (found->digest == running) {
        return fail(Errc::invalid, "roll back", agent.name,
                    "version " + found->version + " is what runs", "kept: " + listed(page.good));
    }
    const bool one_way =
        agent.current && (agent.current->blueprint().facts.flags & NOA_PLUGIN_NO_ROLLBACK) != 0;
    if (one_way && !options.force) {
        return fail(Errc::refused, "roll back", agent.name,
                    "version " + agent.current->blueprint().facts.version +
                        " says that none before it can be started on its state",
                    "--force does it all the same; mind a backup of its state");
    }
    return entry_of_kept(agent.name, *found);
}

Result<Outcome> Supervisor::rollback(const std::string& name, const RollbackOptions& options) {
    return state_->roll_back(name, options);
}

Result<Outcome> Supervisor::State::roll_back(const std::string& name,
                                             const RollbackOptions& options) {
    auto& state = *this;
    const auto found = state.find(name, "roll back");
    if (!found) {
        return Failure(found.error());
    }
    const auto config = state.wanted_config(name);
    if (!config) {
        return fail(Errc::not_found, "roll back", name,
                    "no configuration and no plugin file names it");
    }
    std::string file_digest;
    std::chrono::milliseconds timeout{0};
    {
        const std::lock_guard hold(state.change);
        state.catalog.scan(state.in_force.host.plugin_dirs);
        const auto* entry = state.catalog.find(config->plugin);
        file_digest = entry != nullptr ? entry->digest : "";
        timeout = state.in_force.host.probe_timeout;
    }
    auto& agent = **found;
    const OperationLock operation(agent, state.wake);
    state.begin_anew(agent);
    const auto target = state.rollback_target(agent, *config, options);
    if (!target) {
        return Failure(target.error());
    }
    const auto from = agent.current ? agent.current->blueprint() : Blueprint{};
    Reload reload(state.reloads, name, "rollback", from.number, from.facts.version);
    auto prepared = state.loader->prepare(
        *target, *config, timeout, [&](const char* step) { reload.enter(phase_called(step)); });
    if (!prepared) {
        return state.refuse(agent, "agent.rollback_failed", prepared.error(), reload,
                            Ending::refused);
    }
    // Before the switch, or a hint could bring the file's version right back.
    const auto before = state.ledger->page(name);
    const auto settled = state.ledger->update(name, Durable::yes, [&](LedgerPage& page) {
        for (const auto& digest : {from.file.digest, file_digest}) {
            if (!digest.empty() && digest != target->digest) {
                page.reject({digest, digest == from.file.digest ? from.facts.version : "",
                             "rolled back by hand", unix_ns()});
            }
        }
        page.acquit(target->digest);
        page.chosen = target->digest;
    });
    if (!settled) {
        plugin::StageDir::remove(prepared->file);
        return Failure(settled.error());
    }
    reload.set_file(prepared->file.digest, prepared->facts.version);
    Attempt attempt{*config, std::move(*prepared), std::move(reload)};
    attempt.with_state = !options.discard_state;
    attempt.forced = true;
    auto outcome = agent.current ? state.reload(agent, std::move(attempt))
                                 : state.start(agent, std::move(attempt));
    if (outcome.action == "failed") {
        static_cast<void>(
            state.ledger->update(name, Durable::yes, [&](LedgerPage& page) { page = before; }));
    }
    return outcome;
}

Result<void> Supervisor::adopt_version(const std::string& name, const GoodVersion& version,
                                       const std::filesystem::path& file) {
    auto& state = *state_;
    const auto page = state.ledger->page(name);
    std::error_code ignored;
    const auto kept = state.kept.path(name, version.digest);
    if (page.is_good(version.digest) && std::filesystem::exists(kept, ignored)) {
        return {};
    }
    const UniqueFd open(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!open) {
        return fail_errno("adopt version", file.string(), errno);
    }
    const auto digest = digest_of_file(open.get(), file.string());
    if (!digest || *digest != version.digest) {
        return digest ? fail(Errc::invalid, "adopt version", file.string(),
                             "its digest is another than its name says")
                      : Result<void>(Failure(digest.error()));
    }
    if (auto done = state.kept.keep(name, {file, file, version.digest, 0}); !done) {
        return done;
    }
    return state.ledger->update(name, Durable::yes, [&](LedgerPage& change) {
        if (!change.is_good(version.digest)) {
            change.good.push_back(version);
        }
    });
}

} // namespace noa::supervise
