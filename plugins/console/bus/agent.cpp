#include "agent.hpp"

#include <algorithm>
#include <utility>

#include "noa/sdk/descriptors.hpp"

namespace console {

namespace {

using namespace std::chrono_literals;

constexpr noa::Duration longest_goodbye = 2s; // of the time there is to quiesce
constexpr std::size_t longest_point = 16U << 10U;
constexpr std::size_t most_points = 100'000;

} // namespace

void Console::setup(noa::Setup& setup) {
    setup.settings<Settings>([](const Settings& settings) { return settings.check(); },
                             [this](const Settings& settings) { settings_ = settings; });
    setup.use(sockets_);
    setup.use(ear_);
    setup_events(setup);
    setup_figures(setup);
    setup.capability("console");
}

// What they bring about is told by `ear_`.
void Console::setup_events(noa::Setup& setup) {
    const auto changed = [this](const noa::Event&) { hasten(); };
    for (const char* changes :
         {"host.agent.*", "host.health.>", "monitor.check.*", "monitor.alert.*"}) {
        setup.subscribe(changes, changed);
    }
    setup.subscribe("host.>", [](const noa::Event&) {});
    setup.subscribe("monitor.round", [this](const noa::Event&) {
        figures_wanted_ = true;
        hasten();
    });
}

void Console::setup_figures(noa::Setup& setup) {
    setup.gauge("connections", "Connections, streams among them", tally_.connected);
    setup.gauge("streams", "Clients that listen to events", tally_.streams);
    setup.counter("connections_total", "Connections accepted", tally_.accepted);
    setup.counter("requests_total", "Requests", tally_.requests);
    setup.counter("requests_refused_total", "Requests answered with 4xx", tally_.refused);
    setup.counter("timed_out_total", "Connections that took too long", tally_.timed_out);
    setup.counter("shed_total", "Connections closed or left waiting for want of room", tally_.shed);
    setup.counter("cut_off_total", "Streams of clients that did not read", tally_.cut_off);
    setup.health("server", noa::sdk::Weight::critical, [this] {
        return server_ && server_->broken() ? noa::Health::critical("its thread has ended")
                                            : noa::Health::healthy();
    });
}

noa::Result<std::vector<http::Listening>> Console::open_doors() {
    std::vector<http::Listening> doors;
    const auto open = [&](const std::vector<std::string>& addresses,
                          http::Entrance entrance) -> noa::Status {
        for (const std::string& address : addresses) {
            const auto fd = sockets_.listen(address, {.backlog = 511});
            if (!fd) {
                return fd.error();
            }
            doors.push_back({*fd, entrance});
        }
        return {};
    };
    for (const noa::Status& opened : {open(settings_.listen, http::Entrance::main),
                                      open(settings_.probe_listen, http::Entrance::probe)}) {
        if (!opened) {
            return opened.error();
        }
    }
    return doors;
}

noa::Status Console::start() {
    if (noa::Status served = serve(); !served) {
        server_.reset();
        site_.reset();
        return served;
    }
    awaited_ = 0;
    hastened_ = again_ = serving_ = false;
    figures_wanted_ = true;
    const auto timer = every(settings_.refresh, [this] { look(); });
    if (!timer) {
        return timer.error();
    }
    look();
    return {};
}

noa::Status Console::serve() {
    const auto doors = open_doors();
    if (!doors) {
        return doors.error();
    }
    http::Limits limits;
    limits.connections = noa::sdk::within_descriptors(settings_.max_connections);
    if (limits.connections < settings_.max_connections) {
        log(noa::Level::info, "console.fewer_connections",
            "at most " + std::to_string(limits.connections) +
                ": that is what the process has descriptors for");
    }
    site_ = std::make_unique<Site>(settings_, *this);
    server_ = std::make_unique<http::Server>(*site_, limits, tally_);
    if (noa::Status taken =
            sockets_.for_each_kept([&](noa::sdk::Fd connection, std::string_view state) {
                server_->adopt(std::move(connection), state);
            });
        !taken) {
        return taken;
    }
    site_->open(*server_);
    if (const std::string fault = server_->start(*doors); !fault.empty()) {
        return noa::failed(fault);
    }
    return {};
}

noa::Status Console::quiesce(noa::Time deadline) {
    ++look_number_; // what was asked is of no interest any more
    if (!server_) {
        return {};
    }
    std::vector<http::Kept> kept =
        server_->stop(std::min<noa::Duration>(deadline - now(), longest_goodbye));
    std::size_t lost = 0;
    for (http::Kept& one : kept) {
        lost += sockets_.keep(std::move(one.fd), one.state) ? 0 : 1;
    }
    if (lost > 0) {
        log(noa::Level::warning, "console.not_kept",
            std::to_string(lost) + " connections could not be handed on");
    }
    server_.reset();
    site_.reset();
    return {};
}

noa::Status Console::save(noa::StateWriter& state) {
    state.number(recent_.size());
    for (const Point& point : recent_) {
        state.signed_number(point.at);
        state.text(*point.text);
    }
    return {};
}

noa::Status Console::restore(noa::StateReader& state) {
    recent_.clear();
    const std::uint64_t count = std::min<std::uint64_t>(state.number(), most_points);
    for (std::uint64_t at = 0; at < count && state.ok(); ++at) {
        const std::int64_t unix_ms = state.signed_number();
        recent_.push_back({unix_ms, http::text_of(state.text(longest_point))});
    }
    return {};
}

// On the server's thread.
void Console::ask(Question question, std::function<void(Answer)> then) {
    auto posted = post([this, question = std::move(question), then]() mutable {
        put_question(question, std::move(then));
    });
    if (!posted) {
        server_->post([then = std::move(then), text = posted.error().text] {
            then({NOA_E_BUSY, text, {}, {}, 1s});
        });
    }
}

namespace {

std::string trace_of(const noa::Reply& reply) {
    return reply.raw() == nullptr ? std::string()
                                  : std::string(noa::sdk::view(reply.raw()->traceparent));
}

} // namespace

void Console::put_question(const Question& question, std::function<void(Answer)> then) {
    request(question.agent, question.operation,
            noa::Body(std::string_view(question.body), question.content_type))
        .timeout(question.timeout)
        .traceparent(question.traceparent)
        .then([this, then = std::move(then)](const noa::Reply& reply) {
            if (!server_) {
                return;
            }
            Answer answer{reply.status(),
                          std::string(reply.text()),
                          std::string(reply.body()),
                          std::string(reply.content_type()),
                          reply.retry_after(),
                          trace_of(reply)};
            server_->post(
                [then, answer = std::move(answer)]() mutable { then(std::move(answer)); });
        });
}

// On the server's thread.
void Console::listen(const std::string& pattern, bool wanted) {
    static_cast<void>(post([this, pattern, wanted] {
        if (wanted) {
            ear_.listen(pattern);
        } else {
            ear_.forget(pattern);
        }
    }));
}

void Console::hear(const noa::Event& event) {
    if (!server_) {
        return;
    }
    server_->post([site = site_.get(), subject = std::string(event.subject()),
                   unix_ns = event.raw().sent_unix_ns,
                   body = std::string(event.body())] { site->event(subject, unix_ns, body); });
}

} // namespace console
