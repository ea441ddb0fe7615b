#include "validate.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "plugin/verdict.hpp"
#include "validated_items.hpp"

namespace noa::runner {

namespace {

constexpr std::size_t item_text_max = 1000;

constexpr std::array<std::pair<std::string_view, ItemVerdict (*)(const Trial&)>, 7> items{{
    {"lifecycle", try_lifecycle},
    {"settings", try_settings},
    {"messages", try_messages},
    {"state", try_state},
    {"threads", try_threads},
    {"unload", try_unload},
    {"reloads", try_reloads},
}};

void write_line(int fd, std::string line) {
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t wrote = ::write(fd, rest.data(), rest.size());
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return;
        }
        rest.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

void hold_to_limits() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    const rlimit no_core{0, 0};
    static_cast<void>(::setrlimit(RLIMIT_CORE, &no_core));
}

} // namespace

int validate(const std::string& item, const std::filesystem::path& file,
             const std::string& settings, int verdict_fd) {
    hold_to_limits();
    std::string last_step;
    Trial trial{file, file.parent_path() / item, settings, {}};
    // A step that goes on is told once: thousands of messages are one.
    trial.tell_step = [&](std::string_view step) {
        if (last_step != step) {
            last_step = step;
            write_line(verdict_fd, std::string(plugin::step_prefix).append(step));
        }
    };
    std::error_code error;
    std::filesystem::create_directories(trial.scratch / "state", error);
    ItemVerdict verdict = failed("no such item");
    for (const auto& [name, run] : items) {
        if (error) {
            verdict = failed(trial.scratch.string() + ": " + error.message());
        } else if (name == item) {
            verdict = run(trial);
        }
    }
    const nlohmann::json line{{"verdict", verdict.verdict},
                              {"text", verdict.text.substr(0, item_text_max)}};
    write_line(verdict_fd, line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return verdict.verdict == "fail" ? 1 : 0;
}

} // namespace noa::runner
