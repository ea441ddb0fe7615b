#include "noa/host.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <string_view>

#include "base/clock.hpp"

namespace noa::bench {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint32_t order_timeout_ms = 120'000;
constexpr std::chrono::seconds start_limit{60};

struct Places {
    fs::path root;
    fs::path config = root / "noa.toml";
    fs::path plugins = root / "plugins";
    fs::path state = root / "state";
    fs::path runtime = root / "run";
    fs::path packaged = root / "packaged"; // empty: nothing installed here counts
    fs::path notify = root / "notify.sock";
    fs::path log = root / "noad.log";
};

Result<void> copy_plugin(const Context& context, const Places& places, const std::string& id) {
    auto from = find_plugin(context, id);
    if (!from) {
        return tl::unexpected(from.error());
    }
    std::error_code error;
    fs::copy_file(*from, places.plugins / (id + ".so"), fs::copy_options::overwrite_existing,
                  error);
    return error ? Result<void>(fail(Errc::system, "copy a plugin", id, error.message()))
                 : Result<void>{};
}

std::string config_text(const Places& places, const WantedHost& wanted) {
    std::string text =
        "[host]\nrun = \"thread\"\nautoload = " + std::string(wanted.autoload ? "true" : "false") +
        "\nspin = \"" + wanted.spin + "\"\n" + "plugin_dirs = [\"" + places.plugins.string() +
        "\"]\n[host.log]\nlevel = \"warning\"\n";
    if (!wanted.sampling.empty()) {
        text += "[host.traces]\nsampling = " + wanted.sampling + "\n";
    }
    for (const auto& agent : wanted.agents) {
        text += "[agents." + agent.name + "]\nplugin = \"" + agent.plugin + "\"\n" + agent.options;
        text += agent.settings.empty() ? "" : "[agents." + agent.name + ".settings]\n";
        for (const auto& [key, value] : agent.settings.items()) {
            text += key + " = " + value.dump() + "\n"; // TOML writes them the same way
        }
    }
    return text;
}

Result<void> prepare(const Context& context, const Places& places, const WantedHost& wanted) {
    std::error_code error;
    for (const auto& directory : {places.plugins, places.state, places.runtime, places.packaged}) {
        fs::create_directories(directory, error);
        if (error) {
            return fail(Errc::system, "make a directory", directory.string(), error.message());
        }
    }
    std::set<std::string> plugins;
    for (const auto& agent : wanted.agents) {
        plugins.insert(agent.plugin);
    }
    for (const auto& plugin : plugins) {
        if (auto copied = copy_plugin(context, places, plugin); !copied) {
            return copied;
        }
    }
    std::ofstream(places.config) << config_text(places, wanted);
    return {};
}

Result<UniqueFd> open_notify_socket(const fs::path& path) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto text = path.string();
    std::error_code ignored;
    fs::remove(path, ignored);
    if (text.size() >= sizeof address.sun_path) {
        return fail(Errc::invalid, "listen", text, "longer than a socket path may be");
    }
    std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
    if (!socket ||
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return fail_errno("listen", text, errno);
    }
    return socket;
}

std::string last_lines_of(const fs::path& log) {
    std::ifstream input(log);
    std::string all((std::istreambuf_iterator<char>(input)), std::istreambuf_iterator<char>());
    return all.size() > 600 ? all.substr(all.size() - 600) : all;
}

// Until a datagram says READY=1.
Result<void> await_ready(int socket, Child& process, const Places& places) {
    const auto end = monotonic_ns() + std::chrono::nanoseconds(start_limit).count();
    while (monotonic_ns() < end) {
        pollfd item{socket, POLLIN, 0};
        if (::poll(&item, 1, 200) > 0) {
            char text[4096];
            const auto size = ::recv(socket, text, sizeof text, 0);
            if (size > 0 &&
                std::string_view(text, static_cast<std::size_t>(size)).find("READY=1") !=
                    std::string_view::npos) {
                return {};
            }
        } else if (process.wait(std::chrono::milliseconds(0))) {
            return fail(Errc::system, "start noad", places.config.string(),
                        "it ended: " + last_lines_of(places.log));
        }
    }
    return fail(Errc::timed_out, "start noad", places.config.string(),
                "not ready: " + last_lines_of(places.log));
}

} // namespace

Result<fs::path> find_plugin(const Context& context, const std::string& id) {
    auto path = id == "bench" ? context.programs.agent : context.programs.plugins / (id + ".so");
    std::error_code error;
    if (path.empty() || !fs::exists(path, error)) {
        return fail(Errc::unavailable, "find a plugin", path.string(), "not there");
    }
    return path;
}

Result<Host> Host::start(const Context& context, const WantedHost& wanted) {
    if (context.programs.noad.empty()) {
        return fail(Errc::unavailable, "start noad", "--noad", "not given");
    }
    const Places places{.root = context.scratch};
    if (auto prepared = prepare(context, places, wanted); !prepared) {
        return tl::unexpected(prepared.error());
    }
    auto started = launch(context.programs.noad, places.root);
    if (!started) {
        return tl::unexpected(started.error());
    }
    return Host(context.programs.noad, places.root, std::move(started->process), started->start_ns);
}

Result<Host::Started> Host::launch(const fs::path& noad, const fs::path& root) {
    const Places places{.root = root};
    auto socket = open_notify_socket(places.notify);
    if (!socket) {
        return tl::unexpected(socket.error());
    }
    Command command;
    command.argv = {
        noad.string(),           "--config",      places.config.string(),  "--state-dir",
        places.state.string(),   "--runtime-dir", places.runtime.string(), "--packaged-conf-dir",
        places.packaged.string()};
    command.environment = {"NOTIFY_SOCKET=" + places.notify.string()};
    command.output = places.log;
    const auto begin = monotonic_ns();
    auto process = Child::spawn(command);
    if (!process) {
        return tl::unexpected(process.error());
    }
    if (auto ready = await_ready(socket->get(), *process, places); !ready) {
        return tl::unexpected(ready.error());
    }
    return Started{std::move(*process), monotonic_ns() - begin};
}

Result<void> Host::restart() {
    process_.stop();
    auto started = launch(noad_, root_);
    if (!started) {
        return tl::unexpected(started.error());
    }
    process_ = std::move(started->process);
    start_ns_ = started->start_ns;
    return {};
}

Ask ask_through(WireClient& client) {
    client.set_timeout(std::chrono::milliseconds(order_timeout_ms));
    return [&client](const std::string& agent, const std::string& operation, const json& order) {
        const auto body = order.dump();
        WireClient::Outgoing message;
        message.to = agent;
        message.subject = operation;
        message.body = body;
        message.timeout_ms = order_timeout_ms;
        auto id = client.send(message);
        // Sent now, read when somebody asks for it.
        return std::async(std::launch::deferred, [&client, id]() -> Result<json> {
            auto answer =
                id ? client.answer_to(*id) : Result<std::string>(tl::unexpected(id.error()));
            if (!answer) {
                return tl::unexpected(answer.error());
            }
            return json::parse(answer->empty() ? "{}" : *answer, nullptr, false);
        });
    };
}

} // namespace noa::bench
