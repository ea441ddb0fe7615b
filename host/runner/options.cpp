#include "options.hpp"

#include <charconv>
#include <string_view>

#include "base/names.hpp"

namespace noa::runner {

namespace {

Failure refuse(std::string_view argument, std::string reason) {
    return fail(Errc::invalid, "read command line", std::string(argument), std::move(reason),
                "see --help");
}

Result<int> descriptor(std::string_view option, std::string_view text) {
    int value = -1;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || value < 0) {
        return refuse(option,
                      "wanted the number of an open descriptor, found '" + std::string(text) + "'");
    }
    return value;
}

} // namespace

Result<Options> parse(std::span<char* const> arguments) {
    Options options;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--help" || name == "-h") {
            options.help = true;
            return options;
        }
        if (name == "--version") {
            options.version = true;
            return options;
        }
        const bool known = name == "--probe" || name == "--serve" || name == "--validate" ||
                           name == "--settings-fd" || name == "--verdict-fd";
        if (!known) {
            return refuse(name, "unknown option");
        }
        if (i + 1 >= arguments.size()) {
            return refuse(name, "its value is missing");
        }
        const std::string_view value = arguments[++i];
        if (name == "--probe") {
            options.probe = value;
            continue;
        }
        if (name == "--serve") {
            if (!is_agent_name(value)) {
                return refuse(name, "wanted an agent's name, found '" + std::string(value) + "'");
            }
            options.serve = value;
            continue;
        }
        if (name == "--validate") {
            options.validate = value;
            continue;
        }
        const auto fd = descriptor(name, value);
        if (!fd) {
            return Failure(fd.error());
        }
        (name == "--settings-fd" ? options.settings_fd : options.verdict_fd) = *fd;
    }
    if (!options.serve.empty() && options.probe.empty()) {
        return options;
    }
    if (!options.serve.empty() || options.probe.empty() || options.settings_fd < 0 ||
        options.verdict_fd < 0) {
        return refuse("noa-agent-runner",
                      "wanted --probe, --settings-fd and --verdict-fd, or --serve");
    }
    return options;
}

} // namespace noa::runner
