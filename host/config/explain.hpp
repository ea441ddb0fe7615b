// Where each value comes from, for `noactl config explain [KEY]`.
#pragma once

#include <string>

#include "base/result.hpp"
#include "config/config.hpp"

namespace noa::config {

// [{"key": "agents.cache.queue_size", "value": 10000, "origin": "/etc/noa/noa.toml:12:1"}, …],
// defaults included (origin "default"), secrets as "(secret)". With `key`: that one and what is
// below it; not_found with a suggestion when there is none.
[[nodiscard]] Result<nlohmann::json> explain(const Config& config, const std::string& key = {});

} // namespace noa::config
