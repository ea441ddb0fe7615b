// The static facts of a plugin.
#pragma once

#include <cstdint>

namespace noa::sdk {

// Every text a literal. What the plugin offers is fixed for the life of its library, so that what
// setup may make use of is said here.
struct PluginInfo {
    const char* id;
    const char* version;
    const char* description = nullptr;
    const char* settings_schema = nullptr; // JSON Schema draft-07; nullptr: anything goes
    std::uint32_t state_schema = 0;        // of what save writes; 0: nothing is kept
    std::uint32_t oldest_state_schema = 0; // that restore reads; 0: only state_schema
    bool rollback = true;                  // an older version can be started on this one's state
    bool live_settings = false;            // offers noa.reconfigure/1: see Setup::live_settings
    bool sockets = false;                  // offers noa.listener/1: see noa/sdk/sockets.hpp
};

} // namespace noa::sdk
