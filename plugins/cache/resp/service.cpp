#include "service.hpp"

#include <algorithm>
#include <utility>

#include "noa/sdk/descriptors.hpp"
#include "state.hpp"

namespace cache::resp {

namespace {

using namespace std::chrono_literals;

constexpr noa::Duration longest_goodbye = 1s; // of the time there is to quiesce

} // namespace

void Service::setup(noa::Setup& setup) {
    setup.use(sockets_);
    setup.gauge("resp_clients", "Connections of Redis clients", tally_.connected);
    setup.counter("resp_connections_total", "Connections accepted", tally_.accepted);
    setup.counter("resp_refused_total", "Connections over max_clients", tally_.refused);
    setup.counter("resp_commands_total", "Commands of Redis clients", tally_.commands);
    setup.counter("resp_errors_total", "Commands that were refused", tally_.errors);
    setup.counter("resp_cut_off_total", "Clients cut off for what they had kept for them",
                  tally_.cut_off);
    setup.health("resp", noa::Weight::critical, [this] {
        return server_ && server_->broken() ? noa::Health::critical("its thread has ended")
                                            : noa::Health::healthy();
    });
}

noa::Status Service::start(const noa::sdk::Host& host, Shared<Opened>& store, Options options) {
    host_ = &host;
    if (options.listen.empty()) {
        return {}; // what was kept closes
    }
    std::vector<Listening> listening;
    for (const std::string& address : options.listen) {
        const auto fd = sockets_.listen(address, {.backlog = 511});
        if (!fd) {
            return fd.error();
        }
        listening.push_back({*fd, address});
    }
    const std::uint32_t most = noa::sdk::within_descriptors(options.max_clients);
    if (most < options.max_clients) {
        host.log(noa::Level::warning, "resp.fewer_clients",
                 "max_clients is " + std::to_string(most) + ", not " +
                     std::to_string(options.max_clients) +
                     ": that is what the process has descriptors for");
    }
    options.max_clients = most;
    auto server = std::make_unique<Server>(host, store, std::move(options), tally_);
    if (noa::Status taken =
            sockets_.for_each_kept([&](noa::sdk::Fd connection, std::string_view state) {
                server->adopt(std::move(connection), state);
            });
        !taken) {
        return taken;
    }
    if (noa::Status started = server->start(std::move(listening)); !started) {
        return started;
    }
    server_ = std::move(server);
    return {};
}

void Service::serve() {
    if (server_) {
        server_->serve();
    }
}

void Service::quiesce(noa::Time deadline) {
    if (!server_) {
        return;
    }
    server_->stop(std::min(deadline, host_->now() + longest_goodbye));
    std::size_t lost = 0;
    server_->give_away([&](noa::sdk::Fd connection, const std::string& state) {
        lost += sockets_.keep(std::move(connection), state) ? 0 : 1;
    });
    if (lost > 0) {
        tally_.cut_off.add(lost);
        host_->log(noa::Level::warning, "resp.not_kept",
                   std::to_string(lost) + " connections could not be handed on");
    }
    tally_.connected.set(0);
    server_.reset();
}

} // namespace cache::resp
