#include "supervise/services.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "supervise/time.hpp"

namespace noa::supervise {

using nlohmann::json;

namespace {

constexpr std::size_t max_requests = 16; // of one service, waiting

int poll_timeout(std::int64_t due_ns, std::int64_t now_ns) {
    if (due_ns == never) {
        return -1;
    }
    const auto left = std::max<std::int64_t>(0, due_ns - now_ns);
    return static_cast<int>(std::min<std::int64_t>((left + ns_per_ms - 1) / ns_per_ms, 1 << 30));
}

} // namespace

Services::Services(Surroundings around)
    : around_(std::move(around)), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Services::wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_fd_.get(), &one, sizeof one));
}

void Services::configure(const std::map<std::string, config::ServiceConfig>& wanted) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return;
        }
        for (auto at = services_.begin(); at != services_.end();) {
            auto& service = *at->second;
            const auto found = wanted.find(at->first);
            if (found != wanted.end() && found->second == service.config) {
                ++at;
                continue;
            }
            // Other ways to check or start it make another service of it.
            for (auto* task : {&service.task, &service.killed}) {
                if (*task) {
                    leaving_.push_back(std::move(**task));
                }
            }
            actions_ -= service.acts ? 1 : 0;
            answer_all(service, "its configuration changed");
            at = services_.erase(at);
        }
        for (const auto& [name, config] : wanted) {
            auto& service = services_[name];
            if (!service) {
                service = std::make_unique<Service>(config);
                service->enter(config.enabled ? ServiceState::unknown : ServiceState::stopped);
            }
        }
        if (!services_.empty() && !thread_.joinable()) {
            try {
                thread_ = std::thread([this] { run(); });
                pthread_setname_np(thread_.native_handle(), "noa-services");
            } catch (const std::system_error& error) { // the next change tries again
                around_.log.write(Level::error, "services.not_watched", {{"reason", error.what()}});
            }
        }
    }
    wake();
}

void Services::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (const auto& [name, service] : services_) {
            answer_all(*service, "the host is stopping");
        }
    }
    wake();
    if (thread_.joinable()) {
        thread_.join();
    }
    const std::lock_guard lock(mutex_);
    services_.clear();
    leaving_.clear();
}

void Services::run() {
    std::vector<pollfd> polled;
    while (true) {
        std::int64_t due_ns = never;
        std::vector<std::string> up;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) {
                return;
            }
            due_ns = look_at_all(polled);
            up.swap(came_up_);
        }
        for (const auto& target : up) {
            around_.came_up(target);
        }
        polled.push_back({wake_fd_.get(), POLLIN, 0});
        static_cast<void>(
            ::poll(polled.data(), polled.size(), poll_timeout(due_ns, monotonic_ns())));
        std::uint64_t count = 0;
        static_cast<void>(::read(wake_fd_.get(), &count, sizeof count));
    }
}

// [mutex held] When to look again; critical services come first.
std::int64_t Services::look_at_all(std::vector<pollfd>& polled) {
    auto next = never;
    for (const bool critical : {true, false}) {
        for (const auto& [name, service] : services_) {
            if (service->config.critical == critical) {
                next = std::min(next, look(*service, monotonic_ns()));
            }
        }
    }
    std::erase_if(leaving_, [](ServiceTask& task) {
        static_cast<void>(task.look(never)); // past any deadline
        return !task.lingers();
    });
    polled.clear();
    for (const auto& [name, service] : services_) {
        for (const auto* task : {&service->task, &service->killed}) {
            if (*task) {
                (*task)->add_to(polled);
            }
        }
    }
    for (const auto& task : leaving_) {
        task.add_to(polled);
    }
    return next;
}

std::string Services::why_not_up(const std::string& name) const {
    const auto found = services_.find(name);
    if (found == services_.end()) {
        return std::string(service_prefix) + name + " is not configured";
    }
    const auto& service = *found->second;
    return service.state == ServiceState::up
               ? std::string()
               : service.target() + " is " + std::string(name_of(service.state));
}

bool Services::is_awaited(const Service& service) const {
    return std::ranges::any_of(services_, [&](const auto& entry) {
        const auto& other = *entry.second;
        return other.state == ServiceState::waiting && other.config.heal.dependency &&
               rests_on(other.config, service.target());
    });
}

bool Services::rests_on(const config::ServiceConfig& config, const std::string& target) const {
    return std::ranges::any_of(config.depends_on, [&](const std::string& needed) {
        const auto found = is_service(needed) ? services_.find(needed.substr(service_prefix.size()))
                                              : services_.end();
        return needed == target ||
               (found != services_.end() && rests_on(found->second->config, target));
    });
}

std::string Services::missing(const std::string& target) const {
    const std::lock_guard lock(mutex_);
    return why_not_up(target.substr(service_prefix.size()));
}

void Services::note_up(const std::string& target) {
    {
        const std::lock_guard lock(mutex_);
        note_up_of(target, monotonic_ns());
    }
    wake();
}

Result<config::ServiceConfig> Services::config_of(const std::string& name,
                                                  const char* attempt) const {
    const std::lock_guard lock(mutex_);
    const auto found = services_.find(name);
    if (found == services_.end()) {
        return fail(Errc::not_found, attempt, std::string(service_prefix) + name,
                    "no service has that name", "noactl services lists those there are");
    }
    return found->second->config;
}

Result<Outcome> Services::order(const std::string& name, ServiceOrder order,
                                const std::string& reason) {
    if (auto known = config_of(name, "steer"); !known) {
        return Failure(known.error());
    }
    const auto given = std::make_shared<std::promise<Outcome>>();
    auto outcome = given->get_future();
    {
        const std::lock_guard lock(mutex_);
        const auto found = services_.find(name);
        if (found == services_.end() || stopping_ || !thread_.joinable()) {
            return fail(Errc::unavailable, "steer", name, "it is not watched");
        }
        if (found->second->requests.size() >= max_requests) {
            return fail(Errc::busy, "steer", name, "too many wait for it already");
        }
        found->second->requests.push_back({order, reason, given});
    }
    wake();
    return outcome.get();
}

json Services::list() const {
    const std::lock_guard lock(mutex_);
    auto all = json::array();
    for (const auto& [name, service] : services_) {
        all.push_back(service->to_json());
    }
    return all;
}

json Services::health(const std::vector<std::string>& names) const {
    const std::lock_guard lock(mutex_);
    auto all = json::object();
    for (const auto& [name, service] : services_) {
        if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) {
            all[name] = service->health_json();
        }
    }
    return all;
}

} // namespace noa::supervise
