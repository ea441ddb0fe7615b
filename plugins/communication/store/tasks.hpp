// Tasks on the disk: work that some worker takes, renews and ends. One transaction each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store.hpp"

namespace communication {

struct Task {
    std::string id;
    std::string type;
    std::string status;  // pending, processing, completed, failed
    std::string payload; // JSON
    std::string worker;
    std::string error;
    std::string result;        // JSON; empty: none
    std::int64_t priority = 1; // 2 high, 1 normal, 0 low
    std::int64_t attempts = 0;
    std::int64_t max_attempts = 5;
    std::int64_t timeout_ms = 0;
    Millis created = 0;
    Millis started = 0;
    Millis ended = 0;
};

enum class TaskEnd : std::uint8_t { renew, complete, fail, retry };

struct TaskCount {
    std::string type;
    std::string status;
    std::int64_t count = 0;
};

struct Swept {
    std::int64_t again = 0;
    std::int64_t failed = 0;
    std::int64_t processing = 0; // that are left
};

// False: there is one of that id. NOA's SQLITE_FULL with words when `backlog` are not ended.
[[nodiscard]] Stored<bool> put_task(Store& store, const Task& task, const std::string& submitter,
                                    std::int64_t backlog);
// The most urgent of these types, the oldest first; of any type when there are none.
[[nodiscard]] Stored<std::optional<Task>> take_task(Store& store, const std::string& types_json,
                                                    const std::string& worker, Millis at);
// False: that attempt is over. `text`: result or error.
[[nodiscard]] Stored<bool> end_task(Store& store, const std::string& id, std::int64_t attempt,
                                    TaskEnd end, const std::string& text, Millis at);
// Empty: any. `stuck_before`: only those in processing since before; 0: all.
[[nodiscard]] Stored<std::vector<Task>> list_tasks(Store& store, const std::string& type,
                                                   const std::string& status, Millis stuck_before,
                                                   std::int64_t limit);
[[nodiscard]] Stored<std::vector<TaskCount>> count_tasks(Store& store, Millis since);
// What was not renewed in time is pending again, or failed after its last attempt; what is in
// processing since `stuck_before`, 0 for never, fails or is pending again.
[[nodiscard]] Stored<Swept> sweep_tasks(Store& store, Millis at, Millis stuck_before, bool fail);

} // namespace communication
