#include "supervise/reload.hpp"

#include <algorithm>
#include <utility>

#include "base/clock.hpp"

namespace noa::supervise {

namespace {

constexpr std::array<std::string_view, phase_count> phase_names{
    "hint", "stage", "scan", "probe", "load", "switch", "confirm", "retire"};

} // namespace

std::string_view name_of(Phase phase) noexcept {
    return phase_names[static_cast<std::size_t>(phase)];
}

Phase phase_called(std::string_view name) noexcept {
    const auto* const found = std::find(phase_names.begin(), phase_names.end(), name);
    return found != phase_names.end() ? static_cast<Phase>(found - phase_names.begin())
                                      : Phase::hint;
}

bool may_follow(Phase from, Phase to) noexcept {
    return to > from;
}

std::string_view name_of(Ending ending) noexcept {
    switch (ending) {
    case Ending::open: return "open";
    case Ending::refused: return "refused";
    case Ending::cancelled: return "cancelled";
    case Ending::undone: return "undone";
    case Ending::reconfigured: return "reconfigured";
    case Ending::confirmed: return "confirmed";
    case Ending::superseded: return "superseded";
    case Ending::swapped_back: return "swapped_back";
    case Ending::recreated: return "recreated";
    case Ending::degraded: return "degraded";
    case Ending::stopped: return "stopped";
    }
    return "degraded";
}

nlohmann::json ReloadRecord::to_json() const {
    auto phases = nlohmann::json::object();
    for (std::size_t i = 0; i < phase_count; ++i) {
        if (took_ns[i] >= 0) {
            phases[std::string(name_of(static_cast<Phase>(i)))] = took_ns[i];
        }
    }
    const bool on_trial = ending == Ending::open && phase == Phase::confirm;
    return {{"id", id},
            {"agent", agent},
            {"cause", cause},
            {"from", from},
            {"to", to},
            {"from_version", from_version},
            {"version", version},
            {"digest", digest},
            {"started_unix_ns", started_unix_ns},
            {"phase", name_of(phase)},
            {"phases", std::move(phases)},
            {"pause_ns", pause_ns},
            {"held", held},
            {"redelivered", redelivered},
            {"outcome", on_trial ? "switched" : name_of(ending)},
            {"reason", reason}};
}

std::uint64_t Reloads::begin(ReloadRecord& record) {
    const std::lock_guard lock(mutex_);
    record.id = ++last_id_;
    open_.emplace(record.id, record);
    return record.id;
}

void Reloads::update(const ReloadRecord& record) {
    {
        const std::lock_guard lock(mutex_);
        if (record.ending == Ending::open) {
            open_[record.id] = record;
        } else {
            open_.erase(record.id);
            ended_.push_back(record);
            if (ended_.size() > max_ended) {
                ended_.pop_front();
            }
        }
    }
    if (tell_) {
        tell_(record);
    }
}

std::vector<ReloadRecord> Reloads::list(std::string_view agent, std::size_t limit) const {
    std::vector<ReloadRecord> out;
    const auto take = [&](const ReloadRecord& record) {
        if (agent.empty() || record.agent == agent) {
            out.push_back(record);
        }
    };
    const std::lock_guard lock(mutex_);
    for (const auto& [id, record] : open_) {
        take(record);
    }
    for (const auto& record : ended_) {
        take(record);
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.id > b.id; });
    out.resize(std::min(out.size(), limit));
    return out;
}

Reload::Reload(Reloads& reloads, std::string agent, std::string cause, std::uint64_t from,
               std::string from_version)
    : reloads_(&reloads), phase_since_ns_(monotonic_ns()) {
    record_.agent = std::move(agent);
    record_.cause = std::move(cause);
    record_.from = from;
    record_.from_version = std::move(from_version);
    record_.started_unix_ns = unix_ns();
    record_.took_ns.fill(-1);
    record_.id = reloads_->begin(record_);
    reloads_->update(record_);
}

Reload::Reload(Reload&& other) noexcept
    : reloads_(std::exchange(other.reloads_, nullptr)), record_(std::move(other.record_)),
      phase_since_ns_(other.phase_since_ns_) {}

Reload& Reload::operator=(Reload&& other) noexcept {
    std::swap(reloads_, other.reloads_);
    std::swap(record_, other.record_);
    std::swap(phase_since_ns_, other.phase_since_ns_);
    return *this;
}

Reload::~Reload() {
    end(Ending::degraded, "given up");
}

void Reload::leave_phase() {
    const auto now = monotonic_ns();
    record_.took_ns[static_cast<std::size_t>(record_.phase)] = now - phase_since_ns_;
    phase_since_ns_ = now;
}

bool Reload::enter(Phase phase) {
    if (reloads_ == nullptr || !may_follow(record_.phase, phase)) {
        return false;
    }
    leave_phase();
    record_.phase = phase;
    reloads_->update(record_);
    return true;
}

void Reload::end(Ending ending, std::string reason) {
    if (reloads_ == nullptr) {
        return;
    }
    leave_phase();
    record_.ending = ending;
    record_.reason = std::move(reason);
    std::exchange(reloads_, nullptr)->update(record_);
}

void Reload::set_file(const std::string& digest, const std::string& version) {
    record_.digest = digest;
    record_.version = version;
}

void Reload::set_switched(std::int64_t pause_ns, std::uint64_t held,
                          std::uint64_t redelivered) noexcept {
    record_.pause_ns = pause_ns;
    record_.held = held;
    record_.redelivered = redelivered;
}

} // namespace noa::supervise
