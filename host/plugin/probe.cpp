#include "plugin/probe.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "plugin/child.hpp"
#include "plugin/limits.hpp"
#include "plugin/text.hpp"
#include "plugin/verdict.hpp"
#include "plugin/verdict_cache.hpp"

namespace noa::plugin {

namespace {

constexpr std::size_t step_name_max = 40;

struct Told {
    std::string step = "start"; // the last one entered
    std::string_view verdict;   // the last line, when it is one
};

Told read_lines(std::string_view output) {
    Told told;
    while (!output.empty()) {
        const auto end = output.find('\n');
        const auto line = output.substr(0, end);
        if (line.starts_with(step_prefix)) {
            told.step = printable(line.substr(step_prefix.size()), step_name_max);
        } else if (line.starts_with('{') && end != std::string_view::npos) {
            told.verdict = line;
        }
        output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    }
    return told;
}

std::string how_it_ended(const ChildEnd& child) {
    if (child.lingered) {
        return "it closed the probe's channel";
    }
    if (WIFSIGNALED(child.status)) {
        const int signal = WTERMSIG(child.status);
        const char* name = ::sigabbrev_np(signal);
        return "killed by " +
               (name == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string(name));
    }
    return "the process ended with exit code " + std::to_string(WEXITSTATUS(child.status));
}

Result<ProbeFacts> judge(const ChildEnd& child, const std::string& object,
                         std::chrono::milliseconds timeout) {
    const auto told = read_lines(child.output);
    if (child.timed_out) {
        return fail(Errc::timed_out, "probe plugin", object,
                    told.step + " did not return within " + std::to_string(timeout.count()) +
                        " ms");
    }
    if (child.too_much) {
        return fail(Errc::refused, "probe plugin", object,
                    told.step + ": " + differs("verdict", "at most 2 MiB", "more"));
    }
    if (told.verdict.empty()) {
        return fail(Errc::refused, "probe plugin", object, told.step + ": " + how_it_ended(child));
    }
    auto verdict = verdict_from(told.verdict, object);
    if (!verdict) {
        return fail(Errc::refused, "probe plugin", object,
                    told.step + ": the verdict is malformed");
    }
    return std::move(*verdict);
}

} // namespace

Probe::Probe(std::filesystem::path runner, std::filesystem::path cache_dir)
    : runner_(std::move(runner)), cache_dir_(std::move(cache_dir)) {}

Result<ProbeFacts> Probe::run(const StagedFile& file, const std::string& settings_json,
                              std::chrono::milliseconds timeout) const {
    const std::string object = (file.source.empty() ? file.path : file.source).string();
    if (settings_json.size() > settings_max) {
        return fail(Errc::invalid, "probe plugin", object,
                    differs("settings", "at most " + std::to_string(settings_max) + " bytes",
                            std::to_string(settings_json.size())));
    }
    // Without a digest there is nothing to know the file by.
    const VerdictCache cache(file.digest.empty() ? std::filesystem::path() : cache_dir_);
    const auto key = VerdictCache::key(file.digest, settings_json);
    if (auto known = cache.find(key)) {
        return std::move(*known);
    }
    const auto child = run_child(runner_, file.path, settings_json, timeout);
    if (!child) {
        return Failure(child.error());
    }
    auto verdict = judge(*child, object, timeout);
    if (verdict) {
        cache.store(key, *verdict);
    }
    return verdict;
}

} // namespace noa::plugin
