#include "config/config.hpp"

#include "base/digest.hpp"

namespace noa::config {

std::string Origin::text() const {
    return line == 0 ? source : source + ':' + std::to_string(line) + ':' + std::to_string(column);
}

std::string AgentConfig::identity() const {
    const nlohmann::json parts = {plugin, run, allow_pinned, settings};
    return digest_of(parts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

nlohmann::json AgentConfig::shown_settings() const {
    auto shown = settings;
    for (const auto& text : secret_pointers) {
        const nlohmann::json::json_pointer pointer(text);
        if (shown.contains(pointer)) {
            shown[pointer] = "(secret)";
        }
    }
    return shown;
}

} // namespace noa::config
