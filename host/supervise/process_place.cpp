#include "supervise/process_place.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <system_error>

#include "base/file.hpp"

namespace noa::supervise {

Result<plugin::Instance*> ProcessPlace::load() {
    auto opened = link::RemoteInstance::open(*this, facts_.options);
    if (!opened) {
        return Failure(opened.error());
    }
    {
        const std::lock_guard lock(mutex_);
        remote_ = std::move(*opened);
    }
    join_group();
    if (auto loaded = remote_->load(); !loaded) {
        return Failure(loaded.error());
    }
    return remote_.get();
}

// Before it is told to load anything.
void ProcessPlace::join_group() {
    const auto name = facts_.options.agent + "." + std::to_string(facts_.generation) + "." +
                      std::to_string(remote_->pid());
    auto group = facts_.groups->make(name, facts_.limits);
    auto joined = group ? (*group)->add(remote_->pid()) : Result<void>(Failure(group.error()));
    const std::lock_guard lock(mutex_);
    if (joined) {
        group_ = std::move(*group);
    } else {
        of_group_ = link::all_missing(facts_.limits, joined.error().reason);
    }
}

void ProcessPlace::destroy() {
    if (!remote_) {
        return;
    }
    if (remote_->leave()) {
        log_.write(Level::warning, "agent.process_killed",
                   {{"agent", facts_.options.agent},
                    {"generation", facts_.generation},
                    {"pid", remote_->pid()},
                    {"reason", "it did not end when it was asked to, nor at SIGTERM"}});
    }
    std::unique_ptr<link::RemoteInstance> gone;
    std::unique_ptr<link::ControlGroup> group;
    const std::lock_guard lock(mutex_);
    gone.swap(remote_);
    group.swap(group_);
}

bool ProcessPlace::end_now(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (!remote_) {
        return false;
    }
    remote_->kill(why);
    return true;
}

// proc(5): the second figure of statm, in pages, of the process alone.
Usage ProcessPlace::usage_of_process() const {
    Usage usage;
    const auto statm = read_file("/proc/" + std::to_string(remote_->pid()) + "/statm", 256);
    const auto second = statm ? statm->find(' ') : std::string::npos;
    std::uint64_t resident = 0;
    if (second != std::string::npos &&
        std::from_chars(statm->data() + second + 1, statm->data() + statm->size(), resident).ec ==
            std::errc()) {
        usage.memory = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    }
    return usage;
}

Usage ProcessPlace::usage() const {
    const std::lock_guard lock(mutex_);
    if (!remote_ || remote_->has_gone()) {
        return {};
    }
    auto usage = usage_of_process();
    if (group_) {
        const auto of_group = group_->usage();
        usage.memory = of_group.memory ? of_group.memory : usage.memory;
        usage.cpu_ns = of_group.cpu_ns;
        usage.tasks = of_group.tasks;
    }
    return usage;
}

void ProcessPlace::tell(nlohmann::json& out) const {
    const auto used = usage();
    const std::lock_guard lock(mutex_);
    if (!remote_ || remote_->has_gone()) {
        return;
    }
    auto confined = remote_->confined();
    const auto& more = group_ ? group_->told() : of_group_;
    confined.in_force.insert(confined.in_force.end(), more.in_force.begin(), more.in_force.end());
    confined.missing.insert(confined.missing.end(), more.missing.begin(), more.missing.end());
    out["pid"] = remote_->pid();
    out["in_force"] = confined.in_force;
    out["not_in_force"] = confined.missing;
    auto& usage = out["usage"] = nlohmann::json::object();
    if (used.memory) {
        usage["memory"] = *used.memory;
    }
    if (used.cpu_ns) {
        usage["cpu_ns"] = *used.cpu_ns;
    }
    if (used.tasks) {
        usage["tasks"] = *used.tasks;
    }
    if (group_) {
        usage["refused_processes"] = group_->usage().refused_processes;
    }
}

void ProcessPlace::post(std::function<void()> task) {
    static_cast<void>(lane_.post(std::move(task)));
}

void ProcessPlace::as_part_of(std::uint16_t hops, const std::function<void()>& call) {
    const bus::Lane::PartOf cause(hops);
    call();
}

void ProcessPlace::output(std::string_view line, std::uint64_t dropped) noexcept {
    if (dropped != 0) {
        log_.write(Level::warning, "agent.output_dropped",
                   {{"agent", facts_.options.agent},
                    {"generation", facts_.generation},
                    {"lines", dropped}});
        return;
    }
    log_.write(Level::info, "agent.output",
               {{"agent", facts_.options.agent},
                {"generation", facts_.generation},
                {"text", std::string(line)}});
}

void ProcessPlace::ended(const link::RunnerEnd& end) {
    lane_.hold(true); // nothing more for it
    auto told = end;
    {
        const std::lock_guard lock(mutex_);
        if (group_) {
            group_->kill(); // what it started, in whatever session
            if (end.end.signal == SIGKILL && group_->usage().out_of_memory != 0) {
                told.reason = "out of memory: its limit is " +
                              std::to_string(facts_.limits.memory) + " bytes";
            }
        }
    }
    listener_.on_ended(told);
}

} // namespace noa::supervise
