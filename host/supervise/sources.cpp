// Which file an agent is made from.
#include "supervise/state.hpp"

namespace noa::supervise {

CatalogEntry Supervisor::State::entry_of_kept(const std::string& agent,
                                              const GoodVersion& version) const {
    CatalogEntry entry;
    entry.plugin = version.plugin;
    entry.path = kept.path(agent, version.digest);
    entry.trusted = true;
    entry.digest = version.digest;
    entry.kept_digest = version.digest;
    return entry;
}

// [change held]
std::optional<CatalogEntry> Supervisor::State::source_of(const config::AgentConfig& config,
                                                         bool forced) const {
    const auto* entry = catalog.find(config.plugin);
    const auto page = ledger->page(config.name);
    const auto* rejection = entry != nullptr ? page.rejection_of(entry->digest) : nullptr;
    if (entry != nullptr && (forced || rejection == nullptr)) {
        return *entry;
    }
    {
        const std::lock_guard lock(mutex);
        const auto found = agents.find(config.name);
        if (found != agents.end() && found->second->current &&
            found->second->current->blueprint().facts.id == config.plugin) {
            const auto& file = found->second->current->blueprint().file;
            CatalogEntry running;
            running.plugin = config.plugin;
            running.path = file.path;
            running.trusted = true;
            running.digest = running.kept_digest = file.digest;
            running.origin = file.source;
            return running;
        }
    }
    if (rejection == nullptr) {
        return std::nullopt;
    }
    const auto* fallback = page.fallback();
    if (fallback != nullptr && fallback->plugin == config.plugin) {
        return entry_of_kept(config.name, *fallback);
    }
    auto refused = *entry;
    refused.problem = "this version was rejected: " + rejection->reason +
                      "; no other one is known. `noactl reload --force " + config.name +
                      "` tries it again";
    return refused;
}

// Plugin files that cannot become agents, each said once.
void Supervisor::State::note_catalog() {
    auto listed = nlohmann::json::array();
    std::set<std::string> complaints;
    for (const auto& [name, entry] : catalog.entries()) {
        listed.push_back({{"path", entry.path.string()},
                          {"id", name},
                          {"version", ""},
                          {"digest", entry.digest},
                          {"verdict", entry.usable() ? entry.trusted ? "unused"
                                                                     : "unused: others may write "
                                                                       "to its directory"
                                                     : "unusable: " + entry.complaint()}});
        const auto complaint = entry.complaint();
        if (!complaint.empty() && complaints.insert(complaint).second &&
            !complained.contains(complaint)) {
            log.write(Level::warning, "plugin.unusable", {{"plugin", name}, {"reason", complaint}});
        }
    }
    complained = std::move(complaints);
    const std::lock_guard lock(mutex);
    plugins = std::move(listed);
}

} // namespace noa::supervise
