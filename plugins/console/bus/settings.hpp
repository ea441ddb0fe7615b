// What an operator sets.
#pragma once

#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace console {

struct Settings {
    std::vector<std::string> listen = {"tcp:127.0.0.1:9300"};
    std::vector<std::string> probe_listen;
    bool probe_metrics = false;
    std::vector<std::string> hosts;
    bool actions = false;
    bool drafts = false;
    std::string control_socket = "/run/noa/control.sock";
    noa::Duration refresh = std::chrono::seconds(5);
    noa::Duration history = std::chrono::hours(1);
    std::uint32_t max_connections = 4096;

    static constexpr auto fields() {
        return noa::fields(noa::optional_field("listen", &Settings::listen),
                           noa::optional_field("probe_listen", &Settings::probe_listen),
                           noa::optional_field("probe_metrics", &Settings::probe_metrics),
                           noa::optional_field("hosts", &Settings::hosts),
                           noa::optional_field("actions", &Settings::actions),
                           noa::optional_field("drafts", &Settings::drafts),
                           noa::optional_field("control_socket", &Settings::control_socket),
                           noa::optional_field("refresh", &Settings::refresh),
                           noa::optional_field("history", &Settings::history),
                           noa::optional_field("max_connections", &Settings::max_connections));
    }

    [[nodiscard]] noa::Status check() const;
};

// Whether only programs on this machine can reach an address in the form of noa.listener/1.
[[nodiscard]] bool is_local(std::string_view address) noexcept;

inline constexpr const char* settings_schema = R"({
    "type": "object", "additionalProperties": false,
    "definitions": {
        "time": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$"},
        "addresses": {"type": "array", "maxItems": 16, "uniqueItems": true,
                      "items": {"type": "string", "pattern": "^(tcp:.+:[0-9]{1,5}|unix:/.+)$",
                                "maxLength": 200}}},
    "properties": {
        "listen": {"$ref": "#/definitions/addresses", "default": ["tcp:127.0.0.1:9300"],
                   "description": "where everything is served: loopback or unix sockets only"},
        "probe_listen": {"$ref": "#/definitions/addresses", "default": [],
                         "description": "where /health and /ready are served and no data: any"},
        "probe_metrics": {"type": "boolean", "default": false,
                          "description": "/metrics there, too"},
        "hosts": {"type": "array", "maxItems": 32, "default": [],
                  "items": {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,253}$"},
                  "description": "names besides localhost that pages may be asked under"},
        "actions": {"type": "boolean", "default": false,
                    "description": "operations of agents, reload, restart and the like: whoever can connect may make them"},
        "drafts": {"type": "boolean", "default": false,
                   "description": "the editor at /drafts: whoever can connect may read and write all drafts"},
        "control_socket": {"type": "string", "maxLength": 107, "default": "/run/noa/control.sock",
                           "description": "of this host: logs, events, reloads and actions"},
        "refresh": {"$ref": "#/definitions/time", "default": "5s",
                    "description": "between two looks at the host, 500ms to 1min"},
        "history": {"$ref": "#/definitions/time", "default": "1h",
                    "description": "how far /api/metrics/recent goes back, 1min to 1d"},
        "max_connections": {"type": "integer", "minimum": 16, "maximum": 65536, "default": 4096,
                            "description": "as far as there are descriptors"}}})";

} // namespace console
