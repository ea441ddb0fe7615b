// The host as a plugin under probe sees it: clocks and bookkeeping work, messages do not.
#pragma once

#include "noa/noa.h"

namespace noa::plugin {

// The context to hand to create: names the calling thread as the lane.
[[nodiscard]] noa_context probe_context() noexcept;

// Lives as long as the process.
[[nodiscard]] const noa_host& probe_host() noexcept;

} // namespace noa::plugin
