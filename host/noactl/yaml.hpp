// YAML of a JSON value, for people and programs that want it.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace noa::noactl {

// Block style; every text is quoted as JSON has it, so that none is taken for something else.
[[nodiscard]] std::string yaml_text(const nlohmann::json& value);

} // namespace noa::noactl
