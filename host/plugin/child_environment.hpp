// What of the host's environment a child gets.
#pragma once

#include <vector>

namespace noa::plugin {

// What the loader, the C library and sanitizers go by, terminated by a null pointer. The rest of
// the host's environment may hold secrets.
[[nodiscard]] std::vector<char*> child_environment();

} // namespace noa::plugin
