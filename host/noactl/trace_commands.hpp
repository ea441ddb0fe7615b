// `noactl traces`: what the host keeps of traces.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "noactl/session.hpp"

namespace noa::noactl {

struct TraceArgs {
    std::string trace;
    std::string agent; // "": any
    bool failed = false;
    std::string slower; // a duration; "": any
    std::int64_t lines = 20;
};

[[nodiscard]] int traces_list(const Globals& globals, const TraceArgs& args);
[[nodiscard]] int traces_show(const Globals& globals, const TraceArgs& args);

// As tables, for tests.
[[nodiscard]] std::string traces_text(const Screen& screen, const nlohmann::json& answer);
[[nodiscard]] std::string trace_text(const Screen& screen, const nlohmann::json& answer);

// `args` and `globals` outlive the application; the command that was given is put into `chosen`.
void add_trace_commands(CLI::App& app, const Globals& globals, TraceArgs& args,
                        std::function<int()>& chosen);

} // namespace noa::noactl
