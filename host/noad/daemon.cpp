#include "daemon.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include <boost/asio.hpp>

#include "base/clock.hpp"
#include "base/crash_marker.hpp"
#include "base/stack_probe.hpp"
#include "bus/gateway.hpp"
#include "bus/host_port.hpp"
#include "config/watch.hpp"
#include "control/host_config.hpp"
#include "control/host_traces.hpp"
#include "control/host_verbs.hpp"
#include "control/server.hpp"
#include "control/state_rollback.hpp"
#include "lock.hpp"
#include "notify.hpp"
#include "reconciler.hpp"
#include "supervise/supervisor.hpp"
#include "watchdog.hpp"

namespace noa {

namespace {

namespace asio = boost::asio;

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (equals == std::string_view::npos) {
            continue;
        }
        const auto name = text.substr(0, equals);
        if (name != "NOA_CONFIG" && name != "NOA_STATE_DIR" && name != "NOA_RUNTIME_DIR") {
            out.emplace(name, text.substr(equals + 1));
        }
    }
    return out;
}

config::Sources sources_of(const Options& options) {
    config::Sources sources;
    sources.packaged_dir = options.packaged_dir;
    sources.main_file = options.config_file;
    sources.state_dir_conf = options.state_dir / "conf.d";
    sources.main_required = options.config_given;
    sources.environment = environment();
    if (!options.log_format.empty()) { // over the configuration, now and after each reload
        sources.environment["NOA_HOST_LOG_FORMAT"] = options.log_format;
    }
    return sources;
}

// Everything that turns with the main loop. [main thread]
class MainLoop {
public:
    MainLoop(supervise::Supervisor& supervisor, control::Server& server, bus::HostPort& port,
             control::HostConfig& config, Log& log, std::chrono::milliseconds debounce)
        : supervisor_(supervisor), server_(server), log_(log), debounce_ms_(debounce),
          signals_(io_, SIGTERM, SIGINT, SIGHUP), control_(io_, ::dup(server.fd())), watched_(io_),
          debounce_(io_),
          watchdog_(
              io_, watchdog_limit(),
              [&port](Watchdog::Answer answer) { port.pulse(std::move(answer)); }, log),
          reconciler_(supervisor, log, [this, &config] {
              asio::post(io_, [this] { watch(); });
              config.look_after();
          }) {
        supervisor_.set_wake([this] { reconciler_.wake(); });
    }

    // Until a signal ends it; returns its number.
    int run() {
        await_signal();
        await_client();
        watch();
        io_.run();
        reconciler_.stop();
        return ended_by_;
    }

private:
    using Clock = std::chrono::steady_clock;
    // Changes that never pause are looked at all the same, after so many times the pause.
    static constexpr int max_pauses = 5;

    void await_signal() {
        signals_.async_wait([this](const boost::system::error_code& error, int signal) {
            if (error) {
                return;
            }
            if (signal == SIGHUP) {
                log_.write(Level::info, "host.reload_requested", {{"by", "SIGHUP"}});
                reconciler_.hint();
                await_signal();
                return;
            }
            ended_by_ = signal;
            io_.stop();
        });
    }

    void await_client() {
        control_.async_wait(asio::posix::stream_descriptor::wait_read,
                            [this](const boost::system::error_code& error) {
                                if (!error) {
                                    server_.accept_one();
                                    await_client();
                                }
                            });
    }

    // The directories may differ after each round.
    void watch() {
        auto directories = supervisor_.watched_directories();
        if (watch_ && directories == directories_) {
            return;
        }
        auto opened = config::Watch::open(directories);
        if (!opened) {
            log_.error("host.watch_failed", opened.error(), {}, Level::warning);
            return;
        }
        watched_.close();
        watch_.emplace(std::move(*opened));
        directories_ = std::move(directories);
        watched_.assign(::dup(watch_->fd()));
        await_change();
        reconciler_.hint(); // what changed between the last look and this watch
    }

    void await_change() {
        watched_.async_wait(asio::posix::stream_descriptor::wait_read,
                            [this](const boost::system::error_code& error) {
                                if (error) {
                                    return;
                                }
                                take_change();
                                await_change();
                            });
    }

    void take_change() {
        const auto hints = watch_->drain();
        if (hints && hints->empty()) {
            return;
        }
        const auto now = Clock::now();
        collecting_since_ = collecting_since_.value_or(now);
        if (now - *collecting_since_ >= max_pauses * debounce_ms_) {
            look();
            return;
        }
        debounce_.expires_after(debounce_ms_);
        debounce_.async_wait([this](const boost::system::error_code& error) {
            if (!error) {
                look();
            }
        });
    }

    void look() {
        debounce_.cancel();
        collecting_since_.reset();
        reconciler_.hint();
    }

    supervise::Supervisor& supervisor_;
    control::Server& server_;
    Log& log_;
    const std::chrono::milliseconds debounce_ms_;
    asio::io_context io_{1};
    asio::signal_set signals_;
    asio::posix::stream_descriptor control_;
    asio::posix::stream_descriptor watched_;
    asio::steady_timer debounce_;
    Watchdog watchdog_;
    std::optional<Clock::time_point> collecting_since_;
    std::optional<config::Watch> watch_;
    std::vector<std::filesystem::path> directories_;
    int ended_by_ = 0;
    Reconciler reconciler_;
};

void offer_operations(bus::HostPort& port, supervise::Supervisor& supervisor) {
    port.offer("status", "The host in figures",
               [&](std::string_view) -> Result<std::string> { return supervisor.status().dump(); });
    port.offer("agents", "Every agent in brief",
               [&](std::string_view) -> Result<std::string> { return supervisor.agents().dump(); });
}

int refuse(Log& log, const Error& error) {
    log.error("host.start_failed", error);
    return error.code == Errc::busy ? 3 : 1;
}

// The parts, in the order in which they are made; taken apart in reverse.
struct Host {
    UniqueFd state_lock;
    UniqueFd runtime_lock;
    std::unique_ptr<bus::Bus> bus;
    std::unique_ptr<bus::HostPort> port;
    std::unique_ptr<supervise::Supervisor> supervisor;
    std::unique_ptr<bus::Gateway> gateway;
    std::unique_ptr<control::HostConfig> config;
    std::unique_ptr<control::StateRollback> state_rollback;
    std::optional<control::Server> server;
};

Result<void> lock_directories(const Options& options, Host& host) {
    auto state_lock = lock_directory(options.state_dir, 0700);
    if (!state_lock) {
        return Failure(state_lock.error());
    }
    auto runtime_lock = lock_directory(options.runtime_dir, 0750);
    if (!runtime_lock) {
        return Failure(runtime_lock.error());
    }
    host.state_lock = std::move(*state_lock);
    host.runtime_lock = std::move(*runtime_lock);
    return {};
}

Result<void> assemble(const Options& options, const config::Sources& sources,
                      const config::Config& config, Log& log, Host& host) {
    bus::BusOptions bus_options;
    bus_options.max_message = config.host.max_message;
    auto bus = bus::Bus::open(bus_options);
    if (!bus) {
        return Failure(bus.error());
    }
    host.bus = std::move(*bus);
    auto port = bus::HostPort::open(*host.bus);
    if (!port) {
        return Failure(port.error());
    }
    host.port = std::move(*port);
    host.supervisor = std::make_unique<supervise::Supervisor>(
        *host.bus, log,
        supervise::Paths{options.state_dir,
                         options.runtime_dir,
                         options.runner,
                         {options.plugin_dirs.begin(), options.plugin_dirs.end()},
                         config.host.spin,
                         config.host.control_group},
        sources);
    offer_operations(*host.port, *host.supervisor);
    control::offer_traces(*host.port, host.bus->traces());
    host.supervisor->set_send([port = host.port.get()](const std::string& agent,
                                                       const char* operation,
                                                       const std::string& body) {
        static_cast<void>(port->send(agent, operation, body));
    });
    StackProbe::install(StackProbe::Tell::asker);
    auto crash = install_crash_marker(options.state_dir / "crash");
    if (!crash) {
        return Failure(crash.error());
    }
    if (auto opened = host.supervisor->open(*crash); !opened) {
        return opened;
    }
    bus::GatewayOptions gateway_options;
    gateway_options.runtime_dir = options.runtime_dir;
    gateway_options.may_serve = [supervisor = host.supervisor.get()](std::string_view name) {
        return !supervisor->owns(name);
    };
    auto gateway = bus::Gateway::open(*host.bus, gateway_options);
    if (!gateway) {
        return Failure(gateway.error());
    }
    host.gateway = std::move(*gateway);
    host.supervisor->set_served_outside(
        [gateway = host.gateway.get()](std::string_view name) { return gateway->serves(name); });
    host.config = std::make_unique<control::HostConfig>(*host.supervisor, *host.port, log, sources);
    host.state_rollback = std::make_unique<control::StateRollback>(*host.supervisor, *host.port,
                                                                   log, options.state_dir);
    control::ServerOptions server_options;
    server_options.runtime_dir = options.runtime_dir;
    auto server =
        control::Server::open(server_options,
                              control::host_verbs({*host.supervisor, *host.port, log, *host.config,
                                                   *host.state_rollback, sources}),
                              log);
    if (!server) {
        return Failure(server.error());
    }
    host.server.emplace(std::move(*server));
    return {};
}

void take_apart(Host& host) {
    // Agents first: that answers what is under way.
    host.supervisor->shut_down();
    host.server->shut_down();
    host.gateway->stop();
}

} // namespace

int run_daemon(const Options& options, Log& log) {
    const auto started_ns = monotonic_ns();
    asio::io_context unheard;
    std::optional<asio::signal_set> ending; // until everything has gone
    Host host;
    if (auto locked = lock_directories(options, host); !locked) {
        return refuse(log, locked.error());
    }
    const auto sources = sources_of(options);
    auto config = config::load(sources);
    if (!config) {
        return refuse(log, config.error());
    }
    log.set_format(config->host.log.format);
    log.set_level(config->host.log.level);
    if (auto assembled = assemble(options, sources, *config, log, host); !assembled) {
        return refuse(log, assembled.error());
    }
    // Before the first change, which it may have to look after; until the last agent has gone.
    MainLoop loop(*host.supervisor, *host.server, *host.port, *host.config, log,
                  config->host.debounce);
    auto outcomes = host.supervisor->apply({});
    if (!outcomes) {
        return refuse(log, outcomes.error());
    }
    for (const auto& notice : config->notices) {
        log.write(Level::warning, "config.notice", {{"text", notice}});
    }
    log.write(Level::info, "host.started",
              {{"version", NOA_VERSION},
               {"pid", ::getpid()},
               {"agents", outcomes->size()},
               {"start_ms", (monotonic_ns() - started_ns) / 1'000'000},
               {"runtime_dir", options.runtime_dir.string()}});
    if (!is_looked_after()) {
        log.write(Level::warning, "host.not_looked_after",
                  {{"text", "no service manager is seen: when this host ends, nobody starts it "
                            "again"}});
    }
    notify_service_manager("READY=1");
    const int signal = loop.run();
    ending.emplace(unheard, SIGTERM, SIGINT, SIGHUP); // while the host stops they are no news
    notify_service_manager("STOPPING=1");
    log.write(Level::info, "host.stopping", {{"signal", signal}});
    take_apart(host);
    log.write(Level::info, "host.stopped", {{"signal", signal}});
    if (host.supervisor->any_stuck()) {
        // A lane is still inside a plugin: no destructor may run under it.
        ::_exit(0);
    }
    return 0;
}

} // namespace noa
