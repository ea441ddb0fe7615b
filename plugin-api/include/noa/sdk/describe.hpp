// What an agent tells about itself: noa.inspect/1, from what it registered.
#pragma once

#include <string>

#include "noa/sdk/generation.hpp"
#include "noa/sdk/json_text.hpp"

namespace noa::sdk {

inline std::string describe_health(Generation& generation) {
    std::string text;
    generation.checks.write(text);
    return text;
}

// An operation's name as a part of a metric's.
inline std::string metric_token(std::string name) {
    for (char& letter : name) {
        const bool fits = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
        letter = fits ? letter : '_';
    }
    return name;
}

inline void write_task_metrics(JsonObject& out, const Tasks& tasks) {
    const TaskFigures& figures = tasks.figures();
    const std::uint64_t ended = figures.completed + figures.failed;
    const double seconds = std::chrono::duration<double>(figures.busy).count();
    Metrics::write(out, "tasks_completed_total", "counter", figures.completed,
                   "Background tasks that ended with a value");
    Metrics::write(out, "tasks_failed_total", "counter", figures.failed,
                   "Background tasks that ended with an error");
    Metrics::write(out, "tasks_expired_total", "counter", figures.expired,
                   "Background tasks that ran into their deadline");
    Metrics::write(out, "task_seconds_average", "gauge",
                   ended == 0 ? 0.0 : seconds / static_cast<double>(ended),
                   "Time in work of a background task");
    Metrics::write(out, "tasks_waiting", "gauge", tasks.waiting(), "Background tasks in the queue");
    Metrics::write(out, "tasks_running", "gauge", tasks.running(), "Background tasks at work");
}

inline std::string describe_metrics(Generation& generation) {
    std::string text;
    {
        JsonObject out(text);
        generation.metrics.write(out);
        for (const Operation& operation : generation.operations.all()) {
            const std::string name = "operation_" + metric_token(operation.name);
            Metrics::write(out, name + "_total", "counter", operation.calls, "Requests handled");
            Metrics::write(out, name + "_failed_total", "counter", operation.failures,
                           "Requests answered with an error");
        }
        if (generation.tasks.used()) {
            write_task_metrics(out, generation.tasks);
        }
    }
    return text;
}

inline std::string describe_interface(Generation& generation) {
    std::string text;
    {
        JsonObject out(text);
        {
            JsonArray capabilities(out.member("capabilities"));
            for (const std::string& capability : generation.capabilities) {
                append_json(capabilities.item(), std::string_view(capability));
            }
        }
        {
            JsonObject operations(out.member("operations"));
            for (const Operation& operation : generation.operations.all()) {
                JsonObject entry(operations.member(operation.name));
                entry.add("summary", std::string_view(operation.summary));
                if (!operation.request_schema.empty()) {
                    entry.member("request") += operation.request_schema;
                }
                if (!operation.reply_schema.empty()) {
                    entry.member("reply") += operation.reply_schema;
                }
            }
        }
        JsonObject events(out.member("events"));
        for (const PublishedEvent& event : generation.events) {
            JsonObject entry(events.member(event.subject));
            entry.add("summary", std::string_view(event.summary));
            if (!event.body_schema.empty()) {
                entry.member("body") += event.body_schema;
            }
        }
    }
    return text;
}

} // namespace noa::sdk
