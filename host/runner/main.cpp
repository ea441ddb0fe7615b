#include <unistd.h>

#include <cstdio>

#include "options.hpp"
#include "plugin/probe.hpp"
#include "serve.hpp"
#include "settings.hpp"
#include "validate.hpp"

namespace {

constexpr int exit_usage = 2;

constexpr const char* help_text =
    R"(noa-agent-runner: runs a plugin for noad, apart from it

  noa-agent-runner --probe FILE --settings-fd N --verdict-fd M
  noa-agent-runner --serve AGENT

With --serve it is the process of an agent with run = "process": it loads the plugin that
the host names over the link, descriptor 3, and serves until the host is done with it.

With --probe it loads the plugin FILE, creates an agent, has it validate the settings, a JSON object
read from descriptor N, unloads it, and writes what it learned to descriptor M: one line
"step NAME" before each step and one line of JSON at the end. Confines itself first.

With --validate ITEM it tries that item of the battery of noactl plugin validate on FILE
instead, without settings on those that FILE accepts. Not confined: it starts the agent.

  --help     this text
  --version  the version of noa

Exit codes: 0 the plugin is fit, 1 it is not, 2 wrong use.
)";

int complain(const noa::Error& error) {
    std::fprintf(stderr, "noa-agent-runner: %s\n", error.text().c_str());
    return exit_usage;
}

} // namespace

int main(int argc, char** argv) {
    const auto options = noa::runner::parse({argv, static_cast<std::size_t>(argc)});
    if (!options) {
        return complain(options.error());
    }
    if (options->help) {
        return std::fputs(help_text, stdout) < 0 ? 1 : 0;
    }
    if (options->version) {
        return std::puts("noa-agent-runner " NOA_VERSION) < 0 ? 1 : 0;
    }
    if (!options->serve.empty()) {
        return noa::runner::serve(options->serve);
    }
    const auto settings = noa::runner::read_settings(options->settings_fd);
    if (!settings) {
        return complain(settings.error());
    }
    const int code = options->validate.empty()
                         ? noa::plugin::probe_main(options->probe, *settings, options->verdict_fd)
                         : noa::runner::validate(options->validate, options->probe, *settings,
                                                 options->verdict_fd);
    // Destructors of a library that stayed mapped are no part of the verdict.
    ::_exit(code);
}
