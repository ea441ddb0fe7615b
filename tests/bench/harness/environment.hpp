// What the figures were taken on.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "harness/task.hpp"

namespace noa::bench {

// {"cpu","cores","kernel","load","compiler","optimised","libzmq","noa","programs":{...}}
[[nodiscard]] nlohmann::json describe_environment(const Programs& programs);
// Says so when the machine is busy with something else.
[[nodiscard]] std::string render_environment(const nlohmann::json& environment);

} // namespace noa::bench
