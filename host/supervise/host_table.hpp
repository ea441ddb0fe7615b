// The function table that plugins get: tokens in, calls on their generation's lane out.
#pragma once

#include "noa/noa.h"

namespace noa::supervise {

class ContextTable;

// One table for all plugins; static storage.
[[nodiscard]] const noa_host& host_table() noexcept;
// host_extensions.cpp; the others of its optional contracts stand beside it.
[[nodiscard]] const noa_agent_host& agent_table() noexcept;
[[nodiscard]] const noa_listener_host& listener_table() noexcept;
[[nodiscard]] const noa_arena_host& arena_table() noexcept;

// Where the functions of the table find generations. One per process: the ABI hands a plugin a
// table and a number, so that the table has to know by itself.
[[nodiscard]] ContextTable& context_table() noexcept;

} // namespace noa::supervise
