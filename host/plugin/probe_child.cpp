#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <thread>

#include "plugin/confine.hpp"
#include "plugin/library.hpp"
#include "plugin/local_instance.hpp"
#include "plugin/probe.hpp"
#include "plugin/probe_host.hpp"
#include "plugin/text.hpp"
#include "plugin/verdict.hpp"

namespace noa::plugin {

namespace {

class VerdictChannel {
public:
    explicit VerdictChannel(int fd) noexcept : fd_(fd) {}

    void step(std::string_view name) const { write_line(std::string(step_prefix).append(name)); }
    void write_line(std::string line) const {
        line += '\n';
        std::string_view rest = line;
        while (!rest.empty()) {
            const ssize_t wrote = ::write(fd_, rest.data(), rest.size());
            if (wrote < 0 && errno == EINTR) {
                continue;
            }
            if (wrote <= 0) {
                return;
            }
            rest.remove_prefix(static_cast<std::size_t>(wrote));
        }
    }
    // False once the host is gone: it may have died before the kernel was told to kill us then.
    [[nodiscard]] bool has_reader() const noexcept {
        pollfd ends{fd_, POLLOUT, 0};
        return ::poll(&ends, 1, 0) >= 0 && (ends.revents & POLLERR) == 0;
    }

private:
    int fd_;
};

Failure in_step(std::string_view step, Error error) {
    error.reason = std::string(step) + ": " + error.reason;
    return Failure(std::move(error));
}

Result<ProbeFacts> examine(LocalInstance& instance, const noa_plugin& table,
                           const std::string& settings, const VerdictChannel& channel) {
    if (!settings.empty()) {
        channel.step("configure");
        if (auto configured = instance.configure(settings, false); !configured) {
            return in_step("configure", configured.error());
        }
    }
    channel.step("describe");
    const auto described = instance.ask(LocalInstance::Question::describe);
    if (!described) {
        return in_step("describe", described.error());
    }
    ProbeFacts facts;
    facts.id = table.id;
    facts.version = table.version;
    facts.description = table.description == nullptr ? "" : table.description;
    facts.settings_schema = table.settings_schema == nullptr ? "" : table.settings_schema;
    facts.abi_minor = table.abi_minor;
    facts.flags = table.flags;
    facts.state_schema = table.state_schema;
    facts.oldest_state_schema = table.oldest_state_schema;
    if (!described->empty()) {
        facts.description_json = parse_json(*described).value_or(nullptr);
    }
    return facts;
}

Result<ProbeFacts> ask_facts(const noa_plugin& table, const std::string& settings,
                             const VerdictChannel& channel) {
    channel.step("create");
    auto instance = LocalInstance::create(table, probe_host(), probe_context());
    if (!instance) {
        return in_step("create", instance.error());
    }
    auto facts = examine(*instance, table, settings, channel);
    channel.step("destroy");
    return facts;
}

// The lane's part; the library is left open for the thread that joins the lane.
Result<ProbeFacts> live(const std::filesystem::path& file, const std::string& settings,
                        const VerdictChannel& channel, std::optional<Library>& library) {
    auto opened = Library::open(file, [&](std::string_view step) { channel.step(step); });
    if (!opened) {
        return Failure(opened.error());
    }
    library.emplace(std::move(*opened));
    return ask_facts(library->table(), settings, channel);
}

Result<ProbeFacts> live_on_lane(const std::filesystem::path& file, const std::string& settings,
                                const VerdictChannel& channel) {
    std::optional<Library> library;
    Result<ProbeFacts> facts;
    try {
        std::thread lane([&] { facts = live(file, settings, channel, library); });
        lane.join();
    } catch (const std::system_error& error) {
        return fail_errno("probe plugin", file.string(), error.code().value());
    }
    channel.step("dlclose");
    library.reset();
    if (facts && is_mapped(file)) {
        facts->pinned.emplace_back("it stayed mapped after dlclose (a unique symbol, -z nodelete, "
                                   "or a thread that lives on)");
    }
    return facts;
}

} // namespace

int probe_main(const std::filesystem::path& file, const std::string& settings_json,
               int verdict_fd) {
    const VerdictChannel channel(verdict_fd);
    channel.step("confine");
    auto unconfined = confine();
    if (!channel.has_reader()) {
        return 1;
    }
    auto facts = live_on_lane(file, settings_json, channel);
    if (facts) {
        facts->unconfined = std::move(unconfined);
    }
    channel.write_line(verdict_line(facts));
    return facts ? 0 : 1;
}

} // namespace noa::plugin
