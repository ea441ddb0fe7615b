// One reload from its hint to its end, and the history of them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "supervise/supervisor.hpp"

namespace noa::supervise {

// In this order; whatever fails ends the reload where it is.
enum class Phase : std::uint8_t {
    hint,        // wanted; waits for its turn
    stage,       // private copy
    scan,        // its bytes
    probe,       // its code, in a confined child
    load,        // beside the running one: create, configure
    switch_over, // "switch": quiesce, save, restore, start
    confirm,     // probation, with the former one idle
    retire,      // the former one: destroy, unload
};
constexpr std::size_t phase_count = 8;
[[nodiscard]] std::string_view name_of(Phase phase) noexcept;
// The other way round; hint for a name that is none.
[[nodiscard]] Phase phase_called(std::string_view name) noexcept;

// Whether `to` may follow `from`: forward only. Scan and probe come together with stage, and a
// start without a former generation has nothing to retire.
[[nodiscard]] bool may_follow(Phase from, Phase to) noexcept;

enum class Ending : std::uint8_t {
    open,         // not ended
    refused,      // before the switch; the former generation never noticed
    cancelled,    // the former one did not come to rest in time; it goes on
    undone,       // failed before the first delivery; the former one is back, exactly
    reconfigured, // the running generation took the new settings
    confirmed,
    superseded,   // another reload followed in its probation
    swapped_back, // a fault in probation; the former one took over again, with the state
    recreated,    // the former one could not, and was created anew; what was lost is said
    degraded,     // no way back; the agent runs on, or has failed
    stopped,      // the agent was stopped in its probation
};
[[nodiscard]] std::string_view name_of(Ending ending) noexcept;

struct ReloadRecord {
    std::uint64_t id = 0; // since the host's start
    std::string agent;
    std::string cause;      // start, file, settings, forced, restart, rollback
    std::uint64_t from = 0; // generation; 0: none ran
    std::uint64_t to = 0;   // generation; 0: none was made
    std::string from_version;
    std::string version;
    std::string digest; // of the new file
    std::int64_t started_unix_ns = 0;
    Phase phase = Phase::hint;
    std::array<std::int64_t, phase_count> took_ns{}; // of each phase; -1: not reached
    std::int64_t pause_ns = 0;                       // how long the inbox was held
    std::uint64_t held = 0;                          // messages that waited when it was released
    std::uint64_t redelivered = 0; // of them, open deliveries taken back from the former one
    Ending ending = Ending::open;
    std::string reason;

    [[nodiscard]] nlohmann::json to_json() const;
};

// Every reload of a host.  [any thread]
class Reloads {
public:
    static constexpr std::size_t max_ended = max_reloads_kept;
    // Called after each change of a record, on the thread that made it, nothing held.
    using Tell = std::function<void(const ReloadRecord&)>;

    explicit Reloads(Tell tell) : tell_(std::move(tell)) {}
    Reloads(const Reloads&) = delete;
    Reloads& operator=(const Reloads&) = delete;

    // Newest first, at most `limit`; of one agent, or of all when `agent` is empty.
    [[nodiscard]] std::vector<ReloadRecord> list(std::string_view agent, std::size_t limit) const;

private:
    friend class Reload;
    [[nodiscard]] std::uint64_t begin(ReloadRecord& record);
    void update(const ReloadRecord& record);

    const Tell tell_;
    mutable std::mutex mutex_;
    // under mutex_
    std::uint64_t last_id_ = 0;
    std::map<std::uint64_t, ReloadRecord> open_;
    std::deque<ReloadRecord> ended_;
};

// One of them under way: whoever holds it moves it on. Ended when it goes out of scope, as
// degraded, should nobody have said how.  [one thread at a time]
class Reload {
public:
    Reload(Reloads& reloads, std::string agent, std::string cause, std::uint64_t from,
           std::string from_version);
    Reload(Reload&& other) noexcept;
    Reload& operator=(Reload&& other) noexcept;
    ~Reload();

    // The next phase begins; refused (false, nothing happens) when it may not follow.
    bool enter(Phase phase);
    void end(Ending ending, std::string reason = {});

    // Told together with the next phase.
    void set_file(const std::string& digest, const std::string& version);
    void set_generation(std::uint64_t to) noexcept { record_.to = to; }
    void set_switched(std::int64_t pause_ns, std::uint64_t held,
                      std::uint64_t redelivered) noexcept;
    [[nodiscard]] const ReloadRecord& record() const noexcept { return record_; }

private:
    void leave_phase();

    Reloads* reloads_; // null: moved from, or ended
    ReloadRecord record_;
    std::int64_t phase_since_ns_ = 0;
};

} // namespace noa::supervise
