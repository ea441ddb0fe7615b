#include "tasks.hpp"

#include "noa/sdk/sqlite_store.hpp"
#include "rows.hpp"

namespace communication {

namespace {

constexpr std::string_view task_columns =
    "task_id, task_type, status, payload, ifnull(worker, ''), ifnull(error, ''), "
    "ifnull(result, ''), priority, attempts, max_attempts, timeout_ms, created, "
    "ifnull(started, 0), ifnull(ended, 0)";

Stored<Task> task_of(const noa::sqlite::Statement& row) {
    auto read = row.row<std::string, std::string, std::string, std::string, std::string,
                        std::string, std::string, std::int64_t, std::int64_t, std::int64_t,
                        std::int64_t, Millis, Millis, Millis>();
    if (!read) {
        return read.error();
    }
    Task task;
    std::tie(task.id, task.type, task.status, task.payload, task.worker, task.error, task.result,
             task.priority, task.attempts, task.max_attempts, task.timeout_ms, task.created,
             task.started, task.ended) = *std::move(read);
    return task;
}

// Runs one statement; how many rows it changed.
template <class... Args>
Stored<std::int64_t> change(Store& store, std::string_view sql, const Args&... values) {
    auto statement = store.database().prepare(sql);
    auto changed = statement ? statement->run(values...) : Stored<std::int64_t>(statement.error());
    return changed ? changed : Stored<std::int64_t>(noa::sqlite::with_advice(changed.error()));
}

} // namespace

Stored<bool> put_task(Store& store, const Task& task, const std::string& submitter,
                      std::int64_t backlog) {
    auto open =
        store.database().prepare("SELECT (SELECT count(*) FROM tasks WHERE status = 'pending') + "
                                 "(SELECT count(*) FROM tasks WHERE status = 'processing')");
    auto count = open ? open->first<std::int64_t>()
                      : Stored<std::optional<std::tuple<std::int64_t>>>(open.error());
    if (!count) {
        return count.error();
    }
    if (std::get<0>(**count) >= backlog) {
        return noa::sqlite::Error{SQLITE_BUSY, "tasks.backlog are not ended yet", "tasks"};
    }
    auto put = change(store,
                      "INSERT OR IGNORE INTO tasks(task_id, task_type, status, priority, payload, "
                      "submitter, attempts, max_attempts, timeout_ms, created) "
                      "VALUES(?, ?, 'pending', ?, ?, ?, 0, ?, ?, ?)",
                      task.id, task.type, task.priority, task.payload, submitter, task.max_attempts,
                      task.timeout_ms, task.created);
    return put ? Stored<bool>(*put == 1) : Stored<bool>(put.error());
}

Stored<std::optional<Task>> take_task(Store& store, const std::string& types_json,
                                      const std::string& worker, Millis at) {
    auto take = store.database().prepare(
        "UPDATE tasks SET status = 'processing', worker = ?2, attempts = attempts + 1, "
        "started = ?3, lease = ?3 + timeout_ms WHERE seq = (SELECT seq FROM tasks WHERE status = "
        "'pending' AND (?1 = '[]' OR task_type IN (SELECT value FROM json_each(?1))) "
        "ORDER BY priority DESC, seq LIMIT 1) RETURNING " +
        std::string(task_columns));
    auto bound = take ? take->bind(types_json, worker, at) : Stored<>(take.error());
    auto found = bound ? take->step() : Stored<bool>(bound.error());
    if (!found || !*found) {
        return found ? Stored<std::optional<Task>>(std::nullopt)
                     : Stored<std::optional<Task>>(noa::sqlite::with_advice(found.error()));
    }
    auto task = task_of(*take);
    auto ended = take->step(); // it is committed when it is at its end
    if (!task || !ended) {
        return task ? ended.error() : task.error();
    }
    return std::optional<Task>(*std::move(task));
}

Stored<bool> end_task(Store& store, const std::string& id, std::int64_t attempt, TaskEnd end,
                      const std::string& text, Millis at) {
    constexpr std::string_view mine =
        " WHERE task_id = ?1 AND attempts = ?2 AND status = 'processing'";
    const std::string last = "attempts >= max_attempts";
    std::string set;
    switch (end) {
    case TaskEnd::renew:
        set = "lease = ?4 + timeout_ms, error = ifnull(error, nullif(?3, ''))";
        break;
    case TaskEnd::complete: set = "status = 'completed', result = ?3, ended = ?4"; break;
    case TaskEnd::fail: set = "status = 'failed', error = ?3, ended = ?4"; break;
    case TaskEnd::retry:
        set = "error = ?3, status = iif(" + last + ", 'failed', 'pending'), ended = iif(" + last +
              ", ?4, NULL)";
        break;
    }
    auto changed =
        change(store, "UPDATE tasks SET " + set + std::string(mine), id, attempt, text, at);
    return changed ? Stored<bool>(*changed == 1) : Stored<bool>(changed.error());
}

Stored<std::vector<Task>> list_tasks(Store& store, const std::string& type,
                                     const std::string& status, Millis stuck_before,
                                     std::int64_t limit) {
    auto select = store.database().prepare(
        "SELECT " + std::string(task_columns) +
        " FROM tasks WHERE (?1 = '' OR task_type = ?1) AND (?2 = '' OR status = ?2) AND "
        "(?3 = 0 OR (status = 'processing' AND started < ?3)) ORDER BY seq DESC LIMIT ?4");
    auto bound =
        select ? select->bind(type, status, stuck_before, limit) : Stored<>(select.error());
    std::vector<Task> tasks;
    auto read = bound ? each_row(*select,
                                 [&tasks](noa::sqlite::Statement& row) -> Stored<> {
                                     auto task = task_of(row);
                                     if (!task) {
                                         return task.error();
                                     }
                                     tasks.push_back(*std::move(task));
                                     return {};
                                 })
                      : bound;
    return read ? Stored<std::vector<Task>>(std::move(tasks))
                : Stored<std::vector<Task>>(read.error());
}

Stored<std::vector<TaskCount>> count_tasks(Store& store, Millis since) {
    auto select = store.database().prepare("SELECT task_type, status, count(*) FROM tasks WHERE "
                                           "created > ? GROUP BY 1, 2 ORDER BY 1, 2");
    auto bound = select ? select->bind(since) : Stored<>(select.error());
    std::vector<TaskCount> counts;
    auto read = bound ? each_row(*select,
                                 [&counts](noa::sqlite::Statement& at) -> Stored<> {
                                     auto row = at.row<std::string, std::string, std::int64_t>();
                                     if (!row) {
                                         return row.error();
                                     }
                                     auto& [type, status, count] = *row;
                                     counts.push_back({std::move(type), std::move(status), count});
                                     return {};
                                 })
                      : bound;
    return read ? Stored<std::vector<TaskCount>>(std::move(counts))
                : Stored<std::vector<TaskCount>>(read.error());
}

Stored<Swept> sweep_tasks(Store& store, Millis at, Millis stuck_before, bool fail) {
    const std::string over = "status = 'processing' AND (lease < ?1 OR started < ?2)";
    auto transaction = store.database().begin();
    if (!transaction) {
        return transaction.error();
    }
    auto failed = change(store,
                         "UPDATE tasks SET status = 'failed', ended = ?1, error = "
                         "iif(started < ?2, 'stuck', 'not renewed in time') WHERE " +
                             over + " AND (attempts >= max_attempts OR (?3 AND started < ?2))",
                         at, stuck_before, fail);
    auto again =
        change(store, "UPDATE tasks SET status = 'pending' WHERE " + over, at, stuck_before);
    if (!failed || !again) {
        return failed ? again.error() : failed.error();
    }
    if (auto committed = transaction->commit(); !committed) {
        return committed.error();
    }
    auto select =
        store.database().prepare("SELECT count(*) FROM tasks WHERE status = 'processing'");
    auto left = select ? select->first<std::int64_t>()
                       : Stored<std::optional<std::tuple<std::int64_t>>>(select.error());
    if (!left) {
        return left.error();
    }
    return Swept{*again, *failed, std::get<0>(**left)};
}

} // namespace communication
