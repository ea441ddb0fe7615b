#include "config/read_limits.hpp"

#include <string_view>

namespace noa::config {

namespace {

constexpr std::uint64_t max_bytes = std::uint64_t{1} << 50U;
constexpr std::uint64_t min_memory = std::uint64_t{4} * 1024 * 1024; // a runner has to fit
constexpr std::uint32_t min_files = 64;                              // the link has to work
constexpr std::uint32_t most_files = 1'048'576;
constexpr double max_cpu = 4096;
constexpr std::size_t max_paths = 32;

void read_paths(Fields& fields, std::string_view key, std::vector<std::string>& into) {
    fields.texts(key, into);
    for (const auto& path : into) {
        if (!path.starts_with('/') || path.size() > 500) {
            fields.problem(key, "expected absolute paths of at most 500 bytes");
            return;
        }
    }
    if (into.size() > max_paths) {
        fields.problem(key, "expected at most " + std::to_string(max_paths) + " paths");
    }
}

} // namespace

void read_limits(Fields fields, LimitsConfig& into) {
    fields.size("memory", into.memory, 0, max_bytes);
    if (into.memory != 0 && into.memory < min_memory) {
        fields.problem("memory", "expected 0, for no limit, or at least \"4MiB\"");
    }
    fields.size("memory_request", into.memory_request, 0, max_bytes);
    fields.real("cpu", into.cpu, 0, max_cpu);
    fields.real("cpu_request", into.cpu_request, 0, max_cpu);
    fields.integer("files", into.files, 0, most_files);
    if (into.files != 0 && into.files < min_files) {
        fields.problem("files", "expected 0, for no limit, or at least 64");
    }
    fields.integer("processes", into.processes, 0, LimitsConfig::any_processes);
    fields.size("storage", into.storage, 0, max_bytes);
    fields.finish();
}

void read_sandbox(Fields fields, SandboxConfig& into) {
    fields.boolean("enabled", into.enabled);
    fields.boolean("network", into.network);
    read_paths(fields, "read", into.read);
    read_paths(fields, "write", into.write);
    fields.finish();
}

} // namespace noa::config
