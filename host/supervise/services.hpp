// Services: what the host watches and did not load. Checks, restarts and their limits are those of
// agents; one thread makes everything that is due, and waits for none of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "config/config.hpp"
#include "supervise/service.hpp"

namespace noa::supervise {

class Services {
public:
    // What there is around them. Nothing of it may call back, but for `came_up`.
    struct Surroundings {
        Log& log;
        std::function<void(const std::string& subject, const nlohmann::json& event)> announce;
        std::function<bool(const std::string& agent)> serves;
        std::function<void(const std::string& agent)> heal_agent; // that is needed, now
        std::function<void(const std::string& target)> came_up;   // "service:db"
    };

    explicit Services(Surroundings around);
    ~Services() { stop(); }
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    // Every function may be called from any thread, with no lock of the supervisor's held but an
    // agent's operation.

    // These from now on; what is the same goes on as it is.
    void configure(const std::map<std::string, config::ServiceConfig>& wanted);
    // Kills what is under way and answers whoever waits. Nothing is watched afterwards.
    void stop();

    // Why it cannot be relied on; empty when it is up. `target` has its prefix.
    [[nodiscard]] std::string missing(const std::string& target) const;
    // What services may wait for serves.
    void note_up(const std::string& target);

    // By hand; returns when it is done. `name` is without the prefix.
    [[nodiscard]] Result<Outcome> order(const std::string& name, ServiceOrder order,
                                        const std::string& reason);
    [[nodiscard]] Result<config::ServiceConfig> config_of(const std::string& name,
                                                          const char* attempt) const;

    // [{"name","state","status","label","check","text","failures","threshold","critical",
    //   "depends_on","since_unix_ns","checked_unix_ns","restarts","restart":{…},"note"}]
    [[nodiscard]] nlohmann::json list() const;
    // {NAME: {"status","label","state","checks":[…]}}, of those named, or of all.
    [[nodiscard]] nlohmann::json health(const std::vector<std::string>& names) const;

private:
    void run();
    std::int64_t look_at_all(std::vector<pollfd>& polled); // [mutex held]
    void wake() const;

    // services_heal.cpp: [mutex held]
    std::int64_t look(Service& service, std::int64_t now_ns);
    bool begin_next(Service& service, std::int64_t now_ns);
    bool begin_order(Service& service, std::int64_t now_ns);
    void begin(Service& service, ServiceStep step, std::int64_t now_ns);
    void finish(Service& service, const TaskEnd& end, std::int64_t now_ns);
    void finish_verify(Service& service, const TaskEnd& end, std::int64_t now_ns);
    void note_check(Service& service, const TaskEnd& end, std::int64_t now_ns);
    void note_well(Service& service, std::int64_t now_ns);
    void wait_for_needed(Service& service, const std::string& missing, std::int64_t now_ns);
    void ended(Service& service, const std::string& reason, std::int64_t now_ns);
    void restart_failed(Service& service, const std::string& text, std::int64_t now_ns);
    void settle(Service& service);
    void answer(Service& service, const char* action, const std::string& text);
    void answer_all(Service& service, const std::string& text);
    [[nodiscard]] std::string missing_for(const config::ServiceConfig& config) const;
    [[nodiscard]] std::string why_not_up(const std::string& name) const;
    void heal_needed(const config::ServiceConfig& config, std::int64_t now_ns);
    // Whether a service waits that would have it healed.
    [[nodiscard]] bool is_awaited(const Service& service) const;
    [[nodiscard]] bool rests_on(const config::ServiceConfig& config,
                                const std::string& target) const;
    void note_up_of(const std::string& target, std::int64_t now_ns);
    void tell_health(const Service& service, Health before);
    void tell_heal(const Service& service, const char* event, nlohmann::json details);

    const Surroundings around_;
    UniqueFd wake_fd_; // an eventfd
    mutable std::mutex mutex_;
    // under mutex_
    std::map<std::string, std::unique_ptr<Service>> services_;
    std::list<ServiceTask> leaving_;   // of services that are watched no more
    std::vector<std::string> came_up_; // to be told once the mutex is free
    std::minstd_rand dice_{std::random_device{}()};
    std::size_t actions_ = 0; // under way
    bool stopping_ = false;
    std::thread thread_; // from the first service on
};

} // namespace noa::supervise
