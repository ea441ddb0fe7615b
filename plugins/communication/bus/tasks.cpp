// Work that some worker takes, renews and ends.
#include <algorithm>
#include <utility>

#include "agent.hpp"

namespace communication {

namespace {

constexpr std::size_t longest_name = 128;
constexpr std::size_t most_types = 64;
constexpr std::size_t most_takers = 4096;
constexpr double longest_take_s = 600;
constexpr Millis hour_ms = 3'600'000;

Millis in_millis(noa::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

bool is_plain(const std::string& text) {
    return !text.empty() && text.size() <= longest_name &&
           std::ranges::all_of(text, [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' ||
                      letter == '.' || letter == ':';
           });
}

noa::Json told_task(const Task& task) {
    noa::Json out{{"id", task.id},
                  {"type", task.type},
                  {"status", task.status},
                  {"attempt", task.attempts},
                  {"max_attempts", task.max_attempts},
                  {"timeout_s", static_cast<double>(task.timeout_ms) / 1000},
                  {"created_at", date_text(task.created)},
                  {"payload", noa::Json::parse(task.payload, nullptr, false)}};
    const auto add = [&out](const char* key, const std::string& value) {
        if (!value.empty()) {
            out[key] = value;
        }
    };
    add("worker", task.worker);
    add("error", task.error);
    add("started_at", task.started != 0 ? date_text(task.started) : "");
    add("completed_at", task.ended != 0 ? date_text(task.ended) : "");
    if (!task.result.empty()) {
        out["result"] = noa::Json::parse(task.result, nullptr, false);
    }
    return out;
}

} // namespace

void Communication::set_up_tasks(noa::Setup& setup) {
    setup.operation(
        "task.submit", "Takes a task, for any worker of its type",
        [this](const SubmitRequest& request, const noa::Request& message,
               noa::Responder responder) { submit_task(request, message, std::move(responder)); });
    setup.operation(
        "task.take", "The next task; waits for it if told to",
        [this](const TakeRequest& request, const noa::Request& message, noa::Responder responder) {
            take_task(request, std::string(message.from()), std::move(responder));
        });
    const auto end = [&](const char* name, const char* summary, TaskEnd how) {
        setup.operation(name, summary,
                        [this, how](const EndRequest& request, noa::Responder responder) {
                            const bool final = how == TaskEnd::retry && !request.retry;
                            end_task(request, final ? TaskEnd::fail : how, std::move(responder));
                        });
    };
    end("task.renew", "More time for a task that was taken", TaskEnd::renew);
    end("task.complete", "A task is done", TaskEnd::complete);
    end("task.fail", "A task could not be done", TaskEnd::retry);
    setup.operation("task.list", "Tasks, the newest first, and counts of the last hour",
                    [this](const TaskListRequest& request, noa::Responder responder) {
                        list_tasks(request, std::move(responder));
                    });
}

void Communication::submit_task(const SubmitRequest& request, const noa::Request& message,
                                noa::Responder responder) {
    constexpr std::string_view priorities[] = {"low", "normal", "high"};
    const auto* priority = std::ranges::find(priorities, request.priority);
    Task task;
    task.type = request.type;
    task.payload = noa::json_text(request.payload.value_or(noa::Json()));
    task.id = request.id.value_or("");
    if (!request.id) { // the bus's own for this message: delivered again, it is the same
        for (const unsigned byte : message.id().bytes) {
            constexpr const char* digits = "0123456789abcdef";
            task.id += digits[byte >> 4U];
            task.id += digits[byte & 0xFU];
        }
    }
    if (!is_plain(task.type) || !is_plain(task.id) || priority == std::end(priorities) ||
        request.attempts < 0 || request.attempts > 100 ||
        task.payload.size() > settings_.max_message_size.bytes) {
        responder.fail(noa::invalid("/type and /id: [A-Za-z0-9._:-], 128 at most; /priority: high, "
                                    "normal or low; /attempts: 1 to 100; /payload: within "
                                    "max_message_size"));
        return;
    }
    task.priority = priority - std::begin(priorities);
    task.max_attempts = request.attempts > 0 ? request.attempts : settings_.tasks.attempts;
    task.timeout_ms =
        std::max<Millis>(in_millis(request.timeout.value_or(settings_.tasks.timeout)), 1);
    task.created = wall();
    const std::string id = task.id;
    look<bool>(
        *writer_,
        [task = std::move(task), sender = std::string(message.from()),
         backlog = static_cast<std::int64_t>(settings_.tasks.backlog)](Store& store) {
            return put_task(store, task, sender, backlog);
        },
        std::move(responder),
        [this, id](bool put, noa::Responder back) {
            noa::Json told{{"id", id}, {"status", "pending"}};
            if (!put) {
                told = {{"id", id}, {"duplicate", true}};
            }
            back.reply(noa::json_body(told));
            if (put) {
                retake();
            }
        });
}

void Communication::take_task(TakeRequest request, const std::string& worker,
                              noa::Responder responder) {
    if (request.types.size() > most_types || !std::ranges::all_of(request.types, is_plain) ||
        request.wait_s < 0 || request.wait_s > longest_take_s) {
        responder.fail(noa::invalid("/types: 64 at most; /wait_s: 0 to 600"));
        return;
    }
    std::string types = noa::json_text(noa::Json(request.types));
    look<std::optional<Task>>(
        *writer_,
        [types = std::move(types), worker, at = wall()](Store& store) {
            return communication::take_task(store, types, worker, at);
        },
        std::move(responder),
        [this, request = std::move(request), worker](const std::optional<Task>& task,
                                                     noa::Responder back) mutable {
            if (task) {
                processing_ = true;
                back.reply(noa::json_body(told_task(*task)));
            } else if (request.wait_s == 0 || takers_.size() >= most_takers) {
                back.reply(noa::json_body(noa::Json{{"found", false}}));
            } else if (!host().stopping()) {
                const auto patience = std::chrono::duration_cast<noa::Duration>(
                    std::chrono::duration<double>(request.wait_s));
                const auto place = takers_.insert(
                    takers_.end(), Taker{std::move(request), worker, std::move(back), 0});
                const auto timer = after(patience, [this, place] {
                    place->responder.reply(noa::json_body(noa::Json{{"found", false}}));
                    takers_.erase(place);
                });
                place->timer = timer ? *timer : 0;
            }
        });
}

// Those who wait look again, each with the time that it was given at first.
void Communication::retake() {
    if (host().stopping()) {
        return;
    }
    for (Taker& taker : std::exchange(takers_, {})) {
        cancel(taker.timer);
        take_task(std::move(taker.request), taker.worker, std::move(taker.responder));
    }
}

void Communication::end_task(const EndRequest& request, TaskEnd end, noa::Responder responder) {
    std::string text = end == TaskEnd::complete
                           ? noa::json_text(request.result.value_or(noa::Json()))
                           : request.error.substr(0, 4096);
    look<bool>(
        *writer_,
        [id = request.id, attempt = request.attempt, end, text = std::move(text), at = wall()](
            Store& store) { return communication::end_task(store, id, attempt, end, text, at); },
        std::move(responder),
        [this, id = request.id, end](bool mine, noa::Responder back) {
            if (!mine) {
                back.fail({NOA_E_RETIRED, "that attempt of " + id +
                                              " is over: somebody else may "
                                              "have the task"});
                return;
            }
            back.reply(noa::json_body(noa::Json{{"id", id}}));
            if (end == TaskEnd::retry) {
                retake();
            }
        });
}

void Communication::list_tasks(const TaskListRequest& request, noa::Responder responder) {
    using Both = std::pair<std::vector<Task>, std::vector<TaskCount>>;
    if (request.limit < 1 || request.limit > 1000) {
        responder.fail(noa::invalid("/limit: expected 1 to 1000"));
        return;
    }
    const Millis stuck = request.stuck ? wall() - in_millis(settings_.tasks.stuck) : 0;
    look<Both>(
        *writer_,
        [request, stuck, since = wall() - hour_ms](Store& store) -> Stored<Both> {
            auto tasks = communication::list_tasks(store, request.type, request.status, stuck,
                                                   request.limit);
            auto counts = count_tasks(store, since);
            if (!tasks || !counts) {
                return tasks ? counts.error() : tasks.error();
            }
            return Both{*std::move(tasks), *std::move(counts)};
        },
        std::move(responder),
        [](const Both& both, noa::Responder back) {
            noa::Json tasks = noa::Json::array();
            for (const Task& task : both.first) {
                tasks.push_back(told_task(task));
            }
            noa::Json counts = noa::Json::array();
            for (const TaskCount& one : both.second) {
                counts.push_back(
                    {{"type", one.type}, {"status", one.status}, {"count", one.count}});
            }
            back.reply(noa::json_body(
                noa::Json{{"tasks", std::move(tasks)}, {"last_hour", std::move(counts)}}));
        });
}

void Communication::sweep_tasks() {
    if (writer_ == nullptr || sweeping_ || !processing_ || !store_fault_.empty()) {
        return;
    }
    sweeping_ = true;
    processing_ = false; // until somebody takes one, or one is left
    auto swept = std::make_unique<Stored<Swept>>(Swept());
    auto* place = swept.get();
    const bool only_listed = settings_.tasks.stuck_rule == "list";
    const Millis stuck = only_listed ? 0 : wall() - in_millis(settings_.tasks.stuck);
    writer_->run(
        [place, at = wall(), stuck, fail = settings_.tasks.stuck_rule == "fail"](Store& store) {
            *place = communication::sweep_tasks(store, at, stuck, fail);
        },
        [this, swept = std::move(swept)] {
            sweeping_ = false;
            processing_ = processing_ || !*swept || (*swept)->processing > 0;
            if (*swept && (*swept)->again > 0) {
                log(noa::Level::warning, "tasks.again",
                    std::to_string((*swept)->again) + " tasks were stuck or not renewed in time");
                retake();
            }
        });
}

} // namespace communication
