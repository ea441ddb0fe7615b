#include "noactl/config_files.hpp"

#include <unistd.h>

#include <cstdlib>

namespace noa::noactl {

config::Sources sources_of(const ConfigFiles& files) {
    config::Sources sources;
    sources.packaged_dir = files.packaged_dir;
    sources.main_file = files.main_file;
    sources.state_dir_conf = files.state_dir / "conf.d";
    sources.main_required = files.main_required;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        const auto name = text.substr(0, equals);
        // These are of the programs, not of the configuration.
        const bool own =
            name == "NOA_CONFIG" || name == "NOA_STATE_DIR" || name == "NOA_RUNTIME_DIR";
        if (equals != std::string_view::npos && !own) {
            sources.environment.emplace(name, text.substr(equals + 1));
        }
    }
    return sources;
}

} // namespace noa::noactl
