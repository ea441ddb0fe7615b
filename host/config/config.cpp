#include "config/config.hpp"

#include <algorithm>

#include "base/digest.hpp"

namespace noa::config {

namespace {

template <class Stand>
nlohmann::json without_secrets(const AgentConfig& agent, Stand stand_in) {
    auto settings = agent.settings;
    for (const auto& [text, reference] : agent.secrets) {
        const nlohmann::json::json_pointer pointer(text);
        if (settings.contains(pointer)) {
            settings[pointer] = stand_in(reference);
        }
    }
    return settings;
}

} // namespace

std::string Origin::text() const {
    return line == 0 ? source : source + ':' + std::to_string(line) + ':' + std::to_string(column);
}

bool AgentConfig::tolerates(const std::string& absent) const {
    return std::find(optional.begin(), optional.end(), absent) != optional.end();
}

bool is_shipped(std::string_view plugin) noexcept {
    std::string_view left = NOA_SHIPPED_AGENTS; // by words
    while (!left.empty()) {
        const auto name = left.substr(0, left.find(' '));
        if (name == plugin) {
            return true;
        }
        left.remove_prefix(std::min(left.size(), name.size() + 1));
    }
    return false;
}

std::string AgentConfig::identity() const {
    nlohmann::json parts = {plugin, run, allow_pinned, settings};
    if (run == "process") {
        if (replicas > 1) {
            parts.push_back(replicas);
        }
        parts.push_back({limits.memory, limits.memory_request, limits.cpu, limits.cpu_request,
                         limits.files, limits.processes, limits.storage, sandbox.enabled,
                         sandbox.network, sandbox.read, sandbox.write});
    }
    return digest_of(parts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

nlohmann::json AgentConfig::shown_settings() const {
    return without_secrets(*this, [](const std::string&) { return nlohmann::json("(secret)"); });
}

nlohmann::json AgentConfig::settings_by_reference() const {
    return without_secrets(*this, [](const std::string& reference) {
        return nlohmann::json{{"secret", reference}};
    });
}

} // namespace noa::config
