// Copying a file that somebody may be writing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "plugin/plugin_file.hpp"

namespace noa::plugin {

struct Copied {
    std::string digest; // of what was written
    std::uint64_t size = 0;
};

// From the source's start to `target`. Errc::busy when the source's size or mtime is no longer
// what `source.status` says. `progress` is called after each piece with the bytes so far.
[[nodiscard]] Result<Copied> copy_stable(const PluginFile& source, const std::string& name,
                                         int target,
                                         const std::function<void(std::uint64_t)>& progress = {});

} // namespace noa::plugin
